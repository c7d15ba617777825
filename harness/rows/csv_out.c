/* csv_out.c - rows as CSV: a cell is written by cell.h, a file replaced by file_out.h. */
#define _GNU_SOURCE /* memrchr */
#include "harness/rows/csv_out.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file_out.h"
#include "harness/rows/cell.h"

struct zg_csv_out {
    const struct zg_schema *schema;
    enum zg_csv_mode mode;
    int64_t n_extra;
    struct zg_file_out file; /* a stream uses fd and path only */
    FILE *row;               /* in memory, rewound for each */
    char *bytes;             /* [n_bytes] of it, once flushed */
    size_t n_bytes;
    bool failed;
};

static enum zg_status fail_memory(const struct zg_csv_out *csv, struct zg_error *err)
{
    return zg_fail(err, ZG_ENV, "%s: no memory for a row", csv->schema->file);
}

/* Ends the row in memory.  Its room is kept for the next. */
static enum zg_status end_row(struct zg_csv_out *csv, struct zg_error *err)
{
    fputc('\n', csv->row);
    if (ferror(csv->row) || fflush(csv->row))
        return fail_memory(csv, err);
    return ZG_OK;
}

/* The header row into csv->row. */
static enum zg_status make_header(struct zg_csv_out *csv, const char *const *extra_names,
                                  struct zg_error *err)
{
    const int64_t n = csv->schema->n_columns;
    for (int64_t i = 0; i < n + csv->n_extra; i++) {
        const char *const name = i < n ? csv->schema->columns[i].name : extra_names[i - n];
        fputs(i ? "," : "", csv->row);
        zg_cell_put(csv->row, &(struct zg_cell){.text = name});
    }
    return end_row(csv, err);
}

/* Where the last complete line ends: after the last newline in the first `size` bytes; 0 if there
 * is none, -1 if the file cannot be read. */
static off_t complete_end(int fd, off_t size)
{
    char block[4096];
    while (size > 0) {
        const size_t n = size < (off_t)sizeof block ? (size_t)size : sizeof block;
        if (pread(fd, block, n, size - (off_t)n) != (ssize_t)n)
            return -1;
        const char *const newline = memrchr(block, '\n', n);
        if (newline)
            return size - (off_t)n + (newline - block) + 1;
        size -= (off_t)n;
    }
    return 0;
}

/* A disk that fills up takes part of a row; what was whole stays.  The failure is reported already,
 * and a reader drops a torn row too, so that this may fail. */
static void cut_torn_row(int fd)
{
    struct stat info;
    const off_t end = fstat(fd, &info) == 0 ? complete_end(fd, info.st_size) : -1;
    if (end >= 0 && end < info.st_size && ftruncate(fd, end) != 0)
        return;
}

/* Writes csv->row. */
static enum zg_status write_row(struct zg_csv_out *csv, struct zg_error *err)
{
    enum zg_status status =
        zg_file_write(csv->file.fd, csv->file.path, csv->bytes, csv->n_bytes, err);
    if (!status && csv->mode == ZG_CSV_STREAM)
        status = zg_file_sync(csv->file.fd, csv->file.path, err);
    csv->failed = status != ZG_OK;
    if (csv->failed && csv->mode == ZG_CSV_STREAM)
        cut_torn_row(csv->file.fd);
    return status;
}

/* Continues an existing stream: same header, torn last row cut off.  csv->row holds our header.
 * *whole: the header is there already. */
static enum zg_status continue_stream(struct zg_csv_out *csv, off_t size, bool *whole,
                                      struct zg_error *err)
{
    const size_t want = csv->n_bytes, have = size < (off_t)want ? (size_t)size : want;
    char *const header = malloc(want);
    if (!header)
        return fail_memory(csv, err);
    const bool same =
        pread(csv->file.fd, header, have, 0) == (ssize_t)have && !memcmp(header, csv->bytes, have);
    free(header);
    if (!same)
        return zg_fail(err, ZG_INPUT,
                       "%s: its header is not that of this run: it has other columns or is another "
                       "version's; choose another directory",
                       csv->file.path);
    *whole = have == want;
    const off_t end = *whole ? complete_end(csv->file.fd, size) : 0;
    if (end < 0 || (end < size && ftruncate(csv->file.fd, end)))
        return zg_fail(err, ZG_ENV, "%s: cannot cut off a torn last row: %s", csv->file.path,
                       strerror(errno));
    return ZG_OK;
}

