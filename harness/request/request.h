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
    const char *about;                    /* help: a command, NULL: all of them */
    bool all;                             /* help */
    struct zg_given given[ZG_MOST_GIVEN]; /* [n_given] so far, each option once */
    int64_t n_given;
    struct zg_given overridden; /* the last that came again with another value; flag NULL: none */
    char *const *argv;          /* of the process, for a restart */
    struct zg_words words; /* the command line with option files expanded: what meta.json records */
};

#endif
