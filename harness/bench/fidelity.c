/*
 * fidelity.c - chooses each engine's reference, asks both for the same probes, and keeps the
 * differences L+ - L- of both until their rows are written.
 */
#include "harness/bench/fidelity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/algorithm/passes.h"
#include "engines/base/philox.h"
#include "engines/base/plural.h"
#include "engines/base/size.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/signals.h"
#include "harness/bench/fit.h"

enum { PROBES_A_V = 50, MOST_VS = 4 };

/* The probes in which the loop is held against what replaces it as the reference, and by how much
 * the two may differ: verified engines are some 1e-5 apart, and the least bound is 1.5e-2. */
enum { N_CHECKED = 24 };
#define CHECK_RMS 1e-4

/* Keeps the directions of the probes apart from those of the steps: "fidelity". */
static const uint64_t seed_tag = UINT64_C(0x666964656c697479);

struct part { /* of one engine */
    bool wanted;
    struct zg_engine_item reference;
    double *dl, *dl_reference; /* [n_probes]; NULL: not measured */
    bool owns_reference;       /* else it is another part's */
    const char *loop;          /* that the reference replaces; NULL: none */
    double loop_rms;           /* of the difference between the two */
    char missing[400];         /* why there is none; "" */
};

struct zg_fidelity_set {
    struct zg_bench *bench;
    const struct zg_entry *entries; /* [n] */
    int64_t n;
    struct zg_fidelity_options options;
    struct part parts[ZG_MAX_ENGINES];
    double reference_s, engines_s;
};

/* ---- rules ----------------------------------------------------------------------------------- */

static int sign_of(double x)
{
    return (x > 0) - (x < 0);
}

struct zg_fidelity_result zg_fidelity_compare(const double *dl, const double *reference, int64_t n)
{
    struct zg_fidelity_result result = {.n_probes = n};
    double squares = 0, reference_squares = 0;
    int64_t n_same = 0, n_same_large = 0;
    for (int64_t i = 0; i < n; i++) {
        const bool same = !isnan(dl[i]) && sign_of(dl[i]) == sign_of(reference[i]);
        const bool large = fabs(reference[i]) >= ZG_FIDELITY_LARGE;
        squares += (dl[i] - reference[i]) * (dl[i] - reference[i]);
        reference_squares += reference[i] * reference[i];
        n_same += same;
        n_same_large += same && large;
        result.n_large += large;
    }
    result.rms = squares > 0 || isnan(squares) ? sqrt(squares / reference_squares) : 0;
    result.sign = (double)n_same / (double)n;
    result.sign_large = result.n_large > 0 ? (double)n_same_large / (double)result.n_large : NAN;
    return result;
}

/* ---- which reference ------------------------------------------------------------------------- */

static bool has_fp32(const struct zg_engine *engine)
{
    return engine && !engine->missing && engine->dtypes & 1u << ZG_FP32;
}

static struct zg_engine_item in_fp32(const struct zg_engine_item *item)
{
    struct zg_engine_item reference = *item;
    reference.has_dtype = true;
    reference.dtype = reference.dtype_d = ZG_FP32;
    reference.mechanisms = (struct zg_mechanism_choice){.from_default = true};
    snprintf(reference.label, sizeof reference.label, "%.100s in fp32",
             item->engine ? item->engine->name : "");
    return reference;
}

static struct zg_engine_item runtime_in_fp32(void)
{
    const struct zg_engine_item item = {.engine = zg_engine_of_role(ZG_ROLE_RUNTIME)};
    return in_fp32(&item);
}

/* The item in fp32, with its own settings; or the runtime. */
static void choose_reference(struct part *part, const struct zg_engine_item *item)
{
    part->reference = has_fp32(item->engine) ? in_fp32(item) : runtime_in_fp32();
    if (!has_fp32(part->reference.engine))
        snprintf(part->missing, sizeof part->missing, "this build has no engine in fp32 for it");
}

static bool is_loop(const struct zg_engine *engine)
{
    return !(engine->mechanisms & ZG_MECHANISM_BIT(ZG_M_ADAPTER));
}

