/*
 * csv_source.c - pulls rows out of libcsv, a line at a time, and refuses what libcsv would let
 * through.
 *
 * libcsv pushes fields through callbacks; a row is pulled out of it by feeding pieces that end at a
 * line end, so a piece completes one row at most.  By default libcsv accepts an unterminated quote,
 * trims blanks and passes NUL bytes: CSV_STRICT_FINI, a space function that knows no space, and a
 * check of every piece see to that.
 */
#include "workloads/csv_source.h"

#include <csv.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/file_kind.h"
#include "engines/base/plural.h"
#include "workloads/text.h"

#define CHUNK_BYTES (INT64_C(64) << 10)

struct zg_csv_source {
    char *name;
    struct csv_parser parser;
    bool parser_open;

    FILE *file;       /* NULL: from memory, all of it in pending */
    char *chunk;      /* [CHUNK_BYTES] */
    const char *next; /* bytes that are not fed yet: [next, end) */
    const char *end;
    bool at_end;

    int64_t line; /* of *next */
    bool after_cr;

    /* the row that is being made */
    struct zg_text text; /* its fields, each followed by a NUL */
    struct zg_csv_field *fields;
    int64_t n_fields, capacity;
    int64_t row_line, row_bytes;
    bool row_begun, row_done;

    char **columns; /* [n_columns] */
    int64_t n_columns;
    int64_t n_rows;
    enum zg_status failed; /* of a former call, or inside a callback */
};

static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

/* libcsv callback: a field is complete.  Offsets stand in for pointers until the row is done. */
static void on_field(void *bytes, size_t n, void *context)
{
    struct zg_csv_source *source = context;
    if (source->n_fields == source->capacity) {
        const int64_t capacity = source->capacity ? 2 * source->capacity : 16;
        struct zg_csv_field *fields = realloc(source->fields, (size_t)capacity * sizeof *fields);
        if (!fields) {
            source->failed = ZG_ENV;
            return;
        }
        source->fields = fields;
        source->capacity = capacity;
    }
    source->fields[source->n_fields++] = (struct zg_csv_field){.n_bytes = (int64_t)n};
    if (zg_text_append(&source->text, bytes, (int64_t)n, NULL) ||
        zg_text_append(&source->text, "", 1, NULL))
        source->failed = ZG_ENV;
}

static void on_row(int terminator, void *context)
{
    (void)terminator;
    struct zg_csv_source *source = context;
    source->row_done = true;
}

/* Makes [next, end) non-empty unless the input is at its end. */
static enum zg_status refill(struct zg_csv_source *source, struct zg_error *err)
{
    if (source->next < source->end || source->at_end)
        return ZG_OK;
    const size_t n = source->file ? fread(source->chunk, 1, CHUNK_BYTES, source->file) : 0;
    if (source->file && ferror(source->file))
        return zg_fail(err, errno == EISDIR ? ZG_INPUT : ZG_ENV, "%s: %s", source->name,
                       strerror(errno));
    source->at_end = n == 0;
    source->next = source->chunk;
    source->end = source->chunk ? source->chunk + n : NULL;
    return ZG_OK;
}

static enum zg_status parse_failure(struct zg_csv_source *source, int64_t line,
                                    struct zg_error *err)
{
    const int code = csv_error(&source->parser);
    if (code != CSV_EPARSE)
        return zg_fail(err, ZG_ENV, "%s:%lld: %s", source->name, (long long)line,
                       csv_strerror(code));
    return zg_fail(
        err, ZG_INPUT,
        "%s:%lld: a stray quote: quotes stand around a whole field, and are doubled inside",
        source->name, (long long)line);
}

/* Feeds the bytes up to the next line end, inclusive. */
static enum zg_status feed_line(struct zg_csv_source *source, struct zg_error *err)
{
    const char *piece = source->next, *stop = piece;
    while (stop < source->end && *stop != '\n' && *stop != '\r')
        stop++;
    const char terminator = stop < source->end ? *stop++ : '\0';
    const size_t n = (size_t)(stop - piece);
    const int64_t line = source->line;

    if (memchr(piece, '\0', n))
        return zg_fail(err, ZG_INPUT, "%s:%lld: a NUL byte: this is no text", source->name,
                       (long long)line);
    const bool blank = n == 1 && terminator;
    if (!source->row_begun && !blank) {
        source->row_begun = true;
        source->row_line = line;
    }
    source->row_bytes += source->row_begun ? (int64_t)n : 0;
    if (source->row_bytes > ZG_CSV_MAX_ROW_BYTES)
        return zg_fail(
            err, ZG_INPUT,
            "%s:%lld: a row of more than %lld bytes begins here; is a quote unterminated?",
            source->name, (long long)source->row_line, (long long)ZG_CSV_MAX_ROW_BYTES);
    source->next = stop;
    if (terminator == '\r' || (terminator == '\n' && !(source->after_cr && blank)))
        source->line++;
    source->after_cr = terminator == '\r';

