/*
 * cell.h - values as programs read them: in CSV, in JSON, texts between quotes.  Texts are
 * escaped as printable.h does it, so that a row is always one line of UTF-8.
 */
#ifndef ZG_HARNESS_CELL_H
#define ZG_HARNESS_CELL_H

#include <jansson.h>
#include <stdio.h>

#include "harness/rows/schema.h"

/* A text in quotes where a comma, quote or outer space asks for it; a real as %.9g; nothing of an
 * empty cell. */
void zg_cell_put(FILE *out, const struct zg_cell *cell);

/* A new reference, null of an empty cell; NULL: no memory. */
json_t *zg_cell_json(const struct zg_cell *cell);

/* As the value of an attribute, or as text between tags. */
void zg_xml_put(FILE *out, const char *text);

/* As text of a Markdown page: what would be its syntax, or HTML, gets a backslash. */
void zg_markdown_put(FILE *out, const char *text);

/* The text with the character `before` in front of each `special` one; '\0' is none. */
void zg_text_put(FILE *out, const char *text, char special, char before);

/* Between quotes, which double inside. */
void zg_quoted_put(FILE *out, const char *text, char quote);

#endif
