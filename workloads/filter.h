/*
 * filter.h - what the official templates do to a column's text before it stands in a prompt: a
 * closed set of named filters, `{question|ask|capital}`.
 *
 *     strip         white space at both ends is dropped
 *     strip_end     white space at the end is dropped
 *     drop_dot      one '.' at the end is dropped
 *     ask           a '?' is added where the text does not end in one
 *     capital       the first letter is upper case
 *     lower         every letter is lower case
 *     lower_first   the first word, up to a blank, is lower case unless it is `I`
 *     bullets       every "@highlight" and its line end become "- "
 *     fill:COLUMN   every "@placeholder" becomes the column's text
 *     as_in:COLUMN  a span that the column's text does not contain is written as it stands there:
 *                   its first letter in the other case, dots at its end dropped, line ends blanks;
 *                   unchanged where that does not help
 *     word          the word that the task's "words" give for it; another text is refused
 *
 * Case is Unicode's, one letter to one letter (PCRE2's tables).
 */
#ifndef ZG_WORKLOADS_FILTER_H
#define ZG_WORKLOADS_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "workloads/text.h"

enum zg_filter {
    ZG_FILTER_STRIP,
    ZG_FILTER_STRIP_END,
    ZG_FILTER_DROP_DOT,
    ZG_FILTER_ASK,
    ZG_FILTER_CAPITAL,
    ZG_FILTER_LOWER,
    ZG_FILTER_LOWER_FIRST,
    ZG_FILTER_BULLETS,
    ZG_FILTER_FILL,
    ZG_FILTER_AS_IN,
    ZG_FILTER_WORD,
    ZG_N_FILTERS
};

const char *zg_filter_name(enum zg_filter filter);
/* Does it take a column as its argument? */
bool zg_filter_takes_column(enum zg_filter filter);

/* *filter, of that name.  False: there is none. */
bool zg_filter_find(enum zg_filter *filter, struct zg_slice name);
/* "strip, strip_end, ...", for messages. */
const char *zg_filter_names(void);

struct zg_task_word { /* one entry of a task's "words" */
    char *text, *word;
};

/* Filters *text in place.  `argument` is the text of the filter's column, words [n_words] are the
 * task's.  ZG_INPUT: a text that is none of "words"; no UTF-8 where case matters.  ZG_ENV: no
 * memory. */
enum zg_status zg_filter_apply(enum zg_filter filter, struct zg_text *text,
                               struct zg_slice argument, const struct zg_task_word *words,
                               int64_t n_words, struct zg_error *err);

#endif