    if (csv_parse(&source->parser, piece, n, on_field, on_row, source) != n)
        return parse_failure(source, line, err);
    return ZG_OK;
}

/* Reads up to the end of a row; row_done stays false at the end of the input. */
static enum zg_status read_row(struct zg_csv_source *source, struct zg_error *err)
{
    source->text.n = source->n_fields = source->row_bytes = 0;
    source->row_done = source->row_begun = false;
    enum zg_status status = ZG_OK;
    while (!status && !source->row_done) {
        status = refill(source, err);
        if (!status && source->at_end) {
            if (!source->row_begun)
                return ZG_OK;
            if (csv_fini(&source->parser, on_field, on_row, source) != 0)
                return zg_fail(err, ZG_INPUT,
                               "%s:%lld: the file ends inside a quoted field of this row",
                               source->name, (long long)source->row_line);
            break; /* that was its end */
        } else if (!status) {
            status = feed_line(source, err);
        }
    }
    if (!status && source->failed)
        return zg_fail(err, source->failed, "%s:%lld: no memory for the row", source->name,
                       (long long)source->row_line);
    if (!status && source->n_fields > ZG_CSV_MAX_COLUMNS)
        return zg_fail(err, ZG_INPUT, "%s:%lld: %lld columns, at most %lld are read", source->name,
                       (long long)source->row_line, (long long)source->n_fields,
                       (long long)ZG_CSV_MAX_COLUMNS);
    const char *text = source->text.bytes;
    for (int64_t i = 0; i < source->n_fields && !status; i++) {
        source->fields[i].text = text;
        text += source->fields[i].n_bytes + 1;
    }
    return status;
}

static enum zg_status read_header(struct zg_csv_source *source, struct zg_error *err)
{
    enum zg_status status = read_row(source, err);
    if (status)
        return status;
    if (!source->row_done)
        return zg_fail(err, ZG_INPUT, "%s: empty, the first line must name the columns",
                       source->name);
    source->columns = calloc((size_t)source->n_fields, sizeof *source->columns);
    if (!source->columns)
        return zg_fail(err, ZG_ENV, "%s: no memory for the header", source->name);
    for (int64_t i = 0; i < source->n_fields; i++) {
        const char *name = source->fields[i].text;
        if (source->fields[i].n_bytes == 0)
            return zg_fail(err, ZG_INPUT, "%s:%lld: column %lld has no name", source->name,
                           (long long)source->row_line, (long long)i + 1);
        if (zg_csv_source_find(source, name) >= 0)
            return zg_fail(err, ZG_INPUT, "%s:%lld: two columns are named '%.80s'", source->name,
                           (long long)source->row_line, name);
        source->columns[i] = strdup(name);
        if (!source->columns[i])
            return zg_fail(err, ZG_ENV, "%s: no memory for the header", source->name);
        source->n_columns++;
    }
    return ZG_OK;
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

/* A line that is a JSON object is of JSON lines, or of a JSON file: no header begins with a brace
 * and ends with one. */
static bool is_json(const char *text, size_t n)
{
    const char *const stop = memchr(text, '\n', n);
    size_t length = stop ? (size_t)(stop - text) : n;
    while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == ' '))
        length--;
    if (length == 0)
        return false;
    return (text[0] == '{' && (text[length - 1] == '}' || length == 1)) ||
           (text[0] == '[' && (length == 1 || text[1] == '{'));
}

/* Names what is no delimited text, and skips a byte-order mark. */
static enum zg_status check_kind(struct zg_csv_source *source, struct zg_error *err)
{
    if (source->at_end)
        return ZG_OK;
    const size_t n = (size_t)(source->end - source->next);
    if (zg_file_expect_text(source->next, n, source->name, err))
        return ZG_INPUT;
    const size_t mark = zg_utf8_mark(source->next, n);
    source->next += mark;
    if (is_json(source->next, n - mark))
        return zg_fail(
            err, ZG_INPUT,
            "%s: this is JSON or JSON lines; a table of delimited text is read, whose "
            "first line names the columns; \"format\": \"jsonl\" or \"json\" reads these",
            source->name);
    return ZG_OK;
}

