/*
 * policy.c - the tables of policy options, and the defaults that hang on several of them at once.
 */
#include "harness/request/policy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/request/choices.h"
#include "harness/stats/stats.h"

#define FIELD(name) .offset = offsetof(struct zg_policy, name)

/* Python's json and most tools print a tag as is, so its key is a plain word. */
static enum zg_status add_tag(void *target, const struct zg_flag *flag, const char *value,
                              struct zg_error *err)
{
    struct zg_policy *const policy = target;
    const char *const equals = strchr(value, '=');
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (!equals || equals == value || value + strspn(value, word) != equals)
        return zg_fail(err, ZG_USAGE, "--%s %s: must be KEY=VALUE, KEY of letters, digits, _ . -",
                       flag->name, *value ? value : "\"\"");
    for (int64_t i = 0; i < policy->n_tags; i++)
        if (strncmp(policy->tags[i], value, (size_t)(equals - value) + 1) == 0)
            return zg_fail(err, ZG_USAGE, "--%s %s: this key is given twice", flag->name, value);
    if (policy->n_tags == ZG_MAX_TAGS)
        return zg_fail(err, ZG_USAGE, "--%s %s: more than %d tags", flag->name, value, ZG_MAX_TAGS);
    policy->tags[policy->n_tags++] = value;
    return ZG_OK;
}

enum zg_status zg_percent_parse(const char *what, const char *value, double least_bare, double most,
                                double *percent, struct zg_error *err)
{
    char number[64] = "";
    double found = 0;
    const size_t n = strlen(value);
    const bool has_sign = n > 1 && value[n - 1] == '%';
    if (n < sizeof number)
        snprintf(number, sizeof number, "%.*s", (int)(n - has_sign), value);
    if (zg_parse_real(what, number, &found, NULL) || !(found > 0) || found > most)
        return zg_fail(err, ZG_USAGE,
                       "%s %s: must be a percentage above 0 and at most %g, like 5%%", what,
                       *value ? value : "\"\"", most);
    if (!has_sign && found < least_bare)
        return zg_fail(err, ZG_USAGE, "%s %s: is that %s%% or %g%%? write the sign", what, value,
                       value, 100 * found);
    *percent = found;
    return ZG_OK;
}

static enum zg_status set_width(void *target, const struct zg_flag *flag, const char *value,
                                struct zg_error *err)
{
    (void)flag;
    struct zg_policy *const policy = target;
    return zg_percent_parse("--width", value, 0, 100, &policy->width_percent, err);
}

#define EVENT_GROUPS "none|default|software|hardware|flops|cache|tlb|stalls"

#define THREADS                                                                                    \
    "threads", ZG_FLAG_INT, "N", NULL,                                                             \
        "OpenMP team; default: one thread a core among the allowed cpus", FIELD(threads),          \
        .topic = ZG_TOPIC_MACHINE, .min = 1, .max = 65536
#define CPUS                                                                                       \
    "cpus", ZG_FLAG_TEXT, "LIST", NULL,                                                            \
        "cpus to pin to, in order: 0,2,4-7; default: all that the process may use", FIELD(cpus)
#define QUIET                                                                                      \
    "quiet", ZG_FLAG_SWITCH, NULL, NULL, "no progress on a terminal", FIELD(quiet),                \
        .topic = ZG_TOPIC_OUTPUT

#define STRICT                                                                                     \
    "strict", ZG_FLAG_SWITCH, NULL, NULL,                                                          \
        "fail with exit code 4 where anything warns of the machine, before measuring if it is "    \
        "known then",                                                                              \
        FIELD(strict), .topic = ZG_TOPIC_MACHINE

#define BASELINE                                                                                   \
    "baseline", ZG_FLAG_TEXT, "ENGINE", NULL,                                                      \
        "engine that the others are held against; default: naive if listed, else the first",       \
        FIELD(baseline), .topic = ZG_TOPIC_ENGINES, .word_at = zg_choice_engine

#define TAG                                                                                        \
    "tag", ZG_FLAG_CUSTOM, "K=V", NULL, "note kept in meta.json; may be repeated",                 \
        .set = add_tag, .topic = ZG_TOPIC_OUTPUT