static enum zg_status open_stream(struct zg_csv_out *csv, const char *dir, struct zg_error *err)
{
    struct stat info;
    bool whole = false;
    const int n = snprintf(csv->file.path, sizeof csv->file.path, "%s/%s", dir, csv->schema->file);
    if (n < 0 || (size_t)n >= sizeof csv->file.path)
        return zg_fail(err, ZG_ENV, "%.200s...: the path is too long", dir);
    csv->file.fd = open(csv->file.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (csv->file.fd < 0 || fstat(csv->file.fd, &info))
        return zg_fail(err, ZG_ENV, "%s: cannot open for writing: %s", csv->file.path,
                       strerror(errno));
    if (info.st_size > 0) {
        const enum zg_status status = continue_stream(csv, info.st_size, &whole, err);
        if (status)
            return status;
    }
    if (whole)
        return ZG_OK;
    const enum zg_status status = write_row(csv, err);
    return status ? status : zg_dir_sync(dir, err);
}

enum zg_status zg_csv_out_open(struct zg_csv_out **out, const char *dir,
                               const struct zg_schema *schema, enum zg_csv_mode mode,
                               const char *const *extra_names, int64_t n_extra,
                               struct zg_error *err)
{
    *out = NULL;
    struct zg_csv_out *csv = calloc(1, sizeof *csv);
    if (!csv)
        return zg_fail(err, ZG_ENV, "%s/%s: no memory to write it", dir, schema->file);
    csv->schema = schema;
    csv->mode = mode;
    csv->n_extra = schema->has_extra ? n_extra : 0;
    csv->file.fd = -1;
    csv->row = open_memstream(&csv->bytes, &csv->n_bytes);
    enum zg_status status = csv->row ? make_header(csv, extra_names, err) : fail_memory(csv, err);
    if (!status && mode == ZG_CSV_STREAM) {
        status = open_stream(csv, dir, err);
    } else if (!status) {
        status = zg_file_begin(&csv->file, dir, schema->file, err);
        if (!status)
            status = write_row(csv, err);
    }
    if (!status) {
        *out = csv;
        csv = NULL;
    }
    zg_csv_out_abort(&csv);
    return status;
}

enum zg_status zg_csv_out_row(struct zg_csv_out *csv, const void *row, const double *extra,
                              struct zg_error *err)
{
    if (csv->failed)
        return zg_fail(err, ZG_ENV, "%s: an earlier row could not be written", csv->file.path);
    const int64_t n = csv->schema->n_columns;
    fseek(csv->row, 0, SEEK_SET);
    for (int64_t i = 0; i < n + csv->n_extra; i++) {
        const struct zg_cell cell =
            i < n ? zg_row_cell(&csv->schema->columns[i], row)
                  : (struct zg_cell){.kind = ZG_COLUMN_REAL, .real = extra ? extra[i - n] : NAN};
        fputs(i ? "," : "", csv->row);
        zg_cell_put(csv->row, &cell);
    }
    const enum zg_status status = end_row(csv, err);
    csv->failed = status != ZG_OK;
    return status ? status : write_row(csv, err);
}

static void free_csv(struct zg_csv_out **csv)
{
    if ((*csv)->row)
        fclose((*csv)->row);
    free((*csv)->bytes);
    free(*csv);
    *csv = NULL;
}

enum zg_status zg_csv_out_close(struct zg_csv_out **csv, struct zg_error *err)
{
    struct zg_csv_out *const c = *csv;
    enum zg_status status = ZG_OK;
    if (c->failed)
        status = zg_fail(err, ZG_ENV, "%s: an earlier row could not be written", c->file.path);
    else if (c->mode == ZG_CSV_REPLACE)
        status = zg_file_commit(&c->file, err);
    else if (close(c->file.fd))
        status = zg_fail(err, ZG_ENV, "%s: cannot write: %s", c->file.path, strerror(errno));
    if (c->failed)
        zg_csv_out_abort(csv);
    else
        free_csv(csv);
    return status;
}

void zg_csv_out_abort(struct zg_csv_out **csv)
{
    if (!csv || !*csv)
        return;
    if ((*csv)->mode == ZG_CSV_REPLACE)
        zg_file_drop(&(*csv)->file);
    else if ((*csv)->file.fd >= 0)
        close((*csv)->file.fd);
    free_csv(csv);
}

enum zg_status zg_csv_write(const char *dir, const struct zg_schema *schema, const void *rows,
                            int64_t n, struct zg_error *err)
{
    struct zg_csv_out *csv = NULL;
    enum zg_status status = zg_csv_out_open(&csv, dir, schema, ZG_CSV_REPLACE, NULL, 0, err);
    for (int64_t i = 0; i < n && !status; i++)
        status = zg_csv_out_row(csv, (const char *)rows + (size_t)i * schema->row_size, NULL, err);
    if (!status)
        status = zg_csv_out_close(&csv, err);
    zg_csv_out_abort(&csv);
    return status;
}
