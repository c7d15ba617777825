/*
 * command.h - what a command is: a name, a line of help, tables of options, and a function.
 *
 * cmd/NAME.c ends in `const struct zg_command zg_command_NAME`; cmd/commands.def has one line for
 * it.  Help, the parser and the defaults come from the tables.  A command prints results on the
 * standard output, progress on the standard error, and returns its failure: only main.c prints
 * errors and exits.
 */
#ifndef ZG_HARNESS_COMMAND_H
#define ZG_HARNESS_COMMAND_H

#include "harness/case.h"
#include "harness/options.h"
#include "harness/policy.h"

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

/* What the command line asks for; a command reads the parts whose tables it lists. */
struct zg_request {
    struct zg_sweep sweep;  /* case options */
    const char *engines;    /* as typed, NULL: all of the build */
    const char *mechanisms; /* as typed, NULL: all */
    struct zg_policy policy;
    int format;                     /* enum zg_format */
    const char *out_dir;            /* NULL: the command's own default */
    const char *loop;               /* ladder: first rung, as typed */
    const char *runtime;            /* ladder: engine of the others, as typed */
    const char *order;              /* ladder: as typed, NULL: the usual one */
    bool leave_one_out;             /* ladder */
    const char *probes;             /* score: as typed, NULL: 0, +eps, -eps */
    const char *dirs[ZG_MOST_DIRS]; /* compare: result directories, as typed */
    int64_t n_dirs;
    uint64_t across; /* compare: bits of case columns that may differ */
    bool common;     /* compare */
    bool machines;   /* compare */
    struct zg_gate_request gate;
    char *const *argv;     /* of the process, for a restart */
    struct zg_words words; /* the command line with option files expanded: what meta.json records */
};

struct zg_command {
    const char *name;
    const char *summary;                /* one line for `zogap --help` */
    const char *details;                /* a paragraph for `zogap NAME --help` */
    const struct zg_flag_group *groups; /* offsets in struct zg_request; ends with a NULL title */
    const struct zg_flag *operand;      /* what is not an option: "DIR..."; NULL: there is none */
    enum zg_status (*run)(struct zg_request *request, struct zg_error *err);
};

/* The option groups that commands share. */
#define ZG_GROUP_CASE                                                                              \
    {                                                                                              \
        "case (what is computed)", zg_case_flags, offsetof(struct zg_request, sweep)               \
    }
#define ZG_GROUP_ENGINES                                                                           \
    {                                                                                              \
        "engines", zg_engine_flags, 0                                                              \
    }
#define ZG_GROUP_POLICY                                                                            \
    {                                                                                              \
        "policy (how it is measured)", zg_policy_flags, offsetof(struct zg_request, policy)        \
    }
#define ZG_GROUP_THREADS                                                                           \
    {                                                                                              \
        "threads", zg_thread_flags, offsetof(struct zg_request, policy)                            \
    }
#define ZG_GROUP_BASELINE                                                                          \
    {                                                                                              \
        "reference", zg_baseline_flags, offsetof(struct zg_request, policy)                        \
    }
#define ZG_GROUP_STRICT                                                                            \
    {                                                                                              \
        "policy (how it is measured)", zg_strict_flags, offsetof(struct zg_request, policy)        \
    }
#define ZG_GROUP_OUTPUT                                                                            \
    {                                                                                              \
        "output", zg_output_flags, 0                                                               \
    }
/* --format, for a command whose output group is its own. */
#define ZG_FLAG_FORMAT                                                                             \
    {                                                                                              \
        .name = "format", .kind = ZG_FLAG_CHOICE, .value = ZG_FORMATS, .fallback = "table",        \
        .offset = offsetof(struct zg_request, format), .choices = ZG_FORMATS,                      \
        .summary = "form of what the standard output gets"                                         \
    }
extern const struct zg_flag zg_engine_flags[];
extern const struct zg_flag zg_output_flags[];

/* Runs the program on a command line; what main() returns the status of.  Stops, with ZG_OK, after
 * --help. */
enum zg_status zg_command_line(int argc, char **argv, struct zg_error *err);

#endif
