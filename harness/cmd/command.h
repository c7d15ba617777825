/*
 * command.h - what a command is: a name, a line of help, tables of options, and a function.
 *
 * cmd/NAME.c ends in `const struct zg_command zg_command_NAME`; cmd/commands.def has one line for
 * it.  Help, man pages, completion, the parser and the defaults come from the tables.  A command
 * prints results on the standard output, progress on the standard error, and returns its failure:
 * only main.c prints errors and exits.
 */
#ifndef ZG_HARNESS_COMMAND_H
#define ZG_HARNESS_COMMAND_H

#include "harness/request/choices.h"
#include "harness/request/request.h"

/* A command line, a file, a variable, and what is to be said of it.  Tables end with a NULL. */
struct zg_term {
    const char *term, *meaning;
};

struct zg_command {
    const char *name;
    const char *summary; /* one line for `zogap --help` */
    const char *details; /* for `zogap NAME --help`, unwrapped; \n begins a paragraph */
    /* The options that most people need, some ten in the order of help, "engines model"; --all has
     * the others.  NULL: there are few. */
    const char *common;
    const char *single; /* case options that take no list here, "dtype"; "all": none does */
    const struct zg_term *defaults; /* case options whose default is another here; NULL: none */
    const char *refused; /* options of shared tables that it refuses, and help does not tell of */
    const struct zg_flag_group *groups; /* offsets in struct zg_request; ends with a NULL title */
    const struct zg_flag *operand;      /* what is not an option: "DIR..."; NULL: there is none */
    const struct zg_term *examples;     /* two at least: "zogap NAME --option value" */
    const struct zg_term *files;        /* that it reads or writes; NULL: none of its own */
    enum zg_status (*run)(struct zg_request *request, struct zg_error *err);
};

/* The option groups that commands share, to be put in braces. */
#define ZG_GROUP_CASE ZG_TOPIC_MODEL, zg_case_flags, offsetof(struct zg_request, sweep)

#define ZG_GROUP_ENGINES  ZG_TOPIC_ENGINES, zg_engine_flags, 0
#define ZG_GROUP_POLICY   ZG_TOPIC_TIME, zg_policy_flags, offsetof(struct zg_request, policy)
#define ZG_GROUP_STRICT   ZG_TOPIC_MACHINE, zg_strict_flags, offsetof(struct zg_request, policy)
#define ZG_GROUP_THREADS  ZG_TOPIC_MACHINE, zg_thread_flags, offsetof(struct zg_request, policy)
#define ZG_GROUP_BASELINE ZG_TOPIC_ENGINES, zg_baseline_flags, offsetof(struct zg_request, policy)
#define ZG_GROUP_OUTPUT   ZG_TOPIC_OUTPUT, zg_output_flags, 0
/* --format, for a command whose output group is its own. */
#define ZG_FLAG_FORMAT                                                                             \
    "format", ZG_FLAG_CHOICE, ZG_FORMATS, "table", "form of what the standard output gets",        \
        .offset = offsetof(struct zg_request, format), .choices = ZG_FORMATS
/* --mechanisms, for one whose engines are. */
#define ZG_FLAG_MECHANISMS                                                                         \
    "mechanisms", ZG_FLAG_TEXT, "LIST", NULL,                                                      \
        "mechanisms of the inference-style engines: names, all, none, or default and what "        \
        "differs "                                                                                 \
        "from it: default,centred,-trie; -trie alone: default,-trie",                              \
        .offset = offsetof(struct zg_request, mechanisms), .word_at = zg_choice_mechanism
/* --wide, of every command that prints tables. */
#define ZG_FLAG_WIDE                                                                               \
    "wide", ZG_FLAG_SWITCH, NULL, NULL,                                                            \
        "tables with all columns, lines of any length; without it they fit 100 columns, or a "     \
        "narrower terminal",                                                                       \
        .offset = offsetof(struct zg_request, wide)
extern const struct zg_flag zg_engine_flags[];
extern const struct zg_flag zg_output_flags[];

/* The index-th command, NULL past the end; that of a name, ZG_USAGE if there is none. */
const struct zg_command *zg_command_at(int64_t index);
enum zg_status zg_command_find(const struct zg_command **out, const char *name,
                               struct zg_error *err);

/* Reads the options of request->words, "NAME --option value ..." behind the program's own name,
 * into a request that is empty but for them.  Stops at --help: *help. */
enum zg_status zg_command_parse(const struct zg_command *command, struct zg_request *request,
                                bool *help, struct zg_error *err);

/* Runs the program on a command line; what main() returns the status of.  Stops, with ZG_OK, after
 * --help. */
enum zg_status zg_command_line(int argc, char **argv, struct zg_error *err);

#endif
