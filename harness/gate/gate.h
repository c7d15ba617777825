/*
 * gate.h - two builds on the same cases: their costs gathered from result directories or from runs
 * of both, judged (judge.h), and told as a table, Markdown, JUnit XML and JSON.
 *
 *     struct zg_gate gate = {0};
 *     status = zg_gate_add_dirs(&gate, &directories, &err);       // or zg_gate_add_builds()
 *     if (!status)
 *         status = zg_gate_judge(&gate, &err);
 *     if (!status)
 *         status = zg_gate_print(&gate, ZG_FORMAT_TABLE, stdout, "standard output", &err);
 *     zg_gate_close(&gate);
 *
 * Nothing that is told of directories depends on when or where the gate ran: the same ones give the
 * same bytes.
 */
#ifndef ZG_HARNESS_GATE_H
#define ZG_HARNESS_GATE_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/request/case.h"
#include "harness/request/policy.h"
#include "harness/rows/table.h"
#include "harness/stats/judge.h"
#include "harness/store/reader.h"

enum zg_gate_side { ZG_GATE_BASELINE, ZG_GATE_CANDIDATE };

/* What a cost is.  The order is that of ZG_GATE_MEASURES. */
enum zg_gate_measure {
    ZG_GATE_AUTO,  /* instructions where both sides have them in every case, else the ratio */
    ZG_GATE_RATIO, /* a block's time over that of the run's own baseline engine */
    ZG_GATE_SECONDS,
    ZG_GATE_INSTRUCTIONS,
};
#define ZG_GATE_MEASURES "auto|ratio|seconds|instructions"

#define ZG_GATE_MAX_REGRESSION   0.05
#define ZG_GATE_MAX_INSTRUCTIONS 0.0025 /* counts have next to no noise: finds 0.5 % more work */
#define ZG_GATE_MAX_TIME_S       180.0

/* An engine on a case. */
struct zg_gate_case {
    char name[256]; /* the engine, and the columns in which the cases differ; cut to fit */
    struct zg_case_row id;
    double *values[2]; /* [n] costs of a side, in judged.baseline and judged.candidate */
    int64_t n[2];
    double samples_s; /* time in samples, of both sides */
    double median[2]; /* of the costs; as `judged`, of zg_gate_judge() */
    struct zg_judged judged;
};

/* A warning of the runs' meta.json: what would explain a difference.  Sentences that differ only in
 * their numbers are one. */
struct zg_gate_cause {
    char *text;   /* the first of them */
    int64_t n[2]; /* runs of a side that have it */
};

struct zg_gate {
    enum zg_gate_measure measure; /* not auto once there are cases */
    double threshold;             /* for every case */
    bool paired;                  /* two builds side by side */
    char measured[256];           /* the same for people: "time over naive's of the same block" */
    struct zg_gate_case *cases;   /* [n_cases], in the baseline's order */
    int64_t n_cases;
    char **warnings; /* [n_warnings] sentences */
    int64_t n_warnings;
    struct zg_gate_cause *causes; /* [n_causes] */
    int64_t n_causes;
    int64_t n_runs[2]; /* of a side */
    /* of two builds; 0 and "" of directories, which were measured another day */
    int64_t n_busy;   /* blocks in which other work took cpus from both processes */
    double wall_s;    /* the whole gate, checks and pilots included */
    double samples_s; /* of it in samples */
    double block_s;   /* of a block, with all that its processes do */
    char host[256];   /* where it ran */
    struct zg_result_reader
        *sets[2]; /* whose meta.json says which build a side is; what the texts of ids point into */
};

void zg_gate_close(struct zg_gate *gate); /* of one that is all 0, too */

/* ---- gathering ------------------------------------------------------------------------------- */

struct zg_gate_dirs {
    const char *dirs[2];          /* by enum zg_gate_side */
    enum zg_gate_measure measure; /* as asked */
    double max_regression;        /* below 0: the measure's own */
};

/* Costs of two result directories.  ZG_INPUT: a directory or file that cannot be trusted, an
 * unfinished run, another machine, baseline engine, threads or steps, a case that the candidate
 * lacks: the message names the differences.  ZG_ENV: an engine failed its check, or nothing was
 * timed. */
enum zg_status zg_gate_add_dirs(struct zg_gate *gate, const struct zg_gate_dirs *dirs,
                                struct zg_error *err);

