/*
 * json_source.h - rows out of JSON, read strictly: JSON Lines, an object a line, or one document.
 *
 *     struct zg_json_source *source = NULL;
 *     struct zg_json_path label, premise;     // zg_json_path_parse()
 *     struct zg_slice text;
 *     bool more = true;
 *     enum zg_status status = zg_json_source_open(&source, "val.jsonl", true, NULL, 0, &err);
 *     while (!status && !(status = zg_json_source_next(source, &more, &err)) && more)
 *         if (!(status = zg_json_source_text(source, &premise, &text, &err)))
 *             use(text, zg_json_source_where(source));
 *     zg_json_source_close(&source);
 *
 * A record is a line's object; of a document its object, or each object of its list.  A record is a
 * row, or holds rows: the path `passage.questions[].answers[]` makes a row of each answer of each
 * question.  What a row is asked for is looked up in the object of its own, then in those around
 * it: in the answer, the question, the record.
 *
 * Refused with file and line (of a document: file and place) as ZG_INPUT: what is no JSON, no UTF-8
 * or no object, a key twice in one object, a NUL, a line over ZG_JSON_MAX_LINE_BYTES, a document
 * over ZG_JSON_MAX_BYTES, a path to nothing, a text that is null, a list or an object; no row at
 * all.  Empty lines are skipped, and a UTF-8 byte-order mark at the start.
 */
#ifndef ZG_WORKLOADS_JSON_SOURCE_H
#define ZG_WORKLOADS_JSON_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "engines/error.h"
#include "workloads/json_path.h"
#include "workloads/text.h"

/* A row's own list of texts, like the entities of a passage. */
#define ZG_JSON_MAX_ITEMS INT64_C(1024)

struct zg_json_source;

struct zg_slices {          /* all zero is empty; reused from row to row */
    struct zg_slice *items; /* [n] */
    int64_t n, capacity;
};
enum zg_status zg_slices_append(struct zg_slices *slices, struct zg_slice item,
                                struct zg_error *err);
void zg_slices_free(struct zg_slices *slices);

/* Opens a file; lines: it is JSON Lines.  rows [n_rows]: paths to a record's rows, of which the
 * first counts whose first key the record has, or that is `.`; none: a record is a row.  Borrowed
 * until close.  ZG_INPUT: no such file; a file of another kind.  On failure *out is NULL. */
enum zg_status zg_json_source_open(struct zg_json_source **out, const char *path, bool lines,
                                   const struct zg_json_path *rows, int64_t n_rows,
                                   struct zg_error *err);
/* The same from bytes[n_bytes], not NULL, borrowed until close; `name` stands for the file in
 * messages. */
enum zg_status zg_json_source_open_memory(struct zg_json_source **out, const char *name,
                                          const char *bytes, int64_t n_bytes, bool lines,
                                          const struct zg_json_path *rows, int64_t n_rows,
                                          struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_json_source_close(struct zg_json_source **source);

/* Goes to the next row; *more is false after the last.  After a failure every further call
 * fails. */
enum zg_status zg_json_source_next(struct zg_json_source *source, bool *more, struct zg_error *err);

/* Of the row that next() went to.  Errors say what is wrong, and leave it to the caller to say
 * where.
 */

/* where it stands, for messages: "val.jsonl:3", "val.jsonl:3: qas[1]", "dev.json: data[0].qas[2]";
 * before the first row the file's name; valid until the next call of next() */
const char *zg_json_source_where(const struct zg_json_source *source);
/* is there something at the path? */
bool zg_json_source_has(const struct zg_json_source *source, const struct zg_json_path *path);
/* the text at a path without []: a string, or a number, true or false as JSON writes it; valid
 * until the next call of next() */
enum zg_status zg_json_source_text(struct zg_json_source *source, const struct zg_json_path *path,
                                   struct zg_slice *out, struct zg_error *err);
/* all texts at a path, in order; one where it has no [] */
enum zg_status zg_json_source_texts(struct zg_json_source *source, const struct zg_json_path *path,
                                    struct zg_slices *out, struct zg_error *err);
/* the parts of `text` that the objects at a path tell: their "start" and "end" are its first and
 * last character, counted from 0, as SuperGLUE's entities are */
enum zg_status zg_json_source_spans(struct zg_json_source *source, const struct zg_json_path *path,
                                    struct zg_slice text, struct zg_slices *out,
                                    struct zg_error *err);

/* XXH3 of the records that were read, whatever ends a line; of a document, of all its bytes. */
uint64_t zg_json_source_print(const struct zg_json_source *source);

#endif
