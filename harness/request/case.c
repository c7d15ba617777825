/*
 * case.c - the table of case options, and the cases of a sweep: the index of a case, taken apart
 * digit by digit, says which value of each list it has, the last option fastest.
 */
#include "harness/request/case.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/base/nearest.h"
#include "harness/request/choices.h"
#include "harness/request/offered.h"
#include "harness/request/range.h"
#include "harness/rows/precision.h"

/* Bounds that keep every product of an honest case inside int64_t and below any machine's memory;
 * what a model or a data set really allows is checked where it is known. */
enum { MAX_BATCH = 1 << 20 };

static enum zg_status set_bos(void *target, const struct zg_flag *flag, const char *value,
                              struct zg_error *err)
{
    if (zg_bos_parse(&((struct zg_case *)target)->bos, value, NULL) == ZG_OK)
        return ZG_OK;
    return zg_fail(err, ZG_USAGE, "--%s %s: must be official, stock, none or a token id%s",
                   flag->name, *value ? value : "\"\"",
                   zg_nearest_word(value, "official stock none").hint);
}

static enum zg_status set_dtypes(void *target, const struct zg_flag *flag, const char *value,
                                 struct zg_error *err)
{
    struct zg_case *const c = target;
    char what[64];
    snprintf(what, sizeof what, "--%s", flag->name);
    const enum zg_status status = zg_dtypes_parse(what, value, &c->dtype, &c->dtype_d, err);
    return status ? status : zg_offered_check_dtypes(what, c->dtype, c->dtype_d, err);
}

static enum zg_status set_algorithm(void *target, const struct zg_flag *flag, const char *value,
                                    struct zg_error *err)
{
    const enum zg_status status =
        zg_algorithm_parse(value, &((struct zg_case *)target)->algorithm, err);
    return status ? zg_fail_within(err, status, "--%s %s", flag->name, *value ? value : "\"\"")
                  : ZG_OK;
}

/* The first algorithm that has the option. */
static const struct zg_algorithm *algorithm_with(const char *key)
{
    const struct zg_algorithm *algorithm;
    for (int64_t i = 0; (algorithm = zg_algorithm_at(i)); i++)
        if (zg_algorithm_option(algorithm, key))
            return algorithm;
    return zg_algorithm_at(0);
}

/* A short form: --rank 4 is the option rank=4 of an algorithm that has it. */
static enum zg_status set_option(void *target, const struct zg_flag *flag, const char *value,
                                 struct zg_error *err)
{
    struct zg_algorithm_choice *const choice = &((struct zg_case *)target)->algorithm;
    char what[64];
    snprintf(what, sizeof what, "--%s", flag->name);
    if (!choice->algorithm)
        *choice = zg_algorithm_default(algorithm_with(flag->name));
    return zg_algorithm_set(choice, flag->name, what, value, err);
}

static bool is_short_form(const struct zg_flag *flag)
{
    return flag->set == set_option;
}

_Static_assert(offsetof(struct zg_case, dtype_d) ==
                   offsetof(struct zg_case, dtype) + sizeof(enum zg_dtype),
               "--dtype sets both");

#define OBJECTIVES       "task|lm-prompt"
#define SPLITS           "train|dev"
#define TRUNCATES        "refuse|left"
#define DIRECTIONS       "correct|official"
#define DIRECTION_SCALES "none|rms"
#define FIELD(name)      .offset = offsetof(struct zg_case, name)

