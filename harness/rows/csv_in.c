/* csv_in.c - a CSV file of rows, read back: libcsv splits the cells, the schema says what they
 * mean. */
#define _GNU_SOURCE /* memrchr */
#include "harness/rows/csv_in.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/base/file_kind.h"
#include "engines/base/size.h"
#include "harness/base/grow.h"
#include "harness/rows/older_schema.h"
#include "harness/rows/row_list.h"

/* Larger than any result file; a size beyond it is a wrong file. */
#define MOST_BYTES (INT64_C(1) << 32)

struct whole { /* of which a caller sees the first */
    struct zg_csv_in in;
    const struct zg_schema *schema; /* of the rows */
    const struct zg_schema *file;   /* the same, or older.schema */
    struct zg_older_schema older;
    int64_t n_columns; /* of the file's schema that the file has */
    int64_t capacity;  /* rows that there is room for */
    char *texts;       /* every text, terminated: no longer than the file */
    size_t texts_used;
    char *older_row;   /* of an older file: what its cells are read into */
    char **algorithms; /* [n_algorithms]: texts that an older file does not have */
    int64_t n_algorithms;
    char warning[512];
};

/* What libcsv's callbacks work on. */
struct reading {
    struct whole *csv;
    const char *path;
    struct zg_error *err;
    enum zg_status status;
    int64_t row;    /* 0: the header */
    int64_t column; /* of the next cell */
};

static char *keep_text(struct whole *csv, const char *cell, size_t n)
{
    char *const text = csv->texts + csv->texts_used;
    if (n)
        memcpy(text, cell, n);
    text[n] = '\0';
    csv->texts_used += n + 1;
    return text;
}

/* How many of the schema's columns every file of the version has. */
static int64_t n_least(const struct zg_schema *schema)
{
    int64_t n = schema->n_columns;
    while (schema->last_at_first && strcmp(schema->columns[n - 1].name, schema->last_at_first) != 0)
        n--;
    return n;
}

static bool is_column(const struct zg_column *column, const char *cell, size_t n)
{
    return n == strlen(column->name) && memcmp(cell, column->name, n) == 0;
}

/* Is the cell of the header the column of an older version, whose columns before it are those that
 * were read?  Then the file is of that version. */
static bool is_older(struct whole *csv, int64_t column, const char *cell, size_t n)
{
    for (int version = ZG_SCHEMA_VERSION - 1; version > 0; version--) {
        struct zg_older_schema older;
        bool same = zg_older_schema_of(&older, csv->schema, version) &&
                    column < older.schema.n_columns && is_column(&older.columns[column], cell, n);
        for (int64_t i = 0; i < column && same; i++)
            same = strcmp(older.columns[i].name, csv->file->columns[i].name) == 0;
        if (!same)
            continue;
        csv->older = older;
        csv->older.schema.columns = csv->older.columns;
        csv->file = &csv->older.schema;
        csv->n_columns = csv->file->n_columns;
        return true;
    }
    return false;
}

static void header_cell(struct reading *r, const char *cell, size_t n)
{
    struct whole *const csv = r->csv;
    const int64_t i = r->column;
    if (i < csv->n_columns && is_column(&csv->file->columns[i], cell, n))
        return;
    if (i < n_least(csv->file) && is_older(csv, i, cell, n))
        return;
    if (i < n_least(csv->file)) {
        r->status =
            zg_fail(r->err, ZG_INPUT,
                    "%s: column %lld is \"%.64s\", want \"%s\": the file is not of "
                    "schema version %d, nor of one before that this zogap reads",
                    r->path, (long long)i + 1, cell, csv->file->columns[i].name, ZG_SCHEMA_VERSION);
        return;
    }
    csv->n_columns = zg_min64(csv->n_columns, i); /* an older file: its extra columns begin here */
    if (!csv->file->has_extra || !n) {
        r->status = zg_fail(r->err, ZG_INPUT, "%s: column %lld \"%.64s\" is one too many", r->path,
                            (long long)i + 1, cell);
        return;
    }
    if (zg_grow(&csv->in.extra_names, csv->in.n_extra, sizeof *csv->in.extra_names))
        csv->in.extra_names[csv->in.n_extra++] = keep_text(csv, cell, n);
    else
        r->status = zg_fail(r->err, ZG_ENV, "%s: no memory to read it", r->path);
}

static void bad_number(struct reading *r, const char *cell, const char *name, const char *want)
{
    r->status = zg_fail(r->err, ZG_INPUT, "%s: row %lld, column %s: \"%.64s\" is not %s", r->path,
                        (long long)r->row, name, cell, want);
}

