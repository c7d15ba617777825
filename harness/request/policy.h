/*
 * policy.h - how a case is measured: threads, blocks, limits of time, events, tags.
 */
#ifndef ZG_HARNESS_POLICY_H
#define ZG_HARNESS_POLICY_H

#include "harness/request/options.h"

enum { ZG_MAX_TAGS = 32 };

struct zg_policy {
    int64_t threads;        /* 0: one a core among the cpus */
    const char *cpus;       /* "0,2,4-7", NULL: all that the process may use */
    int64_t steps;          /* per sample; 0: what the time allows */
    int64_t blocks;         /* 0: planned from the pilot */
    double min_time_s;      /* 0: none */
    double max_time_s;      /* 0: none; below 0: not given */
    double width_percent;   /* wished half-width of the interval of the speed-up; 0: not given */
    bool brief;             /* no more steps than checks and intervals need */
    int64_t fidelity;       /* probes; 0: none */
    int64_t fidelity_batch; /* examples of a probe */
    const char *events;
    bool multiplex;                /* more events than registers take turns */
    const char *baseline;          /* engine or label, NULL: naive, else the first */
    const char *second_baseline;   /* NULL: the baseline's engine in another dtype, if listed */
    const char *tags[ZG_MAX_TAGS]; /* "KEY=VALUE" */
    int64_t n_tags;
    bool resume;
    bool list;
    bool strict; /* a warning is a failure */
    bool quiet;
};

/* What --max-time means where it is not given: 90 s, or no limit where --blocks says how much is
 * enough. */
double zg_policy_max_time_s(const struct zg_policy *policy);

/* --blocks; where nobody asked for blocks, for time or for a width, a --brief run has as many as an
 * interval needs.  0: from the pilot. */
int64_t zg_policy_blocks(const struct zg_policy *policy);

/* What --width means where it is not given: 1 %. */
double zg_policy_width_percent(const struct zg_policy *policy);

/* "5%" and "5", for 5 per cent: *percent above 0 and at most `most`.  A number without the sign is
 * refused below `least_bare`, where a share may be meant, 0.05 for 5 %; 0: never.  ZG_USAGE. */
enum zg_status zg_percent_parse(const char *what, const char *value, double least_bare, double most,
                                double *percent, struct zg_error *err);

extern const struct zg_flag zg_policy_flags[]; /* fields of struct zg_policy */
extern const struct zg_flag zg_thread_flags[]; /* threads, cpus, quiet alone */
extern const struct zg_flag zg_baseline_flags[];
extern const struct zg_flag zg_strict_flags[];
extern const struct zg_flag zg_tag_flags[];

#endif