const struct zg_flag zg_case_flags[] = {
    {"model", ZG_FLAG_TEXT, "NAME|DIR", "opt-125m",
     "shape name (opt-mini, opt-125m ... opt-30b: synthetic weights), opt-tiny (small and trained, "
     "comes with zogap) or a Hugging Face directory",
     FIELD(model), .is_axis = true, .word_at = zg_choice_model},
    {"tokenizer", ZG_FLAG_TEXT, "DIR", NULL,
     "directory with vocab.json and merges.txt, or tokenizer.json; default: the model's, for "
     "synthetic weights the embedded one",
     FIELD(tokenizer)},
    {"task", ZG_FLAG_TEXT, "NAME|FILE", "embedded",
     "built-in task (see `zogap info`) or a task file FILE.json", FIELD(task), .is_axis = true,
     .word_at = zg_choice_task},
    {"data", ZG_FLAG_TEXT, "DIR", NULL,
     "directory of the task's data files; default: beside the task file", FIELD(data)},
    {"objective", ZG_FLAG_CHOICE, OBJECTIVES, "task",
     "the task's own loss, or the mean token loss over the unlabelled prompt", FIELD(objective),
     .is_axis = true, .choices = OBJECTIVES},
    {"algorithm", ZG_FLAG_CUSTOM, "NAME[:KEY=VALUE+...]", "lozo",
     "zeroth-order algorithm with its options, like lozo:rank=4+nu=10 or mezo (`zogap info` lists "
     "them); --rank, --nu, --eps, --lr, --direction and --direction-scale are short forms of "
     "options",
     FIELD(algorithm), .is_axis = true, .set = set_algorithm,
     .size = sizeof((struct zg_case *)0)->algorithm, .topic = ZG_TOPIC_ALGORITHM,
     .word_at = zg_choice_algorithm},
    {"batch", ZG_FLAG_INT, "N", "16", "examples per step", FIELD(batch), .topic = ZG_TOPIC_MODEL,
     .is_axis = true, .min = 1, .max = MAX_BATCH},
    {"max-rows", ZG_FLAG_INT, "N", NULL,
     "tokens of a pass, no prefix shared: a batch that has more is scored in several, cut between "
     "examples, with the same losses; default: by free memory, at least 4096",
     FIELD(max_rows), .min = 1, .max = 1 << 30},
    {"rank", ZG_FLAG_CUSTOM, "R", "2", "columns of U and V", .topic = ZG_TOPIC_ALGORITHM,
     .is_axis = true, .set = set_option},
    {"nu", ZG_FLAG_CUSTOM, "N", "50", "steps between redraws of V", .is_axis = true,
     .set = set_option},
    {"eps", ZG_FLAG_CUSTOM, "X", "1e-3", "probe size", .is_axis = true, .set = set_option},
    {"lr", ZG_FLAG_CUSTOM, "X", "1e-6", "learning rate", .is_axis = true, .set = set_option},
    {"scope", ZG_FLAG_CHOICE, "linear|full", "linear",
     "weights that are perturbed: the linear layers', or all: embeddings, head, biases and norms "
     "too",
     FIELD(scope), .is_axis = true, .choices = "linear|full"},
    {"direction", ZG_FLAG_CUSTOM, DIRECTIONS, "correct",
     "update along the probed direction, or, as the official code, along another on steps that "
     "redraw V",
     .is_axis = true, .set = set_option, .choices = DIRECTIONS},
    {"direction-scale", ZG_FLAG_CUSTOM, DIRECTION_SCALES, "none",
     "scale of U V^T: 1, or 1/sqrt(rank)", .is_axis = true, .set = set_option,
     .choices = DIRECTION_SCALES},
    {"dtype", ZG_FLAG_CUSTOM, "fp32|bf16|int8|M+D", "fp32",
     "type of linear layers' weights and inputs (bf16: not openblas; int8: fused and onednn); M+D, "
     "like bf16+int8: that of a pair's mean and of "
     "its half difference, where the engine has mechanism centred",
     FIELD(dtype), .topic = ZG_TOPIC_MODEL, .is_axis = true, .set = set_dtypes,
     .size = 2 * sizeof(enum zg_dtype), .choices = "fp32|bf16|int8"},
    {"layers-resident", ZG_FLAG_INT, "K", NULL,
     "keep K distinct layers and repeat them up to the model's depth, for a model that does not "
     "fit into memory; 0: all are distinct",
     FIELD(layers_resident), .is_axis = true},
    {"seed", ZG_FLAG_SEED, "N", "1",
     "of directions, data order, synthetic weights and the order of engines", FIELD(seed),
     .is_axis = true},
    {"bos", ZG_FLAG_CUSTOM, "official|stock|none|ID", "official",
     "beginning of sequence: id 0 as the official code, id 2 as the stock tokenizer, none, or an "
     "id",
     FIELD(bos), .is_axis = true, .set = set_bos, .size = sizeof((struct zg_case *)0)->bos,
     .choices = "official|stock|none"},
    {"split", ZG_FLAG_CHOICE, SPLITS, "train", "which of the task's data files", FIELD(split),
     .is_axis = true, .choices = SPLITS},
    {"limit", ZG_FLAG_INT, "N", NULL, "use the first N rows of the data only", FIELD(limit),
     .is_axis = true, .min = 1},
    {"truncate", ZG_FLAG_CHOICE, TRUNCATES, "refuse",
     "rows longer than the model takes: an error, or, as the official code, cut at their beginning "
     "behind BOS, and counted",
     FIELD(truncate), .choices = TRUNCATES},
    {.name = NULL},
};

