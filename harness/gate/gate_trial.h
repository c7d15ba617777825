/*
 * gate_trial.h - two builds while they are run side by side: what gate_builds.c, gate_process.c and
 * gate_plan.c hand to each other.  Private to them.
 */
#ifndef ZG_HARNESS_GATE_TRIAL_H
#define ZG_HARNESS_GATE_TRIAL_H

#include "harness/base/status_line.h"
#include "harness/gate/gate.h"
#include "harness/request/gate_child.h"

extern const char *const zg_gate_side_names[2];

enum { ZG_GATE_PATH_SIZE = 1200, ZG_GATE_WORK_SIZE = 1100 };

enum { ZG_GATE_MOST_SPANS = 5 }; /* samples of an engine in a process */

/* A machine is busy where threads waited for a cpu, or the host took it, for more of the time; or,
 * where that is not told, were preempted so often in a second. */
#define ZG_GATE_BUSY_SHARE       0.05
#define ZG_GATE_BUSY_PREEMPTIONS 50

/* Intervals so many times as wide as the threshold decide nothing that is worth the time. */
#define ZG_GATE_HOPELESS 2.0

enum zg_gate_work { ZG_GATE_VERIFY, ZG_GATE_RUN, ZG_GATE_N_WORKS };

/* How blocks are taken: found from the pilots, before anything is judged. */
struct zg_gate_plan {
    bool by_steps;  /* of each engine: both builds know how; else `n_steps` of all */
    int64_t *steps; /* [n] of a sample, in the order of the rows; owned */
    int64_t n;
    int64_t n_steps;  /* of a sample of every engine */
    int64_t n_spans;  /* samples of an engine in a process */
    double warmup_s;  /* most of a process */
    double samples_s; /* of a process, by the pilot */
    double block_s;   /* likewise of both processes of a block, with all that they do */
    int64_t n_blocks;
};

/* What a build's pilot says. */
struct zg_gate_pilot {
    bool knows;     /* how to be a gate's process: gate_child.h */
    double *step_s; /* [n] of a step of each engine on each case; owned */
    int64_t n;
    double rest_s;    /* of the process, besides its samples */
    int64_t least_nu; /* steps between redraws of V; INT64_MAX: none */
};

struct zg_gate_trial { /* one gate's runs of both builds */
    struct zg_gate *gate;
    const struct zg_gate_builds *builds;
    char work[ZG_GATE_WORK_SIZE]; /* where the runs write */
    struct zg_gate_pilot pilots[2];
    struct zg_gate_plan plan;
    double longest_s[ZG_GATE_N_WORKS]; /* of the processes that have ended */
    int64_t begin_ns;                  /* of the gate */
    struct zg_status_line line;
};

/* Seconds since the gate began. */
double zg_gate_elapsed_s(const struct zg_gate_trial *t);

/* ---- gate_process.c -------------------------------------------------------------------------- */

/* Is it a zogap at all?  ZG_INPUT: no program, or another one. */
enum zg_status zg_gate_check_program(struct zg_gate_trial *t, enum zg_gate_side side,
                                     struct zg_error *err);
/* `zogap verify` of the case; an engine alone is held against the loop.  A failure has the words
 * and, where they mean the same of a gate, the code of the build. */
enum zg_status zg_gate_verify(struct zg_gate_trial *t, enum zg_gate_side side,
                              struct zg_error *err);
/* `zogap run` into work/name, read back; the caller closes the set.  Of a pilot each engine finds
 * its steps; else as the plan says. */
enum zg_status zg_gate_run(struct zg_gate_trial *t, enum zg_gate_side side, const char *name,
                           bool pilot, struct zg_result_reader **set, struct zg_error *err);

/* ---- gate_plan.c ----------------------------------------------------------------------------- */

/* Runs a build once, and takes from it what a plan needs. */
enum zg_status zg_gate_take_pilot(struct zg_gate_trial *t, enum zg_gate_side side,
                                  struct zg_error *err);
/* Steps, spans and about how many blocks, from the baseline's pilot, or both.  ZG_ENV: --max-time
 * has no room for the least number of blocks, not even of the shortest samples.  ZG_USAGE: --blocks
 * are too few. */
enum zg_status zg_gate_make_plan(struct zg_gate_trial *t, struct zg_error *err);
/* The number of blocks that there is time for, once the first took block_s. */
enum zg_status zg_gate_plan_blocks(struct zg_gate_trial *t, double block_s, struct zg_error *err);
/* After n blocks, enough to judge: has the time no room for one more?  Those that came slower than
 * the first make it so; which build is the slower one does not. */
bool zg_gate_is_late(const struct zg_gate_trial *t, int64_t n);
/* After so many blocks the plan is made final, from the spread of what they cost.  0: it is. */
int64_t zg_gate_first_look(const struct zg_gate_trial *t);
/* How many blocks the spread asks for, within those that there is time for; tells a gate whose
 * blocks will not do. */
enum zg_status zg_gate_look(struct zg_gate_trial *t, struct zg_error *err);
/* A directory and all that is in it. */
void zg_gate_remove_tree(const char *path);

void zg_gate_plan_close(struct zg_gate_trial *t);

#endif
