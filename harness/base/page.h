/*
 * page.h - lines for people that fit where they are read: at most 100 columns, fewer on a narrower
 * terminal, any number after --wide.
 *
 *     zg_page_print(stdout, "note: %lld of %lld samples are disturbed: ...", n_disturbed, n);
 *
 * A column is a character: UTF-8 continuation bytes take no place.
 */
#ifndef ZG_HARNESS_PAGE_H
#define ZG_HARNESS_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Columns of a line of the standard output: INT32_MAX after zg_page_set_wide(true). */
int64_t zg_page_width(void);
void zg_page_set_wide(bool wide);

/* Columns that a text takes. */
int64_t zg_page_columns(const char *text);

/* How many bytes of the text the first of its lines holds, of `width` columns at most, at least
 * one character; *next gets where the next line begins.  Breaks at a blank; where there is none,
 * behind the word, or where `cuts` behind one of , ; : / + | = - or anywhere. */
size_t zg_page_break(const char *text, int64_t width, bool cuts, size_t *next);

/* Prints a paragraph and a newline, wrapped at the page's width; a word that is longer, like a
 * path, stays whole.  Lines after the first are indented by two columns. */
void zg_page_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of a text, lines after the first indented by `indent` columns. */
void zg_page_put(FILE *out, int64_t indent, const char *text);

#endif