static bool same_item(const struct zg_engine_item *a, const struct zg_engine_item *b)
{
    if (a->engine != b->engine || a->n_settings != b->n_settings)
        return false;
    for (int64_t i = 0; i < a->n_settings; i++)
        if (strcmp(a->settings[i].key, b->settings[i].key) != 0 ||
            strcmp(a->settings[i].value, b->settings[i].value) != 0)
            return false;
    return true;
}

enum zg_status zg_fidelity_open(struct zg_fidelity_set **out, struct zg_bench *bench,
                                const struct zg_entry *entries, int64_t n,
                                const struct zg_fidelity_options *options, struct zg_error *err)
{
    struct zg_fidelity_set *const set = calloc(1, sizeof *set);
    *out = set;
    if (!set)
        return zg_fail(err, ZG_ENV, "no memory for %lld probes", (long long)options->n_probes);
    set->bench = bench;
    set->options = *options;
    set->options.n_examples = zg_min64(options->n_examples, bench->c.batch);
    set->entries = entries;
    set->n = n;
    for (int64_t i = 0; i < n && options->n_probes > 0; i++) {
        set->parts[i].wanted = zg_entry_is_low(&entries[i]);
        if (set->parts[i].wanted)
            choose_reference(&set->parts[i], entries[i].item);
    }
    return ZG_OK;
}

void zg_fidelity_close(struct zg_fidelity_set **set)
{
    if (!set || !*set)
        return;
    for (int64_t i = 0; i < ZG_MAX_ENGINES; i++) {
        struct part *const part = &(*set)->parts[i];
        free(part->dl);
        if (part->owns_reference)
            free(part->dl_reference);
    }
    free(*set);
    *set = NULL;
}

/* ---- probing --------------------------------------------------------------------------------- */

/* The seed of a probe's U; its V has the seed of the first probe that shares it.  63 bits: the seed
 * is a cell of fidelity.csv, and those are signed. */
static uint64_t probe_seed(const struct zg_fidelity_set *set, int64_t probe)
{
    return zg_seed_derive(set->bench->c.seed ^ seed_tag, (uint64_t)probe) >> 1;
}

static int64_t probes_a_v(const struct zg_fidelity_set *set)
{
    return zg_max64(PROBES_A_V, zg_ceil_div(set->options.n_probes, MOST_VS));
}

static struct zg_batch probe_batch(const struct zg_fidelity_set *set, int64_t probe)
{
    struct zg_batch batch = zg_data_batch(&set->bench->data, (uint64_t)probe);
    batch.n_examples = set->options.n_examples;
    return batch;
}

static enum zg_status probe_once(const struct zg_fidelity_set *set,
                                 const struct zg_contender *contender, int64_t probe, double *dl,
                                 struct zg_error *err)
{
    const struct zg_batch batch = probe_batch(set, probe);
    struct zg_question question;
    double loss[ZG_MAX_PROBES] = {0};
    zg_case_question(&set->bench->c, &question);
    zg_question_redraw(&question, probe_seed(set, probe),
                       probe_seed(set, probe / probes_a_v(set) * probes_a_v(set)));
    const enum zg_status status =
        zg_question_ask(&question, contender->item->engine, contender->state, &batch,
                        set->bench->data.max_rows, loss, err);
    *dl = loss[0] - loss[1];
    return status;
}

/* The i-th of n probes that are spread over all. */
static int64_t spread(const struct zg_fidelity_set *set, int64_t i, int64_t n)
{
    return i * set->options.n_probes / n;
}

/* n probes of one engine; adds its time to *seconds. */
static enum zg_status probe_some(const struct zg_fidelity_set *set,
                                 const struct zg_contender *contender, int64_t n, double **out,
                                 double *seconds, struct zg_error *err)
{
    const int64_t begin_ns = zg_clock_wall_ns();
    double *const dl = calloc((size_t)n, sizeof *dl);
    *out = dl;
    if (!dl)
        return zg_fail(err, ZG_ENV, "no memory for %lld probes", (long long)n);
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < n && !status; i++) {
        if (zg_signals_caught())
            return zg_fail(err, ZG_ENV, "interrupted while the fidelity was measured");
        status = probe_once(set, contender, spread(set, i, n), &dl[i], err);
        char left[32];
        const double took_s = zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
        if (set->options.line)
            zg_status_line_show(set->options.line, false,
                                "fidelity of %.30s: probe %lld of %lld, %s left",
                                contender->item->label, (long long)i + 1, (long long)n,
                                zg_duration_show(took_s / (double)(i + 1) * (double)(n - i - 1),
                                                 left, sizeof left));
    }
    *seconds += zg_ns_to_s(zg_clock_wall_ns() - begin_ns);
    return status ? zg_fail_within(err, status, "engine %s", contender->item->label) : ZG_OK;
}

