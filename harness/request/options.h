/*
 * options.h - options as tables: one table gives parsing, checking, defaults, --help, the man pages
 * and what a shell completes.
 *
 * An option is a row: its long name, what kind of value it takes, the value and default that help
 * shows, its summary; then, by name, the field that it sets and the bounds:
 *
 *     {"batch", ZG_FLAG_INT, "N", "16", "examples per step", FIELD(batch), .min = 1},
 *
 * A table ends with a row without a name.  What help names the value says what it is: DIR, FILE and
 * ZOGAP (a program) are paths, NAME|FILE may be one, LIST and X,... are lists.
 *
 * getopt_long does the GNU part (--opt=value, --opt value, unambiguous abbreviations); this file
 * does the strict part: a number is a number to its last character and lies in its range, a choice
 * is one of the choices (help may name fewer, where a command takes no more), and nothing is
 * silently defaulted.
 *
 * What the options mean is the business of case.c, policy.c and the commands.
 */
#ifndef ZG_HARNESS_OPTIONS_H
#define ZG_HARNESS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engines/base/parse.h"
#include "engines/error.h"

enum zg_flag_kind {
    ZG_FLAG_SWITCH, /* bool field, no argument */
    ZG_FLAG_TEXT,   /* const char * field, borrowed from the command line */
    ZG_FLAG_INT,    /* int64_t field, min <= value <= max */
    ZG_FLAG_SEED,   /* uint64_t field */
    ZG_FLAG_REAL,   /* double field, min < value (or <= where min_allowed) <= max */
    ZG_FLAG_CHOICE, /* int field: index into `choices` */
    ZG_FLAG_CUSTOM, /* set() does it */
};

struct zg_flag {
    const char *name; /* without dashes */
    enum zg_flag_kind kind;
    const char *value;    /* as help names it: "N"; NULL for a switch */
    const char *fallback; /* the default, as one would type it; NULL: none, the field stays 0 */
    const char *summary;
    size_t offset;       /* of the field in the target struct */
    double min, max;     /* INT, REAL; max 0: no upper bound */
    bool min_allowed;    /* REAL: min itself is a valid value */
    const char *choices; /* CHOICE: "task|lm-prompt"; of other kinds words that it also takes */
    const char *(*word_at)(int64_t index); /* more such words, NULL past the end (choices.h) */
    const char *topic; /* begins a topic of help in a table; NULL: that of the row before it */
    bool is_axis;      /* a comma-separated list is a sweep (case.h) */
    /* CUSTOM: parses `value` into the target, where the fields take so many bytes. */
    size_t size;
    enum zg_status (*set)(void *target, const struct zg_flag *flag, const char *value,
                          struct zg_error *err);
};

enum { ZG_MAX_FLAGS = 64 }; /* of a command */

/* The topics of help that tables share. */
#define ZG_TOPIC_ENGINES   "Engines"
#define ZG_TOPIC_MODEL     "Model and data"
#define ZG_TOPIC_ALGORITHM "Algorithm"
#define ZG_TOPIC_TIME      "Time"
#define ZG_TOPIC_CHECKS    "Checks"
#define ZG_TOPIC_COUNTERS  "Counters"
#define ZG_TOPIC_MACHINE   "Machine"
#define ZG_TOPIC_OUTPUT    "Output"

/* A table whose topic is the title until a row begins another, and whose fields lie at `offset` in
 * the struct that the parser is given. */
struct zg_flag_group {
    const char *title;
    const struct zg_flag *flags;
    size_t offset;
};

/* Sets one field from text.  ZG_USAGE names the option, the value and what would be right. */
enum zg_status zg_flag_set(void *target, const struct zg_flag *flag, const char *value,
                           struct zg_error *err);

/* Copies the fields from one target to another. */
void zg_flag_copy(void *target, const struct zg_flag *flag, const void *from);

/* Sets every field that has a default.  Groups end with a NULL title. */
enum zg_status zg_flags_default(const struct zg_flag_group *groups, void *request,
                                struct zg_error *err);

/* Parses argv[1..argc-1].  Calls on_flag for each option in order; on_flag gets NULL as the value
 * of a switch.  What is not an option, anywhere or after `--`, is an operand: on_flag gets it with
 * `operand` as its flag and a NULL group; `operand` NULL: there are none.  *help is set, and
 * parsing stops, at --help.  ZG_USAGE: unknown or ambiguous option, missing or superfluous value,
 * an operand where there are none. */
typedef enum zg_status zg_on_flag(void *request, const struct zg_flag_group *group,
                                  const struct zg_flag *flag, const char *value,
                                  struct zg_error *err);
enum zg_status zg_flags_parse(const struct zg_flag_group *groups, const struct zg_flag *operand,
                              int argc, char **argv, zg_on_flag *on_flag, void *request, bool *help,
                              struct zg_error *err);

/* May the value be several, separated by commas? */
bool zg_flag_takes_list(const struct zg_flag *flag);
/* May it be a directory, or a file? */
bool zg_flag_takes_dir(const struct zg_flag *flag);
bool zg_flag_takes_file(const struct zg_flag *flag);
/* The words that it takes, among others perhaps, separated by blanks in text[size]; "": none. */
const char *zg_flag_words(const struct zg_flag *flag, char *text, size_t size);

/* Index of text in "a|b|c", -1 if it is none of them. */
int64_t zg_choice_find(const char *choices, const char *text);

/* A list "a,b,c" cut at the commas: words[n_words] in one allocation.  ZG_USAGE: an empty item. */
struct zg_words {
    char *text;
    char **words;
    int64_t n_words;
};
enum zg_status zg_words_split(struct zg_words *out, const char *what, const char *text,
                              char separator, struct zg_error *err);
void zg_words_close(struct zg_words *words);

/* Replaces every `@FILE` of argv by the words of the file: separated by white space, "..." and
 * '...' and backslash as in a shell, # starts a comment.  The words live until zg_words_close().
 * ZG_INPUT: no such file, an open quote, a NUL byte, a nested @FILE. */
enum zg_status zg_words_expand(struct zg_words *out, int argc, char **argv, struct zg_error *err);

#endif