struct zg_algorithm_choice zg_case_algorithm(const struct zg_case *c)
{
    struct zg_algorithm_choice choice = c->algorithm;
    choice.scope = (enum zg_scope)c->scope;
    choice.seed = c->seed;
    return choice;
}

void zg_case_question(const struct zg_case *c, struct zg_question *out)
{
    const struct zg_algorithm_choice choice = zg_case_algorithm(c);
    choice.algorithm->announce(&choice, 0, NULL, out);
}

/* ---- sweeps ---------------------------------------------------------------------------------- */

/* Numbers, which a sweep takes ranges of too where they are integers. */
static bool is_integer(const struct zg_flag *flag)
{
    const struct zg_algorithm_option *const option =
        is_short_form(flag) ? zg_algorithm_option(algorithm_with(flag->name), flag->name) : NULL;
    return flag->kind == ZG_FLAG_INT || flag->kind == ZG_FLAG_SEED ||
           (option && option->kind == ZG_ALGORITHM_INTEGER);
}

/* Are these names of one file or directory? */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* As written, or in what they mean: 4 and 04, tiny and ./tiny. */
static bool same_value(const struct zg_axis *axis, int64_t i, int64_t j)
{
    const struct zg_case *const a = &axis->parsed[i], *const b = &axis->parsed[j];
    char x[ZG_ALGORITHM_TEXT], y[ZG_ALGORITHM_TEXT];
    if (strcmp(axis->values.words[i], axis->values.words[j]) == 0)
        return true;
    if (a->algorithm.algorithm)
        return strcmp(zg_algorithm_text(&a->algorithm, x), zg_algorithm_text(&b->algorithm, y)) ==
               0;
    return axis->flag->kind == ZG_FLAG_TEXT
               ? same_file(axis->values.words[i], axis->values.words[j])
               : memcmp(a, b, sizeof *a) == 0;
}

/* What an option takes is one thing, that a sweep takes several of them another. */
static enum zg_status set_value(struct zg_case *out, const struct zg_flag *flag, const char *value,
                                bool one_case, struct zg_error *err)
{
    struct zg_error own = {0};
    const enum zg_status status = zg_flag_set(out, flag, value, &own);
    if (!status)
        return ZG_OK;
    return zg_fail(err, status, "%s%s", own.text,
                   is_integer(flag) && !one_case
                       ? "; a list (4,16) or a range (4-16+4, 1-64*2) is a sweep"
                       : "");
}

static enum zg_status parse_values(struct zg_axis *axis, bool one_case, struct zg_error *err)
{
    const struct zg_words *const values = &axis->values;
    axis->parsed = calloc((size_t)values->n_words, sizeof *axis->parsed);
    if (!axis->parsed)
        return zg_fail(err, ZG_ENV, "--%s: no memory for the values", axis->flag->name);
    for (int64_t i = 0; i < values->n_words; i++) {
        const enum zg_status status =
            set_value(&axis->parsed[i], axis->flag, values->words[i], one_case, err);
        if (status)
            return status;
        for (int64_t j = 0; j < i; j++)
            if (same_value(axis, i, j))
                return zg_fail(err, ZG_USAGE, "--%s: %s is listed twice, as %s", axis->flag->name,
                               values->words[i], values->words[j]);
    }
    return ZG_OK;
}

