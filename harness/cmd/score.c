/*
 * score.c - `zogap score`: option scores and losses of a model on a task, per example and probe, as
 * CSV.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/algorithm/passes.h"
#include "engines/base/size.h"
#include "harness/base/file_out.h"
#include "harness/base/signals.h"
#include "harness/base/standard_output.h"
#include "harness/bench/fit.h"
#include "harness/cmd/command.h"
#include "harness/run/session.h"
#include "harness/store/directory.h"

enum { MAX_PROBES = 256 };

struct scoring {
    struct zg_session session;
    struct zg_bench bench;
    double coefficients[MAX_PROBES]; /* as printed */
    struct zg_probe probes[MAX_PROBES];
    int64_t n_probes;
    FILE *out;
    double *loss, *example_loss, *option_score; /* of a batch */
    struct zg_passes passes;
};

static enum zg_status read_probes(struct scoring *s, struct zg_error *err)
{
    const double eps = zg_algorithm_real(&s->bench.c.algorithm, "eps");
    const char *const text = s->session.request->probes;
    if (!text) {
        s->coefficients[0] = 0;
        s->coefficients[1] = eps;
        s->coefficients[2] = -eps;
        s->n_probes = 3;
    } else {
        struct zg_words words;
        enum zg_status status = zg_words_split(&words, "--probes", text, ',', err);
        if (status)
            return status;
        if (words.n_words > MAX_PROBES)
            status = zg_fail(err, ZG_USAGE, "--probes: %lld numbers; must be at most %d",
                             (long long)words.n_words, MAX_PROBES);
        for (int64_t i = 0; i < words.n_words && !status; i++) {
            status = zg_parse_real("--probes", words.words[i], &s->coefficients[i], err);
            if (!status && !isfinite((float)s->coefficients[i]))
                status = zg_fail(err, ZG_USAGE, "--probes %s: must be a number that fp32 holds",
                                 words.words[i]);
            for (int64_t j = 0; j < i && !status; j++)
                if ((float)s->coefficients[i] == (float)s->coefficients[j])
                    status = zg_fail(err, ZG_USAGE, "--probes: %s is listed twice, as %s",
                                     words.words[i], words.words[j]);
        }
        s->n_probes = words.n_words;
        zg_words_close(&words);
        if (status)
            return status;
    }
    for (int64_t i = 0; i < s->n_probes; i++)
        s->probes[i] = (struct zg_probe){.direction = 0, .coefficient = (float)s->coefficients[i]};
    return ZG_OK;
}

/* Sizes the engine for the slices that will be scored, not for the drawn batches. */
static int64_t size_limits(struct scoring *s)
{
    const int64_t n = zg_dataset_n_examples(s->bench.data.dataset), size = s->bench.c.batch;
    int64_t max_options = 0;
    s->bench.data.limits = (struct zg_engine_limits){.max_bank = 1};
    const struct zg_algorithm_choice choice = zg_case_algorithm(&s->bench.c);
    zg_algorithm_needs(&choice, &s->bench.data.limits);
    s->bench.data.limits.max_probes = s->n_probes;
    s->bench.data.limits.max_directions = 1;
    s->bench.data.limits.features = 0; /* no step, no second direction */
    for (int64_t begin = 0; begin < n; begin += size) {
        const struct zg_batch batch =
            zg_dataset_slice(s->bench.data.dataset, begin, zg_min64(size, n - begin));
        int64_t n_options = 0;
        for (int64_t e = 0; e < batch.n_examples; e++)
            n_options += batch.examples[e].n_options;
        max_options = zg_max64(max_options, n_options);
        zg_passes_include(&s->bench.data.limits, &batch, s->bench.data.max_rows);
    }
    return max_options;
}

static void print_slice(struct scoring *s, const struct zg_batch *batch, int64_t first,
                        int64_t n_options)
{
    int64_t option_of_batch = 0;
    char layers[32] = "";
    const struct zg_model_shape *const shape = zg_model_shape(s->bench.data.model);
    if (zg_shape_n_resident(shape) < shape->n_layers)
        snprintf(layers, sizeof layers, "%lld", (long long)s->bench.c.layers_resident);
    for (int64_t e = 0; e < batch->n_examples; e++) {
        const struct zg_example *const example = &batch->examples[e];
        for (int64_t p = 0; p < s->n_probes; p++)
            for (int64_t o = 0; o < example->n_options; o++)
                fprintf(s->out, "%lld,%.9g,%lld,%lld,%lld,%.9g,%.9g,%s\n", (long long)(first + e),
                        s->coefficients[p], (long long)o, (long long)example->gold,
                        (long long)example->options[o].n_tokens,
                        s->option_score[p * n_options + option_of_batch + o],
                        s->example_loss[p * batch->n_examples + e], layers);
        option_of_batch += example->n_options;
    }
}