/* Room for the probes' small batches only. */
static struct zg_engine_limits small_limits(const struct zg_fidelity_set *set)
{
    struct zg_engine_limits limits = {.max_bank = set->bench->data.limits.max_bank};
    const struct zg_algorithm_choice choice = zg_case_algorithm(&set->bench->c);
    zg_algorithm_needs(&choice, &limits);
    for (int64_t i = 0; i < zg_min64(set->options.n_probes, set->bench->data.n_batches); i++) {
        const struct zg_batch batch = probe_batch(set, i);
        zg_passes_include(&limits, &batch, set->bench->data.max_rows);
    }
    return limits;
}

/* n probes of the part's reference, which is open for them alone.  *out is NULL where it cannot be
 * had, and part->missing says why. */
static enum zg_status probe_reference(struct zg_fidelity_set *set, struct part *part, int64_t n,
                                      double **out, struct zg_error *err)
{
    struct zg_bench *const bench = set->bench;
    const double need_mib =
        zg_fit_weight_bytes(bench->data.model, part->reference.engine, ZG_FP32, ZG_FP32) /
        1048576.0;
    if (zg_memory_available_mib() < need_mib) {
        snprintf(part->missing, sizeof part->missing,
                 "the reference in fp32 takes at least %.0f MiB, and %.0f MiB are free", need_mib,
                 zg_memory_available_mib());
        return ZG_OK;
    }
    struct zg_error open_error = {0};
    const struct zg_engine_limits limits = bench->data.limits;
    bench->data.limits = small_limits(set);
    struct zg_entry entry;
    zg_entry_make(&entry, &bench->c, &part->reference, set->entries[0].options.n_threads);
    const bool failed = zg_bench_open_engine(bench, 0, &entry, &open_error) != ZG_OK;
    bench->data.limits = limits;
    if (failed) {
        snprintf(part->missing, sizeof part->missing, "no reference: %.300s", open_error.text);
        return ZG_OK;
    }
    const enum zg_status status =
        probe_some(set, &bench->contenders[0], n, out, &set->reference_s, err);
    zg_bench_close_engine(&bench->contenders[0]);
    return status;
}

/* Another part's probes of the same reference, or its own. */
static enum zg_status measure_reference(struct zg_fidelity_set *set, struct part *part,
                                        struct zg_error *err)
{
    for (int64_t i = 0; i < set->n && !part->dl_reference; i++)
        if (set->parts[i].dl_reference && same_item(&set->parts[i].reference, &part->reference))
            part->dl_reference = set->parts[i].dl_reference;
    if (part->dl_reference)
        return ZG_OK;
    part->owns_reference = true;
    return probe_reference(set, part, set->options.n_probes, &part->dl_reference, err);
}

/* A loop takes ten times as long as the runtime.  The runtime becomes the reference in its place
 * where the loop itself says the same of some of the probes; else there is no dl_reference yet. */
static enum zg_status replace_loop(struct zg_fidelity_set *set, struct part *part,
                                   struct zg_error *err)
{
    struct part fast = {.reference = runtime_in_fp32()};
    if (!has_fp32(fast.reference.engine))
        return ZG_OK;
    double *loop = NULL;
    enum zg_status status = measure_reference(set, &fast, err);
    if (!status && fast.dl_reference)
        status = probe_reference(set, part, N_CHECKED, &loop, err);
    double sample[N_CHECKED] = {0};
    for (int64_t i = 0; i < N_CHECKED && loop; i++)
        sample[i] = fast.dl_reference[spread(set, i, N_CHECKED)];
    if (!status && loop && zg_fidelity_compare(sample, loop, N_CHECKED).rms <= CHECK_RMS) {
        part->loop = part->reference.engine->name;
        part->loop_rms = zg_fidelity_compare(sample, loop, N_CHECKED).rms;
        part->reference = fast.reference;
        part->dl_reference = fast.dl_reference;
        part->owns_reference = fast.owns_reference;
    } else if (fast.owns_reference) {
        free(fast.dl_reference);
    }
    free(loop);
    return status;
}

