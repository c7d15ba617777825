/*
 * policy.c - the tables of policy options, and the defaults that hang on several of them at once.
 */
#include "harness/request/policy.h"

#include <math.h>
#include <string.h>

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

#define THREADS                                                                                    \
    {                                                                                              \
        .name = "threads", .kind = ZG_FLAG_INT, .value = "N", FIELD(threads), .min = 1,            \
        .max = 65536, .summary = "OpenMP team; default: one thread a core among the allowed cpus"  \
    }
#define CPUS                                                                                       \
    {                                                                                              \
        .name = "cpus", .kind = ZG_FLAG_TEXT, .value = "LIST", FIELD(cpus),                        \
        .summary = "cpus to pin to, in order: 0,2,4-7; default: all that the process may use"      \
    }
#define QUIET                                                                                      \
    {                                                                                              \
        .name = "quiet", .kind = ZG_FLAG_SWITCH, FIELD(quiet),                                     \
        .summary = "no progress on a terminal"                                                     \
    }

#define STRICT                                                                                     \
    {                                                                                              \
        .name = "strict", .kind = ZG_FLAG_SWITCH, FIELD(strict),                                   \
        .summary = "fail with exit code 4 where anything warns of the machine, before measuring "  \
                   "if it is known then"                                                           \
    }

#define BASELINE                                                                                   \
    {                                                                                              \
        .name = "baseline", .kind = ZG_FLAG_TEXT, .value = "ENGINE", FIELD(baseline),              \
        .summary =                                                                                 \
            "engine that the others are held against; default: naive if listed, else the first"    \
    }

const struct zg_flag zg_baseline_flags[] = {BASELINE, {.name = NULL}};
const struct zg_flag zg_strict_flags[] = {STRICT, {.name = NULL}};
const struct zg_flag zg_thread_flags[] = {THREADS, CPUS, QUIET, {.name = NULL}};

const struct zg_flag zg_policy_flags[] = {
    THREADS,
    CPUS,
    {.name = "steps",
     .kind = ZG_FLAG_INT,
     .value = "N",
     FIELD(steps),
     .min = 1,
     .max = 1e9,
     .summary =
         "steps in a sample, the same batches in every block; default: as many as leave time "
         "for the blocks, at most 64"},
    {.name = "blocks",
     .kind = ZG_FLAG_INT,
     .value = "N",
     FIELD(blocks),
     .min = 1,
     .max = 1e6,
     .summary = "blocks, each with one sample of every engine; default: planned from a pilot to "
                "reach --width"},
    {.name = "min-time",
     .kind = ZG_FLAG_REAL,
     .value = "S",
     FIELD(min_time_s),
     .min = 0,
     .min_allowed = true,
     .max = 1e9,
     .summary = "sample for at least S seconds a case"},
    {.name = "max-time",
     .kind = ZG_FLAG_REAL,
     .value = "S",
     FIELD(max_time_s),
     .min = 0,
     .min_allowed = true,
     .max = 1e9,
     .summary =
         "warm up and sample for at most S seconds a case, after checks and --fidelity; 0: no "
         "limit; default: 90, more if six blocks need it, none with --blocks"},
    {.name = "width",
     .kind = ZG_FLAG_REAL,
     .value = "PCT",
     FIELD(width_percent),
     .min = 0,
     .max = 100,
     .summary = "wished half-width of the speed-up's 95 % interval, in percent; default: 1"},
    {.name = "brief",
     .kind = ZG_FLAG_SWITCH,
     FIELD(brief),
     .summary = "for steps of minutes: the check takes three steps, there are six blocks where no "
                "number, time or width is given, and with --blocks a block of warm-up follows the "
                "check, no more; `ladder` always does so"},
    {.name = "fidelity",
     .kind = ZG_FLAG_INT,
     .value = "N",
     .fallback = "200",
     FIELD(fidelity),
     .min = 0,
     .max = 1e6,
     .summary = "hold L+ - L- of engines below fp32 against fp32 on N probes before timing; 0: do "
                "not"},
    {.name = "fidelity-batch",
     .kind = ZG_FLAG_INT,
     .value = "N",
     .fallback = "4",
     FIELD(fidelity_batch),
     .min = 1,
     .max = 1e6,
     .summary = "examples of such a probe, at most those of --batch"},
    {.name = "events",
     .kind = ZG_FLAG_TEXT,
     .value = "LIST",
     .fallback = "default",
     FIELD(events),
     .summary = "events to count: PAPI presets and native events, software events, groups: none, "
                "default, software, hardware, flops, cache, tlb, stalls"},
    {.name = "multiplex",
     .kind = ZG_FLAG_SWITCH,
     FIELD(multiplex),
     .summary = "let more --events than there are counter registers take turns: estimates, and "
                "marked so"},
    BASELINE,
    {.name = "second-baseline",
     .kind = ZG_FLAG_TEXT,
     .value = "ENGINE",
     FIELD(second_baseline),
     .summary = "one more that speed-ups are told against; default: the baseline's engine where it "
                "is listed again with another dtype=, like naive:dtype=bf16"},
    {.name = "tag",
     .kind = ZG_FLAG_CUSTOM,
     .value = "K=V",
     .offset = 0,
     .set = add_tag,
     .summary = "note kept in meta.json; may be repeated"},
    {.name = "resume",
     .kind = ZG_FLAG_SWITCH,
     FIELD(resume),
     .summary = "go on in the --out directory of the same command with what is missing"},
    {.name = "list",
     .kind = ZG_FLAG_SWITCH,
     FIELD(list),
     .summary = "list the cases with an estimate of the time, and measure nothing"},
    STRICT,
    QUIET,
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