/* Cuts a list, its ranges written out. */
static enum zg_status split_values(struct zg_axis *axis, const char *value, bool one_case,
                                   struct zg_error *err)
{
    const struct zg_flag *const flag = axis->flag;
    /* a path that holds a comma is a path if it exists */
    const bool is_one = !flag->is_axis || (flag->kind == ZG_FLAG_TEXT && access(value, F_OK) == 0);
    char what[64], *expanded = NULL;
    snprintf(what, sizeof what, "--%s", flag->name);
    enum zg_status status =
        is_integer(flag) ? zg_ranges_expand(&expanded, what, value, err) : ZG_OK;
    if (!status)
        status = zg_words_split(&axis->values, what, expanded ? expanded : value,
                                is_one ? '\0' : ',', err);
    free(expanded);
    if (!status && one_case && axis->values.n_words > 1)
        return zg_fail(err, ZG_USAGE, "%s %s: a list is a sweep, and this command takes one case",
                       what, value);
    return status;
}

static void axis_close(struct zg_axis *axis)
{
    zg_words_close(&axis->values);
    free(axis->parsed);
    axis->parsed = NULL;
}

enum zg_status zg_sweep_add(struct zg_sweep *sweep, const struct zg_flag *flag, const char *value,
                            struct zg_error *err)
{
    struct zg_axis axis = {.flag = flag};
    enum zg_status status = split_values(&axis, value, sweep->one_case, err);
    if (!status)
        status = parse_values(&axis, sweep->one_case, err);
    int64_t at = 0;
    while (at < sweep->n_axes && sweep->axes[at].flag != flag)
        at++;
    if (!status && at == ZG_MAX_AXES)
        status = zg_fail(err, ZG_USAGE, "--%s: more than %d case options", flag->name, ZG_MAX_AXES);
    if (status) {
        axis_close(&axis);
        return status;
    }
    if (at == sweep->n_axes)
        sweep->n_axes++;
    else
        axis_close(&sweep->axes[at]);
    sweep->axes[at] = axis;
    if (zg_sweep_n_cases(sweep) > ZG_MAX_CASES)
        return zg_fail(err, ZG_USAGE, "--%s %s: the sweep has more than %d cases", flag->name,
                       value, ZG_MAX_CASES);
    return ZG_OK;
}

void zg_sweep_close(struct zg_sweep *sweep)
{
    for (int64_t i = 0; i < sweep->n_axes; i++)
        axis_close(&sweep->axes[i]);
    sweep->n_axes = 0;
}

int64_t zg_sweep_n_cases(const struct zg_sweep *sweep)
{
    int64_t n = 1;
    for (int64_t i = 0; i < sweep->n_axes && n <= ZG_MAX_CASES; i++)
        n *= sweep->axes[i].values.n_words; /* a list is shorter than a command line: no overflow */
    return n;
}

/* Takes the options of a case that are, or that are not, short forms of the algorithm's. */
static enum zg_status take_axes(const struct zg_sweep *sweep, int64_t index, bool short_forms,
                                struct zg_case *out, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    char what[64];
    for (int64_t i = sweep->n_axes - 1; i >= 0 && !status; i--) {
        const struct zg_axis *const axis = &sweep->axes[i];
        const struct zg_case *const parsed = &axis->parsed[index % axis->values.n_words];
        index /= axis->values.n_words;
        if (is_short_form(axis->flag) != short_forms)
            continue;
        if (!short_forms) {
            zg_flag_copy(out, axis->flag, parsed);
            continue;
        }
        snprintf(what, sizeof what, "--%s", axis->flag->name);
        status =
            zg_algorithm_take(&out->algorithm, axis->flag->name, what, &parsed->algorithm, err);
    }
    return status;
}

enum zg_status zg_sweep_case(const struct zg_sweep *sweep, int64_t index, struct zg_case *out,
                             struct zg_error *err)
{
    *out = (struct zg_case){0};
    const struct zg_flag_group defaults[] = {{"case", zg_case_flags, 0}, {0}};
    enum zg_status status = zg_flags_default(defaults, out, err);
    if (!status)
        status = take_axes(sweep, index, false, out, err); /* the algorithm first */
    if (!status)
        status = take_axes(sweep, index, true, out, err);
    if (!status)
        zg_algorithm_text(&out->algorithm, out->algorithm_text);
    return status;
}