/* Common to both ways of opening: `source` has its input. */
static enum zg_status start(struct zg_csv_source *source, const struct zg_csv_format *format,
                            struct zg_error *err)
{
    if (!format->delimiter || is_line_end(format->delimiter) || is_line_end(format->quote) ||
        format->quote == format->delimiter)
        return zg_fail(err, ZG_USAGE,
                       "%s: the delimiter must be a byte that is no line end, and the quote "
                       "another one or none",
                       source->name);
    if (csv_init(&source->parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return zg_fail(err, ZG_ENV, "%s: libcsv does not start", source->name);
    source->parser_open = true;
    csv_set_delim(&source->parser, (unsigned char)format->delimiter);
    /* libcsv cannot go without a quote byte; NUL cannot occur, because feed_line() refuses it. */
    csv_set_quote(&source->parser, (unsigned char)format->quote);
    csv_set_space_func(&source->parser, no_space);
    /* libcsv's buffer grows by so much at a time; its 128 bytes would copy a large field thousands
     * of times. */
    csv_set_blk_size(&source->parser, CHUNK_BYTES);

    source->line = 1;
    enum zg_status status = refill(source, err);
    if (!status)
        status = check_kind(source, err);
    return status ? status : read_header(source, err);
}

static enum zg_status finish(struct zg_csv_source **out, struct zg_csv_source *source,
                             enum zg_status status)
{
    if (status)
        zg_csv_source_close(&source);
    *out = source;
    return status;
}

enum zg_status zg_csv_source_open(struct zg_csv_source **out, const char *path,
                                  const struct zg_csv_format *format, struct zg_error *err)
{
    *out = NULL;
    struct zg_csv_source *source = calloc(1, sizeof *source);
    if (!source || !(source->name = strdup(path)) || !(source->chunk = malloc(CHUNK_BYTES)))
        return finish(out, source, zg_fail(err, ZG_ENV, "%s: no memory to read it", path));
    source->file = fopen(path, "rbe");
    if (!source->file)
        return finish(out, source, zg_fail(err, ZG_INPUT, "%s: %s", path, strerror(errno)));
    return finish(out, source, start(source, format, err));
}

enum zg_status zg_csv_source_open_memory(struct zg_csv_source **out, const char *name,
                                         const char *bytes, int64_t n_bytes,
                                         const struct zg_csv_format *format, struct zg_error *err)
{
    *out = NULL;
    struct zg_csv_source *source = calloc(1, sizeof *source);
    if (!source || !(source->name = strdup(name)))
        return finish(out, source, zg_fail(err, ZG_ENV, "%s: no memory to read it", name));
    source->next = bytes;
    source->end = n_bytes > 0 ? bytes + n_bytes : bytes;
    return finish(out, source, start(source, format, err));
}

void zg_csv_source_close(struct zg_csv_source **source)
{
    if (!source || !*source)
        return;
    struct zg_csv_source *s = *source;
    if (s->parser_open)
        csv_free(&s->parser);
    if (s->file)
        fclose(s->file);
    for (int64_t i = 0; i < s->n_columns; i++)
        free(s->columns[i]);
    free(s->columns);
    free(s->fields);
    zg_text_free(&s->text);
    free(s->chunk);
    free(s->name);
    free(s);
    *source = NULL;
}

int64_t zg_csv_source_n_columns(const struct zg_csv_source *source)
{
    return source->n_columns;
}

const char *zg_csv_source_column(const struct zg_csv_source *source, int64_t column)
{
    return source->columns[column];
}

const char *zg_csv_source_name(const struct zg_csv_source *source)
{
    return source->name;
}

int64_t zg_csv_source_find(const struct zg_csv_source *source, const char *name)
{
    for (int64_t i = 0; i < source->n_columns; i++)
        if (strcmp(source->columns[i], name) == 0)
            return i;
    return -1;
}

enum zg_status zg_csv_source_next(struct zg_csv_source *source, struct zg_csv_row *row,
                                  struct zg_error *err)
{
    *row = (struct zg_csv_row){0};
    if (source->failed)
        return zg_fail(err, source->failed, "%s: reading it has failed before", source->name);
    enum zg_status status = read_row(source, err);
    if (!status && !source->row_done && source->n_rows == 0)
        status = zg_fail(err, ZG_INPUT, "%s: no row below the header", source->name);
    else if (!status && source->row_done && source->n_fields != source->n_columns)
        status = zg_fail(err, ZG_INPUT, "%s:%lld: %lld field%s, the header names %lld",
                         source->name, (long long)source->row_line, (long long)source->n_fields,
                         zg_plural(source->n_fields), (long long)source->n_columns);
    if (status) {
        source->failed = status;
        return status;
    }
    if (source->row_done) {
        *row = (struct zg_csv_row){source->fields, source->n_fields, source->row_line};
        source->n_rows++;
    }
    return ZG_OK;
}
