/*
 * csv_source.h - delimited text, read strictly, row by row, through libcsv.
 *
 *     struct zg_csv_source *source = NULL;
 *     struct zg_csv_row row;
 *     const struct zg_csv_format format = {.delimiter = '\t'};                  // no quoting
 *     enum zg_status status = zg_csv_source_open(&source, "train.tsv", &format, &err);
 *     const int64_t sentence = status ? -1 : zg_csv_source_find(source, "sentence");
 *     while (!status && !(status = zg_csv_source_next(source, &row, &err)) && row.n_fields > 0)
 *         use(row.fields[sentence].text, row.fields[sentence].n_bytes, row.line);
 *     zg_csv_source_close(&source);
 *
 * The first row is the header.  Lines end in LF, CRLF or CR; wholly empty lines are skipped, and so
 * is a UTF-8 byte-order mark.  Blanks are kept as they are.  Everything doubtful is refused, with
 * file and line number, as ZG_INPUT: a quote inside an unquoted field, text after a closing quote,
 * an unterminated quote, a NUL byte, a row with more or fewer fields than the header, an empty or
 * repeated column name, no header, no row at all, an oversized row; a file of another kind (JSON
 * lines, gzip, UTF-16: file_kind.h) is named.
 */
#ifndef ZG_WORKLOADS_CSV_SOURCE_H
#define ZG_WORKLOADS_CSV_SOURCE_H

#include <stdint.h>

#include "engines/error.h"

/* The first also bounds what an unterminated quote can swallow. */
#define ZG_CSV_MAX_ROW_BYTES (INT64_C(4) << 20)
#define ZG_CSV_MAX_COLUMNS   INT64_C(1024)

struct zg_csv_format {
    char delimiter; /* any byte but NUL, CR, LF */
    char quote;     /* NUL: quoting off, all bytes are plain text; else not the delimiter, CR, LF */
};

struct zg_csv_field {
    const char *text; /* [n_bytes], then a NUL that does not count; no NUL inside */
    int64_t n_bytes;
};

struct zg_csv_row {
    const struct zg_csv_field *fields; /* [n_fields]; valid until the next call on the source */
    int64_t n_fields;                  /* the header's number of columns; 0 after the last row */
    int64_t line;                      /* of the row's first byte, from 1 */
};

struct zg_csv_source;

/* Opens a file and reads its header.  ZG_USAGE: a format that cannot be.  ZG_INPUT: no such file,
 * bad header. On failure *out is NULL. */
enum zg_status zg_csv_source_open(struct zg_csv_source **out, const char *path,
                                  const struct zg_csv_format *format, struct zg_error *err);
/* The same from bytes[n_bytes], borrowed until close; `name` stands for the file in messages. */
enum zg_status zg_csv_source_open_memory(struct zg_csv_source **out, const char *name,
                                         const char *bytes, int64_t n_bytes,
                                         const struct zg_csv_format *format, struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_csv_source_close(struct zg_csv_source **source);

int64_t zg_csv_source_n_columns(const struct zg_csv_source *source);
const char *zg_csv_source_column(const struct zg_csv_source *source, int64_t column);
const char *zg_csv_source_name(const struct zg_csv_source *source); /* path or name, for messages */
/* The column of that name, -1 if there is none. */
int64_t zg_csv_source_find(const struct zg_csv_source *source, const char *name);

/* The next row; row->n_fields is 0 after the last.  After a failure every further call fails. */
enum zg_status zg_csv_source_next(struct zg_csv_source *source, struct zg_csv_row *row,
                                  struct zg_error *err);

#endif
