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

#include "harness/request/request.h"

struct zg_command {
    const char *name;
    const char *summary;                /* one line for `zogap --help` */
    const char *details;                /* a paragraph for `zogap NAME --help` */
    const struct zg_flag_group *groups; /* offsets in struct zg_request; ends with a NULL title */
    const struct zg_flag *operand;      /* what is not an option: "DIR..."; NULL: there is none */
    enum zg_status (*run)(struct zg_request *request, struct zg_error *err);
};

/* The option groups that commands share, to be put in braces. */
#define ZG_GROUP_CASE "case (what is computed)", zg_case_flags, offsetof(struct zg_request, sweep)

#define ZG_GROUP_ENGINES "engines", zg_engine_flags, 0
#define ZG_GROUP_POLICY                                                                            \
    "policy (how it is measured)", zg_policy_flags, offsetof(struct zg_request, policy)
#define ZG_GROUP_STRICT                                                                            \
    "policy (how it is measured)", zg_strict_flags, offsetof(struct zg_request, policy)
#define ZG_GROUP_THREADS  "threads", zg_thread_flags, offsetof(struct zg_request, policy)
#define ZG_GROUP_BASELINE "reference", zg_baseline_flags, offsetof(struct zg_request, policy)
#define ZG_GROUP_OUTPUT   "output", zg_output_flags, 0
/* --format, for a command whose output group is its own. */
#define ZG_FLAG_FORMAT                                                                             \
    "format", ZG_FLAG_CHOICE, ZG_FORMATS, "table", "form of what the standard output gets",        \
        .offset = offsetof(struct zg_request, format), .choices = ZG_FORMATS
extern const struct zg_flag zg_engine_flags[];
extern const struct zg_flag zg_output_flags[];

/* Runs the program on a command line; what main() returns the status of.  Stops, with ZG_OK, after
 * --help. */
enum zg_status zg_command_line(int argc, char **argv, struct zg_error *err);

#endif
