/*
 * help.h - what help tells of commands and options, for people at a terminal.  The man pages and
 * completions (pages/) tell the same from the same tables.
 */
#ifndef ZG_HARNESS_HELP_H
#define ZG_HARNESS_HELP_H

#include <stdio.h>

#include "harness/cmd/command.h"

/* An option as help tells of it. */
struct zg_help_option {
    const struct zg_flag *flag;
    const char *topic;    /* ZG_TOPIC_COMMON, or that of its table */
    bool is_list;         /* a list of values is a sweep */
    const char *fallback; /* its default in this command; NULL: none */
};

#define ZG_TOPIC_COMMON "Common options"

/* All options of a command into out[ZG_MAX_FLAGS]: the common ones first, then the others, those of
 * a topic side by side.  Returns their number. */
int64_t zg_help_options(const struct zg_command *command, struct zg_help_option *out);

/* What is said of an option: its summary, default and whether it takes lists, in text[size]. */
enum { ZG_HELP_TEXT = 1024 };
const char *zg_help_text(const struct zg_help_option *option, char *text, size_t size);

/* `zogap NAME --help`: the common options, or all. */
void zg_help_command(const struct zg_command *command, bool all, FILE *out);
/* `zogap --help`: the commands, with `all` and every option of each. */
void zg_help_program(bool all, FILE *out);

/* What every command knows, as terms with their meanings; they end with a NULL term. */
extern const struct zg_term zg_help_environment[];
extern const struct zg_term zg_help_exit_codes[];
extern const char zg_help_about[];     /* what zogap is, in a sentence */
extern const char zg_help_list_text[]; /* what [list] says of an option */

#endif