const struct zg_flag zg_tag_flags[] = {{TAG}, {.name = NULL}};
const struct zg_flag zg_baseline_flags[] = {{BASELINE}, {.name = NULL}};
const struct zg_flag zg_strict_flags[] = {{STRICT}, {.name = NULL}};
const struct zg_flag zg_thread_flags[] = {{THREADS}, {CPUS}, {QUIET}, {.name = NULL}};

const struct zg_flag zg_policy_flags[] = {
    {THREADS},
    {CPUS},
    {"steps", ZG_FLAG_INT, "N", NULL,
     "steps in a sample, the same batches in every block; default: as many as leave time for the "
     "blocks, at most 64, or as many as it takes to time the shortest step",
     FIELD(steps), .topic = ZG_TOPIC_TIME, .min = 1, .max = 1e9},
    {"blocks", ZG_FLAG_INT, "N", NULL,
     "blocks, each with one sample of every engine; default: planned from a pilot to reach --width",
     FIELD(blocks), .min = 1, .max = 1e6},
    {"min-time", ZG_FLAG_REAL, "S", NULL, "sample for at least S seconds a case", FIELD(min_time_s),
     .min_allowed = true, .max = 1e9},
    {"max-time", ZG_FLAG_REAL, "S", NULL,
     "warm up and sample for at most S seconds a case, after checks and --fidelity; 0: no limit; "
     "default: 90, more if six blocks need it, none with --blocks",
     FIELD(max_time_s), .min_allowed = true, .max = 1e9},
    {"width", ZG_FLAG_CUSTOM, "PCT", NULL,
     "wished half-width of the speed-up's 95 % interval, in percent, with or without the sign: 1 "
     "is "
     "1%; default: 1",
     .set = set_width},
    {"brief", ZG_FLAG_SWITCH, NULL, NULL,
     "for steps of minutes: the check takes three steps, there are six blocks where no number, "
     "time or width is given, and with --blocks a block of warm-up follows the check, no more; "
     "`ladder` always does so",
     FIELD(brief)},
    {"fidelity", ZG_FLAG_INT, "N", "200",
     "hold L+ - L- of engines below fp32 against fp32 on N probes before timing; 0: do not",
     FIELD(fidelity), .topic = ZG_TOPIC_CHECKS, .max = 1e6},
    {"fidelity-batch", ZG_FLAG_INT, "N", "4", "examples of such a probe, at most those of --batch",
     FIELD(fidelity_batch), .min = 1, .max = 1e6},
    {"events", ZG_FLAG_TEXT, "LIST", "default",
     "events to count: PAPI presets and native events, software events, groups: none, default, "
     "software, hardware, flops, cache, tlb, stalls",
     FIELD(events), .topic = ZG_TOPIC_COUNTERS, .choices = EVENT_GROUPS},
    {"multiplex", ZG_FLAG_SWITCH, NULL, NULL,
     "let more --events than there are counter registers take turns: estimates, and marked so",
     FIELD(multiplex)},
    {BASELINE},
    {"second-baseline", ZG_FLAG_TEXT, "ENGINE", NULL,
     "one more that speed-ups are told against; default: the baseline's engine where it is listed "
     "again with another dtype=, like naive:dtype=bf16",
     FIELD(second_baseline), .word_at = zg_choice_engine},
    {TAG},
    {"resume", ZG_FLAG_SWITCH, NULL, NULL,
     "go on in the --out directory of the same command with what is missing", FIELD(resume),
     .topic = ZG_TOPIC_OUTPUT},
    {"list", ZG_FLAG_SWITCH, NULL, NULL,
     "list the cases with an estimate of the time, and measure nothing", FIELD(list)},
    {STRICT},
    {QUIET},
    {.name = NULL},
};

double zg_policy_max_time_s(const struct zg_policy *policy)
{
    if (policy->max_time_s >= 0)
        return policy->max_time_s;
    return policy->blocks > 0 ? 0 : fmax(90, 2 * policy->min_time_s);
}

int64_t zg_policy_blocks(const struct zg_policy *policy)
{
    const bool asked =
        policy->max_time_s >= 0 || policy->min_time_s > 0 || policy->width_percent > 0;
    return policy->blocks == 0 && policy->brief && !asked ? ZG_MIN_FOR_INTERVAL : policy->blocks;
}

double zg_policy_width_percent(const struct zg_policy *policy)
{
    return policy->width_percent > 0 ? policy->width_percent : 1;
}