static double parse_real(struct reading *r, const char *cell, size_t n, const char *name)
{
    if (!n)
        return NAN;
    /* strtod also takes hexadecimal, "nan" and "inf", which we never write.  libcsv terminates the
     * cell. */
    char *end = NULL;
    const double value = strspn(cell, "0123456789+-.eE") == n ? strtod(cell, &end) : NAN;
    if (end != cell + n || !isfinite(value))
        bad_number(r, cell, name, "a number");
    return value;
}

static int64_t parse_integer(struct reading *r, const char *cell, size_t n, const char *name)
{
    if (!n)
        return ZG_NO_INTEGER;
    char *end = NULL;
    errno = 0;
    const long long value = strspn(cell, "0123456789-") == n ? strtoll(cell, &end, 10) : 0;
    if (end != cell + n || errno)
        bad_number(r, cell, name, "a whole number");
    return value;
}

static void row_cell(struct reading *r, const char *cell, size_t n)
{
    struct whole *const csv = r->csv;
    const int64_t i = r->column, row = r->row - 1;
    char *const to = csv->older_row ? csv->older_row
                                    : (char *)csv->in.rows + (size_t)row * csv->schema->row_size;
    if (i == 0) { /* columns that the file lacks are empty */
        zg_row_clear(csv->schema, to);
        zg_row_clear(csv->file, to);
    }
    if (i >= csv->n_columns + csv->in.n_extra)
        return; /* on_row() says so */
    if (i >= csv->n_columns) {
        const int64_t e = i - csv->n_columns;
        csv->in.extra[row * csv->in.n_extra + e] = parse_real(r, cell, n, csv->in.extra_names[e]);
        return;
    }
    const struct zg_column *const column = &csv->file->columns[i];
    struct zg_cell value = {.kind = column->kind};
    if (column->kind == ZG_COLUMN_TEXT)
        value.text = n ? keep_text(csv, cell, n) : NULL;
    else if (column->kind == ZG_COLUMN_INTEGER)
        value.integer = parse_integer(r, cell, n, column->name);
    else
        value.real = parse_real(r, cell, n, column->name);
    zg_row_set_cell(column, to, &value);
}

static void on_cell(void *bytes, size_t n, void *context)
{
    struct reading *const r = context;
    const char *const cell = bytes;
    if (r->status)
        return;
    if (memchr(cell, '\0', n))
        r->status =
            zg_fail(r->err, ZG_INPUT, "%s: row %lld holds a NUL byte", r->path, (long long)r->row);
    else if (r->row == 0)
        header_cell(r, cell, n);
    else
        row_cell(r, cell, n);
    r->column++;
}

static void end_header(struct reading *r)
{
    struct whole *const csv = r->csv;
    int64_t cells;
    if (r->column < n_least(csv->file)) {
        r->status = zg_fail(
            r->err, ZG_INPUT,
            "%s: the header has %lld columns, want at least %lld: the file is not of schema "
            "version %d, nor of one before that this zogap reads",
            r->path, (long long)r->column, (long long)n_least(csv->file), ZG_SCHEMA_VERSION);
        return;
    }
    csv->n_columns = zg_min64(csv->n_columns, r->column);
    csv->in.rows =
        calloc((size_t)csv->capacity, csv->schema->row_size); /* the header's, at least */
    if (zg_size_mul(csv->capacity, csv->in.n_extra, &cells))
        csv->in.extra = calloc((size_t)cells + 1, sizeof *csv->in.extra);
    if (csv->file != csv->schema)
        csv->older_row = malloc(csv->file->row_size);
    if (!csv->in.rows || !csv->in.extra || (csv->file != csv->schema && !csv->older_row))
        r->status = zg_fail(r->err, ZG_ENV, "%s: no memory to read it", r->path);
}

/* The row that an older file has, as one of this version. */
static void take_older_row(struct reading *r)
{
    struct whole *const csv = r->csv;
    struct zg_case_row *const id = (struct zg_case_row *)(void *)csv->older_row;
    char text[ZG_OLDER_TEXT];
    if (zg_older_algorithm(&csv->older, id, text)[0]) {
        id->algorithm = zg_text_keep(&csv->algorithms, &csv->n_algorithms, text);
        if (!id->algorithm)
            r->status = zg_fail(r->err, ZG_ENV, "%s: no memory to read it", r->path);
    }
    memcpy((char *)csv->in.rows + (size_t)csv->in.n * csv->schema->row_size, id,
           csv->schema->row_size);
}