struct zg_gate_builds {
    const char *binaries[2];        /* by enum zg_gate_side */
    const char *engines;            /* as typed; NULL: each build's default */
    const char *mechanisms;         /* likewise */
    const struct zg_sweep *sweep;   /* the case options */
    const struct zg_policy *policy; /* threads, cpus, steps, blocks, max_time_s, quiet */
    const char *out_dir;            /* keeps the runs' directories; NULL: they are removed */
    double max_regression;          /* below 0: ZG_GATE_MAX_REGRESSION */
    double process_time_s;          /* most of one process; 0: by zg_gate_process_limit_s() */
};

/* Verifies both builds, then runs them in blocks: in each a fresh process of either, in an order
 * drawn from the seed; cost is the seconds of a step, paired by block.  The number of blocks is
 * --blocks; or what the spread of the first ones asks for, within what --max-time has room for.
 * ZG_ENV: a build fails its check, fails or hangs, --max-time is too short, or the gate was
 * interrupted.  ZG_USAGE: --blocks are too few to judge the cases, or a build refuses an option.
 * ZG_INPUT: a program that is no zogap, or input that a build refuses. */
enum zg_status zg_gate_add_builds(struct zg_gate *gate, const struct zg_gate_builds *builds,
                                  struct zg_error *err);

/* How many blocks of block_s fit into time_s, at most 200; 0 where it is not `least`. */
int64_t zg_gate_blocks_in(double time_s, double block_s, int64_t least);

/* When a process that has not ended is taken for one that hangs: twenty times the longest of its
 * kind so far, but a minute at least; longest_s 0, for nothing tells how long the first takes: an
 * hour. */
double zg_gate_process_limit_s(double longest_s);

/* For those who gather: a case with a unique name, or a cost of a case. */
enum zg_status zg_gate_add_case(struct zg_gate *gate, const struct zg_case_row *id,
                                struct zg_error *err);
enum zg_status zg_gate_add_cost(struct zg_gate_case *c, enum zg_gate_side side, double cost,
                                struct zg_error *err);
/* After the last case: names of the cases, by what tells them apart. */
void zg_gate_name_cases(struct zg_gate *gate);
enum zg_status zg_gate_warn(struct zg_gate *gate, struct zg_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Counts a run and its warnings; after the last one, they become warnings of the gate. */
enum zg_status zg_gate_count_run(struct zg_gate *gate, enum zg_gate_side side,
                                 const struct zg_result_meta *meta, struct zg_error *err);
enum zg_status zg_gate_warn_of_runs(struct zg_gate *gate, struct zg_error *err);

/* ---- judging and telling --------------------------------------------------------------------- */

/* As zg_judge(). */
enum zg_status zg_gate_judge(struct zg_gate *gate, struct zg_error *err);

int64_t zg_gate_count(const struct zg_gate *gate, enum zg_judgement judgement);
/* The worst of the cases' verdicts; best where all are better. */
enum zg_judgement zg_gate_verdict(const struct zg_gate *gate);
/* "1 worse, 0 undecided, 2 same, 1 better" into text[size]. */
const char *zg_gate_sentence(const struct zg_gate *gate, char *text, size_t size);

/* Of the gate's time, in samples; NaN of directories. */
double zg_gate_samples_share(const struct zg_gate *gate);

enum zg_status zg_gate_print(const struct zg_gate *gate, enum zg_format format, FILE *file,
                             const char *file_name, struct zg_error *err);

/* Whole files: gate.json, a Markdown page, JUnit XML (worse is a failure, undecided is skipped).
 * ZG_ENV: no memory; whether `out` took all is for the caller to ask. */
enum zg_status zg_gate_json(const struct zg_gate *gate, FILE *out, struct zg_error *err);
enum zg_status zg_gate_markdown(const struct zg_gate *gate, FILE *out, struct zg_error *err);
enum zg_status zg_gate_junit(const struct zg_gate *gate, FILE *out, struct zg_error *err);
/* JUnit XML of a gate that has no verdict: one testcase with an error, whose type is the word of
 * the status. */
void zg_gate_junit_error(FILE *out, enum zg_status status, const char *message);
/* The name of this machine, "localhost" where it has none, into text[size]. */
const char *zg_gate_host(char *text, size_t size);

#endif