enum zg_status zg_fidelity_references(struct zg_fidelity_set *set, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < set->n && !status; i++) {
        struct part *const part = &set->parts[i];
        if (!part->wanted || part->missing[0])
            continue;
        if (is_loop(part->reference.engine) && set->options.n_probes > N_CHECKED)
            status = replace_loop(set, part, err);
        if (!status && !part->dl_reference && !part->missing[0])
            status = measure_reference(set, part, err);
    }
    return status;
}

enum zg_status zg_fidelity_measure(struct zg_fidelity_set *set, int64_t index, struct zg_error *err)
{
    struct part *const part = &set->parts[index];
    if (!part->dl_reference)
        return ZG_OK;
    return probe_some(set, &set->bench->contenders[index], set->options.n_probes, &part->dl,
                      &set->engines_s, err);
}

/* ---- results --------------------------------------------------------------------------------- */

struct zg_fidelity_result zg_fidelity_result(const struct zg_fidelity_set *set, int64_t index)
{
    const struct part *const part = &set->parts[index];
    if (!part->dl)
        return (struct zg_fidelity_result){0};
    return zg_fidelity_compare(part->dl, part->dl_reference, set->options.n_probes);
}

enum zg_status zg_fidelity_add_rows(const struct zg_fidelity_set *set, int64_t index,
                                    struct zg_result_writer *results, struct zg_error *err)
{
    const struct part *const part = &set->parts[index];
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; part->dl && i < set->options.n_probes && !status; i++) {
        struct zg_fidelity_row row;
        zg_row_clear(&zg_schema_fidelity, &row);
        row.id = set->bench->contenders[index].id;
        row.probe = i;
        row.seed_u = (int64_t)probe_seed(set, i);
        row.dl = part->dl[i];
        row.dl_reference = part->dl_reference[i];
        status = zg_result_writer_add(results, &zg_schema_fidelity, &row, err);
    }
    return status;
}

void zg_fidelity_tell(const struct zg_fidelity_set *set, FILE *out)
{
    bool any = false;
    for (int64_t i = 0; i < set->n; i++) {
        any |= set->parts[i].wanted;
        if (set->parts[i].missing[0])
            fprintf(out, "fidelity of %s is not measured: %s\n", set->entries[i].item->label,
                    set->parts[i].missing);
    }
    char text[32];
    if (any)
        fprintf(out,
                "fidelity: %lld probe%s of %lld example%s took %s (--fidelity, --fidelity-batch)\n",
                (long long)set->options.n_probes, zg_plural(set->options.n_probes),
                (long long)set->options.n_examples, zg_plural(set->options.n_examples),
                zg_duration_show(set->reference_s + set->engines_s, text, sizeof text));
}

json_t *zg_fidelity_json(const struct zg_fidelity_set *set)
{
    json_t *const engines = json_array();
    for (int64_t i = 0; i < set->n; i++) {
        const struct part *const part = &set->parts[i];
        if (!part->wanted)
            continue;
        json_array_append_new(
            engines,
            json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "engine",
                      zg_json_text(set->entries[i].item->label), "reference",
                      zg_json_text(part->reference.label), "replaces", zg_json_text(part->loop),
                      "replaces_probes", part->loop ? json_integer(N_CHECKED) : json_null(),
                      "replaces_rms", part->loop ? zg_json_real(part->loop_rms) : json_null(),
                      "missing", zg_json_text(part->missing[0] ? part->missing : NULL)));
    }
    if (json_array_size(engines) == 0) {
        json_decref(engines);
        return json_null();
    }
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "probes", (json_int_t)set->options.n_probes,
                     "examples", (json_int_t)set->options.n_examples, "probes_per_v",
                     (json_int_t)probes_a_v(set), "references_s", zg_json_real(set->reference_s),
                     "engines_s", zg_json_real(set->engines_s), "engines", engines);
}