static void on_row(int end, void *context)
{
    (void)end;
    struct reading *const r = context;
    if (r->status)
        return;
    const int64_t want = r->csv->n_columns + r->csv->in.n_extra;
    if (r->row == 0)
        end_header(r);
    else if (r->column != want)
        r->status = zg_fail(r->err, ZG_INPUT, "%s: row %lld has %lld cells, want %lld", r->path,
                            (long long)r->row, (long long)r->column, (long long)want);
    else {
        if (r->csv->older_row)
            take_older_row(r);
        r->csv->in.n++;
    }
    r->row++;
    r->column = 0;
}

/* The whole file into *bytes[*n], malloc'ed. */
static enum zg_status slurp(const char *path, char **bytes, size_t *n, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    struct stat info;
    *bytes = NULL;
    *n = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return zg_fail(err, ZG_INPUT, "%s: cannot read: %s", path, strerror(errno));
    if (fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_size > MOST_BYTES) {
        status = zg_fail(err, ZG_INPUT, "%s: not a regular file of a possible size", path);
        goto done;
    }
    *bytes = malloc((size_t)info.st_size + 1);
    if (!*bytes) {
        status = zg_fail(err, ZG_ENV, "%s: no memory to read it", path);
        goto done;
    }
    while (*n < (size_t)info.st_size) {
        const ssize_t got = read(fd, *bytes + *n, (size_t)info.st_size - *n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = zg_fail(err, ZG_INPUT, "%s: cannot read: %s", path, strerror(errno));
        if (got <= 0)
            break;
        *n += (size_t)got;
    }
done:
    close(fd);
    return status;
}

/* Cuts a last line without its end off. */
static void drop_torn_row(struct whole *csv, const char *path, const char *bytes, size_t *n)
{
    if (!*n || bytes[*n - 1] == '\n')
        return;
    const char *const newline = memrchr(bytes, '\n', *n);
    *n = newline ? (size_t)(newline - bytes) + 1 : 0;
    snprintf(csv->warning, sizeof csv->warning, "%.400s: the last row is torn and was dropped",
             path);
    csv->in.warning = csv->warning;
}

static enum zg_status parse(struct whole *csv, const char *path, const char *bytes, size_t n,
                            struct zg_error *err)
{
    struct reading r = {.csv = csv, .path = path, .err = err};
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL))
        return zg_fail(err, ZG_ENV, "%s: libcsv does not start", path);
    if (csv_parse(&parser, bytes, n, on_cell, on_row, &r) != n ||
        csv_fini(&parser, on_cell, on_row, &r))
        if (!r.status)
            r.status = zg_fail(err, ZG_INPUT, "%s: row %lld: %s", path, (long long)r.row,
                               csv_strerror(csv_error(&parser)));
    csv_free(&parser);
    if (!r.status && r.row == 0)
        r.status = zg_fail(err, ZG_INPUT, "%s: no complete header row", path);
    return r.status;
}

enum zg_status zg_csv_in_open(struct zg_csv_in **out, const char *path,
                              const struct zg_schema *schema, struct zg_error *err)
{
    char *bytes = NULL;
    size_t n = 0;
    *out = NULL;
    struct whole *csv = calloc(1, sizeof *csv);
    if (!csv)
        return zg_fail(err, ZG_ENV, "%s: no memory to read it", path);
    csv->schema = csv->file = schema;
    csv->n_columns = schema->n_columns;
    enum zg_status status = slurp(path, &bytes, &n, err);
    if (status)
        goto done;
    status = zg_file_expect_text(bytes, n, path, err);
    if (status)
        goto done;
    const size_t mark = zg_utf8_mark(bytes, n); /* a spreadsheet may have saved it again */
    memmove(bytes, bytes + mark, n -= mark);
    drop_torn_row(csv, path, bytes, &n);
    for (size_t i = 0; i < n; i++)
        csv->capacity += bytes[i] == '\n' || bytes[i] == '\r'; /* libcsv ends a row at either */
    csv->texts = malloc(n + 1);
    if (!csv->texts) {
        status = zg_fail(err, ZG_ENV, "%s: no memory to read it", path);
        goto done;
    }
    status = parse(csv, path, bytes, n, err);
done:
    free(bytes);
    *out = &csv->in;
    if (status)
        zg_csv_in_close(out);
    return status;
}

void zg_csv_in_close(struct zg_csv_in **csv)
{
    if (!csv || !*csv)
        return;
    struct whole *const whole = (struct whole *)*csv;
    free(whole->in.rows);
    free(whole->in.extra_names);
    free(whole->in.extra);
    free(whole->texts);
    free(whole->older_row);
    for (int64_t i = 0; i < whole->n_algorithms; i++)
        free(whole->algorithms[i]);
    free(whole->algorithms);
    free(whole);
    *csv = NULL;
}