static enum zg_status score_slice(struct scoring *s, int64_t first, int64_t n, struct zg_error *err)
{
    const struct zg_contender *const contender = &s->bench.contenders[0];
    const struct zg_batch batch = zg_dataset_slice(s->bench.data.dataset, first, n);
    struct zg_scores scores = {
        .loss = s->loss, .example_loss = s->example_loss, .option_score = s->option_score};
    int64_t n_options = 0;
    for (int64_t e = 0; e < n; e++)
        n_options += batch.examples[e].n_options;
    const enum zg_status status =
        zg_passes_score(&s->passes, contender->item->engine, contender->state, &batch,
                        s->bench.data.max_rows, s->probes, s->n_probes, &scores, err);
    if (status)
        return status;
    for (int64_t p = 0; p < s->n_probes; p++)
        if (!isfinite(s->loss[p]))
            return zg_fail(err, ZG_CHECK,
                           "engine %s: the loss of examples %lld to %lld is not finite",
                           contender->item->label, (long long)first, (long long)(first + n - 1));
    print_slice(s, &batch, first, n_options);
    return ZG_OK;
}

/* A reader who has gone needs no more scores. */
static enum zg_status fail_to_write(const struct scoring *s, struct zg_error *err)
{
    return s->out == stdout ? zg_standard_output_flush(err)
                            : zg_fail(err, ZG_ENV, "no memory for the scores");
}

static enum zg_status score_rows(struct scoring *s, struct zg_error *err)
{
    struct zg_contender *const contender = &s->bench.contenders[0];
    struct zg_question question; /* of which the probes are ours */
    zg_case_question(&s->bench.c, &question);
    const int64_t n = zg_dataset_n_examples(s->bench.data.dataset), size = s->bench.c.batch;
    fputs("example,probe,option,gold,n_option_tokens,logprob_mean,loss,layers_resident\n", s->out);
    enum zg_status status =
        contender->item->engine->begin(contender->state, question.directions, 1, err);
    for (int64_t first = 0; first < n && !status; first += size) {
        zg_status_line_show(&s->session.line, false, "example %lld of %lld", (long long)first,
                            (long long)n);
        if (zg_signals_caught())
            return zg_fail(err, ZG_ENV, "interrupted after %lld of %lld examples", (long long)first,
                           (long long)n);
        status = score_slice(s, first, zg_min64(size, n - first), err);
        if (!status && ferror(s->out))
            return fail_to_write(s, err);
    }
    zg_status_line_clear(&s->session.line);
    return status;
}

static enum zg_status score_into(struct scoring *s, struct zg_error *err)
{
    const int64_t max_options = size_limits(s);
    const size_t n_probes = (size_t)s->n_probes;
    s->loss = calloc(n_probes, sizeof *s->loss);
    s->example_loss = calloc(n_probes * (size_t)s->bench.c.batch, sizeof *s->example_loss);
    s->option_score = calloc(n_probes * (size_t)max_options, sizeof *s->option_score);
    if (!s->loss || !s->example_loss || !s->option_score)
        return zg_fail(err, ZG_ENV, "no memory for the scores of a batch");
    enum zg_status status = zg_passes_open(&s->passes, &s->bench.data.limits, err);
    if (!status)
        status = zg_bench_open_engine(&s->bench, 0, &s->session.cases[0].entries[0], err);
    return status ? status : score_rows(s, err);
}

/* A file appears whole or not at all: the rows are kept in memory until the last one is there. */
static enum zg_status score_to_file(struct scoring *s, struct zg_error *err)
{
    struct zg_result_dir dir;
    char *text = NULL;
    size_t n = 0;
    enum zg_status status = zg_result_dir_open(&dir, s->session.request->out_dir, false, err);
    if (status)
        return status;
    s->out = open_memstream(&text, &n);
    status = s->out ? score_into(s, err) : zg_fail(err, ZG_ENV, "no memory for the scores");
    if (s->out && fclose(s->out) != 0 && !status)
        status = zg_fail(err, ZG_ENV, "no memory for the scores");
    if (!status)
        status = zg_file_replace(dir.path, "score.csv", text, n, err);
    if (status)
        zg_result_dir_discard(&dir);
    free(text);
    return status;
}

