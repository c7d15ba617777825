/*
 * printable.h - text from outside (file names, cells, what a library says) as every file, every
 * terminal and every reader of lines takes it: UTF-8 without control characters.
 *
 * What is neither is written as an escape: \n \t \r, else \xff a byte.  So are the line separators
 * of Unicode and what XML forbids.  A backslash stays, so that the same text twice escaped is the
 * text once escaped.
 */
#ifndef ZG_BASE_PRINTABLE_H
#define ZG_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Takes the next piece of the text: a character as it is, or the escape of a byte.  Returns its
 * bytes, 0 at the end. */
enum { ZG_PRINTABLE_PIECE = 5 };
size_t zg_printable_next(const char **text, char piece[ZG_PRINTABLE_PIECE]);

/* The text with its escapes into out[size], cut between characters, ended by a NUL where size is
 * not 0.  Returns the bytes that all of it takes, as snprintf() does. */
size_t zg_printable(char *out, size_t size, const char *text);

/* The same in memory that the caller frees; NULL: no memory, or the text is NULL. */
char *zg_printable_copy(const char *text);

/* Are both written alike?  NULL is "". */
bool zg_printable_same(const char *a, const char *b);

#endif
