/*
 * request.h - what a command line asks for, parsed: cases, engines, policy, and what single
 * commands take besides.
 */
#ifndef ZG_HARNESS_REQUEST_H
#define ZG_HARNESS_REQUEST_H

#include "harness/request/case.h"
#include "harness/request/options.h"
#include "harness/request/policy.h"
#include "harness/rows/case_row.h"

enum { ZG_MOST_DIRS = 26 }; /* tables call them A to Z */

/* What `zogap gate` asks for besides cases, engines and policy; all as typed, NULL: not given. */
struct zg_gate_request {
    const char *baseline, *candidate;         /* result directories */
    const char *baseline_bin, *candidate_bin; /* or programs */
    int measure;                              /* enum zg_gate_measure */
    double max_regression;                    /* 0.05 is 5 %; 0: not given */
    double process_time_s;                    /* most of a process of a build; 0: not given */
    int undecided;                            /* 0: warn, 1: fail */
    const char *junit, *markdown, *json;      /* files to write */
};

/* What `zogap export` asks for; texts as typed, NULL: not given. */
struct zg_export_request {
    const char *dir;    /* of a training */
    const char *engine; /* the first */
    const char *model;  /* as the training names it */
    int dtype;          /* fp32, fp16, bf16 */
    int64_t at_step;    /* 0: the last */
    int64_t file_mib;
};

/* What `zogap train` asks for besides case, engines and policy; 0 and NULL: not given. */
struct zg_train_request {
    int64_t steps, epochs; /* at most one of these two and the next two is given */
    double budget_time_s;  /* of each engine's steps */
    int64_t budget_forwards;
    int64_t eval_every, log_every;           /* steps */
    int64_t train_rows, dev_rows, eval_rows; /* 0: as the task says */
    uint64_t data_seed;                      /* which rows, in which order */
    double target;                           /* of the dev metric */
    const char *dir;                         /* to go on in, as an operand */
};

/* An option and its value, as typed. */
struct zg_given {
    const struct zg_flag *flag;
    const char *value;
};
enum { ZG_MOST_GIVEN = 64 }; /* options that one command has */

/* What the command line asks for; a command reads the parts whose tables it lists. */
struct zg_request {
    struct zg_sweep sweep;  /* case options */
    const char *engines;    /* as typed, NULL: all of the build */
    const char *mechanisms; /* as typed, NULL: all */
    struct zg_policy policy;
    int format;                     /* enum zg_format */
    bool wide;                      /* tables have all columns, whatever fits */
    const char *out_dir;            /* NULL: the command's own default */
    const char *loop;               /* ladder: first rung, as typed */
    const char *runtime;            /* ladder: engine of the others, as typed */
    const char *order;              /* ladder: as typed, NULL: the usual one */
    bool leave_one_out;             /* ladder */
    const char *probes;             /* score: as typed, NULL: 0, +eps, -eps */
    const char *dirs[ZG_MOST_DIRS]; /* compare: result directories, as typed */
    int64_t n_dirs;
    struct zg_case_across across; /* compare: what may differ */
    bool common;                  /* compare */
    bool machines;                /* compare */
    bool phases;                  /* compare */
    const char *results;          /* roofline: a result directory, NULL: measure */
    struct zg_gate_request gate;
    struct zg_export_request exported;
    struct zg_train_request train;
    const char *about;                    /* help: a command, NULL: all of them */
    bool all;                             /* help */
    struct zg_given given[ZG_MOST_GIVEN]; /* [n_given] so far, each option once */
    int64_t n_given;
    struct zg_given overridden; /* the last that came again with another value; flag NULL: none */
    char *const *argv;          /* of the process, for a restart */
    struct zg_words words; /* the command line with option files expanded: what meta.json records */
};

#endif