static enum zg_status score_all(struct scoring *s, struct zg_error *err)
{
    const struct zg_session *const session = &s->session;
    const struct zg_session_case *const of = &session->cases[0];
    if (session->engines.n_items != 1)
        return zg_fail(err, ZG_USAGE, "--engines %s: score takes one engine",
                       session->request->engines);
    s->bench.c = of->c;
    enum zg_status status = zg_session_begin(&s->session, err);
    if (!status)
        status = zg_data_open(&s->bench.data, &of->c, &s->session.models, err);
    if (!status)
        status = zg_fit_memory(&of->c, s->bench.data.model, of->entries, 1, err);
    if (!status)
        status = read_probes(s, err);
    if (status)
        return status;
    zg_session_tell_models(session, true, stderr);
    s->bench.c.batch = zg_min64(of->c.batch, zg_dataset_n_examples(s->bench.data.dataset));
    zg_tell_truncated(zg_dataset_n_truncated(s->bench.data.dataset),
                      zg_dataset_n_examples(s->bench.data.dataset), stderr);
    if (session->request->out_dir)
        return score_to_file(s, err);
    s->out = stdout;
    return score_into(s, err);
}

static enum zg_status run_score(struct zg_request *request, struct zg_error *err)
{
    struct scoring s = {0};
    if (!request->engines)
        request->engines = zg_engine_usual();
    enum zg_status status = zg_session_open(&s.session, request, err);
    if (!status)
        status = score_all(&s, err);
    zg_bench_close(&s.bench);
    zg_session_close(&s.session);
    free(s.loss);
    free(s.example_loss);
    free(s.option_score);
    zg_passes_close(&s.passes);
    return status;
}

static const struct zg_flag score_flags[] = {
    {"engines", ZG_FLAG_TEXT, "ENGINE", NULL,
     "the engine, like naive:gemm=onednn; default: fused, else the first of this build",
     .offset = offsetof(struct zg_request, engines), .word_at = zg_choice_engine},
    {ZG_FLAG_MECHANISMS},
    {"probes", ZG_FLAG_TEXT, "LIST", NULL,
     "coefficients of the direction of step 0, like 0,0.001,-0.001; default: 0, +eps, -eps",
     .offset = offsetof(struct zg_request, probes), .topic = "Scores"},
    {"out", ZG_FLAG_TEXT, "DIR", NULL, "write DIR/score.csv in place of the standard output",
     .offset = offsetof(struct zg_request, out_dir), .topic = ZG_TOPIC_OUTPUT},
    {.name = NULL},
};
static const struct zg_flag_group groups[] = {
    {ZG_TOPIC_ENGINES, score_flags, 0}, {ZG_GROUP_CASE}, {ZG_GROUP_THREADS}, {0}};

static const struct zg_term examples[] = {
    {"zogap score --model opt-mini --limit 8",
     "eight embedded examples, probes 0, +eps and -eps, to the standard output"},
    {"zogap score --model opt-1.3b/ --task sst2 --data sst2/ --split dev --probes 0 --out scores",
     "weights of your own as they are, without a probe, into scores/score.csv"},
    {NULL, NULL},
};

static const struct zg_term files[] = {
    {"score.csv", "the rows, in the --out directory"},
    {NULL, NULL},
};

const struct zg_command zg_command_score = {
    .name = "score",
    .summary = "option scores and losses of a model on a task, per example and probe, as CSV",
    .details =
        "One row for each example, probe and option, in the data's order. probe: coefficient of "
        "the direction of step 0 of --seed. gold: index of the right option. logprob_mean: mean "
        "log-probability of the option's tokens, normalised over the vocabulary. loss: of the "
        "example. layers_resident: of --layers-resident, else empty. One engine and one case.",
    .common = "engines probes model tokenizer task data split limit dtype threads out",
    .single = "all",
    .groups = groups,
    .examples = examples,
    .files = files,
    .run = run_score,
};
