/* test_csv.c - csv_out.c and csv_in.c: what is written reads back, and what is broken is
 * named. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file_out.h"
#include "harness/rows/case_row.h"
#include "harness/rows/csv_in.h"
#include "harness/rows/csv_out.h"
#include "harness/rows/older_schema.h"
#include "harness/rows/row_list.h"
#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/temp_dir.h"

static struct zg_sample_row sample_row(int64_t block)
{
    struct zg_sample_row row;
    zg_row_clear(&zg_schema_samples, &row);
    row.id.engine = "naive:gemm=onednn";
    row.id.model = "dir, with \"quotes\"";
    row.id.task = " outer space ";
    row.id.seed = INT64_MAX;
    row.block = block;
    row.order = 0;
    row.steps = -7;
    row.wall_s_per_step = 0.123456789;
    row.cpu_s_per_step = 5e-324; /* the smallest double */
    return row;
}

static void open_stream(struct zg_csv_out **csv, const char *dir)
{
    static const char *const names[] = {"perf_page_faults", "papi_tot_ins"};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_out_open(csv, dir, &zg_schema_samples, ZG_CSV_STREAM, names, 2, &err), ZG_OK);
}

static void samples_round_trip(void)
{
    char dir[64];
    make_temp_dir(dir);
    struct zg_csv_out *out = NULL;
    open_stream(&out, dir);
    for (int64_t i = 0; i < 100; i++) {
        const struct zg_sample_row row = sample_row(i);
        const double extra[] = {(double)i * 1e9, NAN};
        CU_ASSERT_EQUAL(zg_csv_out_row(out, &row, i % 2 ? extra : NULL, NULL), ZG_OK);
    }
    CU_ASSERT_EQUAL(zg_csv_out_close(&out, NULL), ZG_OK);
    CU_ASSERT_PTR_NULL(out);

    struct zg_csv_in *in = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&in, temp_path(dir, "samples.csv"), &zg_schema_samples, &err), ZG_OK);
    CU_ASSERT_EQUAL(in->n, 100);
    CU_ASSERT_EQUAL(in->n_extra, 2);
    CU_ASSERT_STRING_EQUAL(in->extra_names[1], "papi_tot_ins");
    CU_ASSERT_PTR_NULL(in->warning);
    const struct zg_sample_row *const rows = in->rows;
    for (int64_t i = 0; i < in->n; i++) {
        const struct zg_sample_row want = sample_row(i);
        CU_ASSERT_STRING_EQUAL(rows[i].id.engine, want.id.engine);
        CU_ASSERT_STRING_EQUAL(rows[i].id.model, want.id.model);
        CU_ASSERT_STRING_EQUAL(rows[i].id.task, want.id.task);
        CU_ASSERT_PTR_NULL(rows[i].id.objective);
        CU_ASSERT_EQUAL(rows[i].id.seed, INT64_MAX);
        CU_ASSERT_EQUAL(rows[i].block, i);
        CU_ASSERT_EQUAL(rows[i].steps, -7);
        CU_ASSERT_EQUAL(rows[i].id.batch, ZG_NO_INTEGER);
        CU_ASSERT_EQUAL(rows[i].wall_s_per_step, 0.123456789); /* nine digits: exact in %.9g */
        CU_ASSERT(rows[i].cpu_s_per_step > 0);
        CU_ASSERT(i % 2 ? in->extra[i * in->n_extra + 0] == (double)i * 1e9
                        : isnan(in->extra[i * in->n_extra + 0]));
        CU_ASSERT(isnan(in->extra[i * in->n_extra + 1]));
    }
    zg_csv_in_close(&in);
    remove_temp_dir(dir);
}

/* Bytes, not values: numbers bare, texts quoted where needed, empty where not available, one
 * line a row. */
static void the_format_is_as_documented(void)
{
    char dir[64];
    make_temp_dir(dir);
    struct zg_csv_out *out = NULL;
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_out_open(&out, dir, &zg_schema_curve, ZG_CSV_REPLACE, NULL, 0, NULL), ZG_OK);
    struct zg_curve_row row;
    zg_row_clear(&zg_schema_curve, &row);
    row.id.engine = "a\nb,\"c\"";
    row.step = 3;
    row.loss_plus = 1.0 / 3.0;
    row.c = INFINITY;
    CU_ASSERT_EQUAL(zg_csv_out_row(out, &row, NULL, NULL), ZG_OK);
    CU_ASSERT_PTR_NULL(read_temp_file(dir, "curve.csv")); /* not there before it is whole */
    CU_ASSERT_EQUAL(zg_csv_out_close(&out, NULL), ZG_OK);
    char *const text = read_temp_file(dir, "curve.csv");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strncmp(text, "engine,model,task,", 18), 0);
    const char *const second = strchr(text, '\n') + 1;
    CU_ASSERT_EQUAL(strncmp(second, "\"a\\nb,\"\"c\"\"\",,,", 15), 0);
    CU_ASSERT(strstr(second, ",3,,0.333333333,,") != NULL);
    CU_ASSERT_EQUAL(strlen(strchr(second, '\n')), 1);
    CU_ASSERT_EQUAL(count_temp_files(dir), 1);
    free(text);
    remove_temp_dir(dir);
}

static void a_stream_is_continued(void)
{
    char dir[64];
    make_temp_dir(dir);
    struct zg_csv_out *out = NULL;
    struct zg_csv_in *in = NULL;
    for (int64_t i = 0; i < 3; i++) {
        const struct zg_sample_row row = sample_row(i);
        open_stream(&out, dir);
        CU_ASSERT_EQUAL(zg_csv_out_row(out, &row, NULL, NULL), ZG_OK);
        zg_csv_out_abort(&out); /* as a kill would: rows that were written stay */
        /* what a kill in the middle of a row leaves behind */
        FILE *const file = fopen(temp_path(dir, "samples.csv"), "a");
        fputs("naive,torn", file);
        fclose(file);
    }
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&in, temp_path(dir, "samples.csv"), &zg_schema_samples, NULL), ZG_OK);
    CU_ASSERT_EQUAL(in->n, 3);
    CU_ASSERT_PTR_NOT_NULL_FATAL(in->warning);
    CU_ASSERT(strstr(in->warning, "torn") != NULL);
    zg_csv_in_close(&in);
    open_stream(&out, dir);
    CU_ASSERT_EQUAL(zg_csv_out_close(&out, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&in, temp_path(dir, "samples.csv"), &zg_schema_samples, NULL), ZG_OK);
    CU_ASSERT_EQUAL(in->n, 3);
    CU_ASSERT_PTR_NULL(in->warning);
    zg_csv_in_close(&in);

    /* A header that was torn itself starts afresh; another header is refused and left alone. */
    write_temp_file(dir, "samples.csv", "engine,mod", 10);
    open_stream(&out, dir);
    CU_ASSERT_EQUAL(zg_csv_out_close(&out, NULL), ZG_OK);
    write_temp_file(dir, "samples.csv", "other,header\n1,2\n", 17);
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_csv_out_open(&out, dir, &zg_schema_samples, ZG_CSV_STREAM, NULL, 0, &err),
                    ZG_INPUT);
    CU_ASSERT(strstr(err.text, "header") != NULL);
    char *const text = read_temp_file(dir, "samples.csv");
    CU_ASSERT_STRING_EQUAL(text, "other,header\n1,2\n");
    free(text);
    remove_temp_dir(dir);
}

/* A full disk, by /dev/full: the error names the file, and nothing else changes. */
static void a_full_disk_is_reported(void)
{
    char dir[64];
    make_temp_dir(dir);
    struct zg_csv_out *out = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(symlink("/dev/full", temp_path(dir, "samples.csv")), 0);
    CU_ASSERT_EQUAL(zg_csv_out_open(&out, dir, &zg_schema_samples, ZG_CSV_STREAM, NULL, 0, &err),
                    ZG_ENV);
    CU_ASSERT_PTR_NULL(out);
    CU_ASSERT(strstr(err.text, "samples.csv") != NULL && strstr(err.text, "No space") != NULL);
    remove_temp_dir(dir);
}

static void replacing_is_all_or_nothing(void)
{
    char dir[64];
    make_temp_dir(dir);
    struct zg_error err = {0};
    struct zg_csv_out *out = NULL;
    CU_ASSERT_EQUAL(zg_file_replace(dir, "summary.csv", "old\n", 4, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_out_open(&out, dir, &zg_schema_summary, ZG_CSV_REPLACE, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL(count_temp_files(dir), 2);
    zg_csv_out_abort(&out);
    CU_ASSERT_EQUAL(count_temp_files(dir), 1);
    char *const text = read_temp_file(dir, "summary.csv");
    CU_ASSERT_STRING_EQUAL(text, "old\n");
    free(text);
    remove_temp_dir(dir);

    CU_ASSERT_EQUAL(zg_file_replace(dir, "x", "x", 1, &err), ZG_ENV);
    CU_ASSERT(strstr(err.text, dir) != NULL && strstr(err.text, "No such file") != NULL);
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_csv_out_open(&out, dir, &zg_schema_summary, ZG_CSV_REPLACE, NULL, 0, &err),
                    ZG_ENV);
    CU_ASSERT_EQUAL(zg_csv_out_open(&out, dir, &zg_schema_samples, ZG_CSV_STREAM, NULL, 0, NULL),
                    ZG_ENV);
    CU_ASSERT_PTR_NULL(out);
    char *const long_name = malloc(5000);
    memset(long_name, 'd', 4999);
    long_name[4999] = '\0';
    CU_ASSERT_EQUAL(zg_file_replace(long_name, "x", "x", 1, NULL), ZG_ENV);
    CU_ASSERT_EQUAL(
        zg_csv_out_open(&out, long_name, &zg_schema_samples, ZG_CSV_STREAM, NULL, 0, NULL), ZG_ENV);
    free(long_name);
}

/* The curve's header with `rows` below it: read, expecting the status and words of the message. */
static void expect_input(const char *rows, size_t n, const char *says)
{
    char dir[64], bytes[4096];
    make_temp_dir(dir);
    size_t used = 0;
    for (int64_t i = 0; i < zg_schema_curve.n_columns; i++)
        used += (size_t)snprintf(bytes + used, sizeof bytes - used, "%s%s", i ? "," : "",
                                 zg_schema_curve.columns[i].name);
    bytes[used++] = '\n';
    memcpy(bytes + used, rows, n);
    write_temp_file(dir, "curve.csv", bytes, used + n);
    struct zg_csv_in *in = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_csv_in_open(&in, temp_path(dir, "curve.csv"), &zg_schema_curve, &err),
                    ZG_INPUT);
    CU_ASSERT_PTR_NULL(in);
    if (!strstr(err.text, says) || !strstr(err.text, "curve.csv"))
        printf("\n    \"%s\" does not say \"%s\"", err.text, says);
    CU_ASSERT(strstr(err.text, says) != NULL && strstr(err.text, "curve.csv") != NULL);
    remove_temp_dir(dir);
}

/* A complete row with `value` in the named column, the others empty. */
static void expect_bad_cell(const char *column, const char *value, const char *says)
{
    char row[1024];
    size_t used = 0;
    for (int64_t i = 0; i < zg_schema_curve.n_columns; i++)
        used += (size_t)snprintf(row + used, sizeof row - used, "%s%s", i ? "," : "",
                                 strcmp(zg_schema_curve.columns[i].name, column) ? "" : value);
    row[used++] = '\n';
    expect_input(row, used, says);
}

static void broken_files_are_named(void)
{
    char cells[40], surplus[48], long_cell[72];
    const int64_t n = zg_schema_curve.n_columns;
    expect_input("a,b\n", 4, "row 1 has 2 cells, want 29");
    expect_input("\"open\n", 6, "row 1: ");
    expect_input("a\"b\n", 4, "row 1: ");
    expect_input("a\0b\n", 4, "row 1 holds a NUL byte");
    /* in the second row, after one without a fault; a cell too many is that, whatever it says */
    CU_ASSERT_EQUAL_FATAL(n, 29);
    memset(cells, ',', (size_t)n - 1);
    cells[n - 1] = '\n';
    memcpy(surplus, cells, (size_t)n);
    memcpy(surplus + n, "e,b\n", 4);
    expect_input(surplus, (size_t)n + 4, "row 2 has 2 cells, want 29");
    memcpy(surplus + n - 1, ",x\n", 3);
    expect_input(surplus, (size_t)n + 2, "row 1 has 30 cells, want 29");
    memcpy(surplus, cells, (size_t)n);
    memcpy(surplus + n, "e\"\n", 3);
    expect_input(surplus, (size_t)n + 3, "row 2: ");
    memcpy(surplus + n, "\"\n", 2);
    expect_input(surplus, (size_t)n + 2, "row 2: ");
    /* 64 bytes of a cell are shown, no more */
    memset(long_cell, '7', sizeof long_cell);
    long_cell[64] = 'x';
    long_cell[65] = '\0';
    char says[160];
    snprintf(says, sizeof says, "row 1, column step: \"%.64s\" is not a whole number", long_cell);
    expect_bad_cell("step", long_cell, says);
    memmove(long_cell + 1, long_cell, 62);
    long_cell[0] = '-';
    long_cell[63] = 'x';
    long_cell[64] = '\0';
    snprintf(says, sizeof says, "row 1, column loss_plus: \"%s\" is not a number", long_cell);
    expect_bad_cell("loss_plus", long_cell, says);
    expect_bad_cell("loss_plus", "1.0x", "\"1.0x\" is not a number");
    expect_bad_cell("loss_plus", "nan", "is not a number");
    expect_bad_cell("loss_plus", "1e999", "is not a number");
    expect_bad_cell("loss_plus", "0x10", "is not a number");
    expect_bad_cell("loss_plus", "--", "is not a number");
    expect_bad_cell("step", "1.5", "is not a whole number");
    expect_bad_cell("step", "99999999999999999999", "is not a whole number");
    expect_bad_cell("step", "-", "is not a whole number");
    expect_bad_cell("eval_metric", "1,2", "cells, want");
}

static void broken_headers_are_named(void)
{
    static const struct {
        const char *bytes, *says;
    } bad[] = {
        {"", "no complete header"},
        {"engine", "no complete header"},
        {"engine,model\n", "the header has 2 columns, want at least 29: the file is not of "},
        {"model,engine\n", "column 1 is \"model\", want \"engine\": the file is not of "},
        {"engine,mode1\n", "column 2 is \"mode1\", want \"model\""}, /* as long as the name */
        {"engine,mod\n", "column 2 is \"mod\", want \"model\""},     /* what it begins with */
        {"engine,models\n", "column 2 is \"models\", want \"model\""},
        {"engine,\n", "column 2 is \"\", want \"model\""},
        {"a\"b\n", "row 0: "},
        {"\n\n", "no complete header"},
    };
    char dir[64];
    make_temp_dir(dir);
    struct zg_csv_in *in = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct zg_error err = {0};
        write_temp_file(dir, "curve.csv", bad[i].bytes, strlen(bad[i].bytes));
        CU_ASSERT_EQUAL(zg_csv_in_open(&in, temp_path(dir, "curve.csv"), &zg_schema_curve, &err),
                        ZG_INPUT);
        CU_ASSERT(strstr(err.text, bad[i].says) != NULL);
    }
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_csv_in_open(&in, temp_path(dir, "absent.csv"), &zg_schema_curve, &err),
                    ZG_INPUT);
    zg_test_expect_words(err.text, "absent.csv: cannot read: No such file");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_csv_in_open(&in, dir, &zg_schema_curve, &err), ZG_INPUT);
    zg_test_expect_words(err.text, ": not a regular file of a possible size");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_csv_in_open(&in, "/dev/zero", &zg_schema_curve, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "/dev/zero: not a regular file of a possible size");
    zg_error_clear(&err);
    write_temp_file(dir, "curve.csv", "\x1f\x8b\b", 3);
    CU_ASSERT_EQUAL(zg_csv_in_open(&in, temp_path(dir, "curve.csv"), &zg_schema_curve, &err),
                    ZG_INPUT);
    zg_test_expect_words(err.text, "compressed by gzip");
    zg_error_clear(&err);
    /* one byte more than any result has; all of it a hole */
    CU_ASSERT_EQUAL_FATAL(truncate(temp_path(dir, "curve.csv"), (INT64_C(1) << 32) + 1), 0);
    CU_ASSERT_EQUAL(zg_csv_in_open(&in, temp_path(dir, "curve.csv"), &zg_schema_curve, &err),
                    ZG_INPUT);
    zg_test_expect_words(err.text, ": not a regular file of a possible size");
    zg_csv_in_close(&in);
    zg_csv_in_close(NULL);
    remove_temp_dir(dir);
}

/* Reads `text` as a file of the schema. */
static enum zg_status read_text(struct zg_csv_in **in, const struct zg_schema *schema,
                                const char *text, struct zg_error *err)
{
    char dir[64];
    make_temp_dir(dir);
    write_temp_file(dir, schema->file, text, strlen(text));
    const enum zg_status status = zg_csv_in_open(in, temp_path(dir, schema->file), schema, err);
    remove_temp_dir(dir);
    return status;
}

/* The names of the first n columns and a comma behind each; returns the end. */
static char *put_header(char *to, const struct zg_schema *schema, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to += sprintf(to, "%s,", schema->columns[i].name);
    return to;
}

/* A schema whose last columns came later: a file may end before them, and what follows then is
 * extra; but no sooner, and an extra column has a name. */
static void columns_that_came_later(void)
{
    struct zg_schema schema = zg_schema_samples;
    const int64_t least = schema.n_columns - 3;
    char text[4096], says[128];
    struct zg_csv_in *in = NULL;
    struct zg_error err = {0};
    schema.last_at_first = schema.columns[least - 1].name;
    for (int64_t n = least - 1; n <= schema.n_columns; n++)
        for (int n_extra = 0; n_extra <= 2; n_extra++) {
            char *end = put_header(text, &schema, n);
            end += sprintf(end, "%s", n_extra == 2 ? "one,two," : n_extra ? "one," : "");
            end[-1] = '\n';
            for (int64_t i = 0; i < n; i++)
                end += sprintf(end, "%d,", (int)i);
            end += sprintf(end, "%s", n_extra == 2 ? "1e3,," : n_extra ? "1e3," : "");
            end[-1] = '\n';
            const enum zg_status status = read_text(&in, &schema, text, &err);
            CU_ASSERT_EQUAL(status, n < least ? ZG_INPUT : ZG_OK);
            if (status) {
                if (n_extra)
                    sprintf(says, "column %d is \"one\", want \"%s\"", (int)least,
                            schema.last_at_first);
                else
                    sprintf(says, "the header has %d columns, want at least %d:", (int)n,
                            (int)least);
                zg_test_expect_words(err.text, says);
                zg_error_clear(&err);
                continue;
            }
            const struct zg_sample_row *const row = in->rows;
            CU_ASSERT(in->n == 1 && in->n_extra == n_extra);
            /* the last of the least, then those that came later */
            CU_ASSERT_EQUAL(row->involuntary_switches, least - 1);
            CU_ASSERT(n > least ? row->fma_gflops == (double)least : isnan(row->fma_gflops));
            CU_ASSERT_EQUAL(row->disturbed, n == schema.n_columns ? n - 1 : ZG_NO_INTEGER);
            CU_ASSERT(n_extra == 0 || in->extra[0] == 1000);
            CU_ASSERT(n_extra < 2 || isnan(in->extra[1]));
            zg_csv_in_close(&in);
        }
    char *end = put_header(text, &schema, least);
    strcpy(end, "\n");
    CU_ASSERT_EQUAL(read_text(&in, &schema, text, &err), ZG_INPUT);
    snprintf(says, sizeof says, ": column %d \"\" is one too many", (int)least + 1);
    zg_test_expect_words(err.text, says);
    zg_error_clear(&err);
    end = put_header(text, &zg_schema_curve, zg_schema_curve.n_columns);
    sprintf(end, "%.*s\n", 70,
            "0123456789012345678901234567890123456789012345678901234567890123456789");
    CU_ASSERT_EQUAL(read_text(&in, &zg_schema_curve, text, &err), ZG_INPUT);
    zg_test_expect_words(err.text, ": column 30 \"0123456789012345678901234567890123456789012345678"
                                   "901234567890123\" is one too many");
    zg_error_clear(&err);
    sprintf(text, "%.*s\n", 70,
            "0123456789012345678901234567890123456789012345678901234567890123456789");
    CU_ASSERT_EQUAL(read_text(&in, &zg_schema_curve, text, &err), ZG_INPUT);
    zg_test_expect_words(err.text,
                         ": column 1 is \"0123456789012345678901234567890123456789012345678"
                         "901234567890123\", want \"engine\"");
}

/* Line ends of every kind, a mark at the start, and thousands of rows, each with texts. */
static void line_ends_and_marks(void)
{
    enum { ROWS = 5000 };
    static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n"};
    char *const text = malloc(ROWS * 64 + 2048);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
        struct zg_csv_in *in = NULL;
        char *end = text + sprintf(text, "%s", "\xef\xbb\xbf");
        end = put_header(end, &zg_schema_curve, zg_schema_curve.n_columns);
        end += sprintf(end - 1, "%s", ends[e]) - 1;
        for (int i = 0; i < ROWS; i++)
            end += sprintf(end, "e%d,\"m,%d\",,,,,,,,,,,,,,%d,,0.5,,,,,,,,,,,%s", i, i, i, ends[e]);
        strcpy(end, "\n"); /* a last line without its end would be torn; this one is empty */
        CU_ASSERT_EQUAL_FATAL(read_text(&in, &zg_schema_curve, text, NULL), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(in->n, ROWS);
        CU_ASSERT_PTR_NULL(in->warning);
        const struct zg_curve_row *const rows = in->rows;
        bool good = true;
        for (int i = 0; i < ROWS && good; i++)
            good = atoi(rows[i].id.engine + 1) == i && atoi(rows[i].id.model + 2) == i &&
                   rows[i].id.model[1] == ',' && rows[i].step == i && rows[i].loss_plus == 0.5 &&
                   !rows[i].id.task && isnan(rows[i].wall_s);
        CU_ASSERT(good);
        zg_csv_in_close(&in);
    }
    free(text);
}

static void a_torn_row_is_told(void)
{
    char text[1024], dir[64], path[128], warning[256];
    struct zg_csv_in *in = NULL;
    char *const end = put_header(text, &zg_schema_curve, zg_schema_curve.n_columns);
    strcpy(end - 1, "\n,,,,,,,,,,,,,,,1,,,,,,,,,,,,,\n,,");
    make_temp_dir(dir);
    snprintf(path, sizeof path, "%s/curve.csv", dir);
    write_temp_file(dir, "curve.csv", text, strlen(text));
    CU_ASSERT_EQUAL_FATAL(zg_csv_in_open(&in, path, &zg_schema_curve, NULL), ZG_OK);
    CU_ASSERT(in->n == 1 && ((const struct zg_curve_row *)in->rows)->step == 1);
    snprintf(warning, sizeof warning, "%s: the last row is torn and was dropped", path);
    CU_ASSERT_STRING_EQUAL(in->warning, warning);
    zg_csv_in_close(&in);
    remove_temp_dir(dir);
}

/* ---- read() as it may be ---- */

ssize_t __real_read(int fd, void *to, size_t n);
ssize_t __wrap_read(int fd, void *to, size_t n);

static enum { READ_ALL, READ_SHORT, READ_FAILS, READ_ENDS } read_mode;
static int n_reads;
static size_t read_left; /* of the file, at most */
static bool read_asked_too_much;

ssize_t __wrap_read(int fd, void *to, size_t n)
{
    n_reads++;
    if (read_mode == READ_ALL)
        return __real_read(fd, to, n);
    read_asked_too_much |= n > read_left;
    if (n_reads % 2 == 1) {
        errno = EINTR;
        return -1;
    }
    if (n_reads == 6 && read_mode == READ_FAILS) {
        errno = EIO;
        return -1;
    }
    if (n_reads >= 4 && read_mode == READ_ENDS)
        return 0;
    const size_t most = n_reads == 2 ? 1 : 100;
    const ssize_t got = __real_read(fd, to, n < most ? n : most);
    read_left -= got > 0 ? (size_t)got : 0;
    return got;
}

/* Interrupted, a hundred bytes at a time; an error in the middle; a file that has become shorter
 * than it was. */
static void reads_as_they_may_be(void)
{
    char text[1024], dir[64];
    struct zg_csv_in *in = NULL;
    struct zg_error err = {0};
    char *const end = put_header(text, &zg_schema_curve, zg_schema_curve.n_columns);
    strcpy(end - 1, "\n,,,,,,,,,,,,,,,1,,,,,,,,,,,,,\n,,,,,,,,,,,,,,,2,,,,,,,,,,,,,\n");
    make_temp_dir(dir);
    write_temp_file(dir, "curve.csv", text, strlen(text));
    for (int mode = READ_SHORT; mode <= READ_ENDS; mode++) {
        read_mode = mode;
        n_reads = 0;
        read_left = strlen(text);
        read_asked_too_much = false;
        const enum zg_status status =
            zg_csv_in_open(&in, temp_path(dir, "curve.csv"), &zg_schema_curve, &err);
        read_mode = READ_ALL;
        CU_ASSERT_FALSE(read_asked_too_much);
        CU_ASSERT_EQUAL(status, mode == READ_SHORT ? ZG_OK : ZG_INPUT);
        CU_ASSERT(status || (in->n == 2 && ((const struct zg_curve_row *)in->rows)[1].step == 2));
        if (status)
            zg_test_expect_words(err.text, mode == READ_FAILS
                                               ? "curve.csv: cannot read: Input/output error"
                                               : "curve.csv: no complete header row");
        zg_error_clear(&err);
        zg_csv_in_close(&in);
    }
    remove_temp_dir(dir);
}

/* Without a standard input the file's descriptor is 0. */
static void descriptor_0(void)
{
    struct zg_csv_in *in = NULL;
    char text[1024];
    char *const end = put_header(text, &zg_schema_curve, zg_schema_curve.n_columns);
    strcpy(end - 1, "\n");
    const int kept = dup(0);
    CU_ASSERT_FATAL(kept > 0 && close(0) == 0);
    CU_ASSERT_EQUAL(read_text(&in, &zg_schema_curve, text, NULL), ZG_OK);
    dup2(kept, 0);
    close(kept);
    zg_csv_in_close(&in);
}

/* Of this version, with extra columns, and of an older one. */
static void without_memory(void)
{
    static const char older[] =
        "engine,model,task,objective,algorithm,dtype,scope,direction,"
        "direction_scale,split,batch,rank,nu,eps,lr,bos,row_limit,threads,"
        "seed,synthetic,layers_resident,step,epoch,loss_plus,loss_minus,"
        "c,lr,lr_effective,forwards,wall_s,rows_xxh3,eval_split,eval_loss,"
        "eval_metric,eval_wall_s\n"
        "e,m,t,task,lozo,fp32,linear,,,train,16,2,,,,0,,2,1,1,,3,,,,,,,,,,,,,\n";
    char text[4096], dir[64];
    char *const end = put_header(text, &zg_schema_samples, zg_schema_samples.n_columns);
    strcpy(end, "one,two,three\n");
    make_temp_dir(dir);
    for (int kind = 0; kind < 2; kind++) {
        const struct zg_schema *const schema = kind ? &zg_schema_curve : &zg_schema_samples;
        write_temp_file(dir, schema->file, kind ? older : text, strlen(kind ? older : text));
        for (int n = 1;; n++) {
            struct zg_csv_in *in = NULL;
            struct zg_error err = {0};
            fail_allocation(n);
            const enum zg_status status =
                zg_csv_in_open(&in, temp_path(dir, schema->file), schema, &err);
            const bool failed = allocation_failed();
            CU_ASSERT_EQUAL(status, failed ? ZG_ENV : ZG_OK);
            CU_ASSERT_EQUAL(in == NULL, failed);
            zg_csv_in_close(&in);
            if (!failed)
                break;
            zg_test_expect_words(err.text, ": no memory to read it");
        }
    }
    remove_temp_dir(dir);
}

/* Writes a file of an older version: the first n columns, `added` after the first `at` of them
 * (NULL: none), and a row of cells "1"; returns what reading it says. */
static enum zg_status read_older(struct zg_csv_in **in, const struct zg_schema *schema, int version,
                                 int64_t n, const char *added, int64_t at)
{
    struct zg_older_schema older;
    char dir[64], text[4096] = "";
    size_t used = 0;
    CU_ASSERT_FATAL(zg_older_schema_of(&older, schema, version));
    n = n > 0 ? n : older.schema.n_columns + n;
    make_temp_dir(dir);
    for (int64_t i = 0; i <= n; i++) {
        const char *const comma = used ? "," : "";
        if (i == at && added)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", comma, added);
        if (i < n)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "",
                                     older.columns[i].name);
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "\n1");
    for (int64_t i = 1; i < n + (added != NULL); i++)
        used += (size_t)snprintf(text + used, sizeof text - used, ",1");
    used += (size_t)snprintf(text + used, sizeof text - used, "\n");
    CU_ASSERT_FATAL(used < sizeof text);
    write_temp_file(dir, schema->file, text, used);
    const enum zg_status status = zg_csv_in_open(in, temp_path(dir, schema->file), schema, NULL);
    remove_temp_dir(dir);
    return status;
}

static int64_t n_at_first(const struct zg_schema *schema, int version)
{
    struct zg_older_schema older;
    int64_t n = 1;
    CU_ASSERT_FATAL(zg_older_schema_of(&older, schema, version));
    while (strcmp(older.columns[n - 1].name, older.schema.last_at_first) != 0)
        n++;
    return n;
}

static void older_versions_read(void)
{
    struct zg_csv_in *in = NULL;
    for (int version = 1; version <= 2; version++) {
        const int64_t least = n_at_first(&zg_schema_summary, version);
        CU_ASSERT_EQUAL(read_older(&in, &zg_schema_summary, version, least - 1, NULL, 0), ZG_INPUT);
        CU_ASSERT_EQUAL(read_older(&in, &zg_schema_summary, version, least, "more", least),
                        ZG_INPUT);
        CU_ASSERT_EQUAL_FATAL(read_older(&in, &zg_schema_summary, version, least, NULL, 0), ZG_OK);
        const struct zg_summary_row *const row = in->rows;
        CU_ASSERT_STRING_EQUAL(row->id.algorithm,
                               "1:rank=1+nu=1+eps=1+lr=1+direction=1+direction-scale=1");
        CU_ASSERT_STRING_EQUAL(row->id.split, "1");
        CU_ASSERT_EQUAL(row->id.synthetic, 1);
        CU_ASSERT_EQUAL(row->id.layers_resident, version == 1 ? ZG_NO_INTEGER : 1);
        CU_ASSERT_EQUAL(row->steps, 1);
        CU_ASSERT_EQUAL(row->layers, version == 1 ? ZG_NO_INTEGER : 1);
        /* columns of a version are added at the end: a file of before them has empty cells there */
        CU_ASSERT(isnan(row->peak_share_then));
        CU_ASSERT_EQUAL(row->fidelity_probes, ZG_NO_INTEGER);
        zg_csv_in_close(&in);
    }
    /* what follows the columns that it has is extra */
    struct zg_older_schema older;
    CU_ASSERT_FATAL(zg_older_schema_of(&older, &zg_schema_samples, 2));
    const int64_t n = older.schema.n_columns - 1;
    CU_ASSERT_EQUAL_FATAL(read_older(&in, &zg_schema_samples, 2, n, "papi_tot_ins", n), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(in->n_extra, 1);
    CU_ASSERT_STRING_EQUAL(in->extra_names[0], "papi_tot_ins");
    CU_ASSERT_EQUAL(in->extra[0], 1);
    CU_ASSERT_EQUAL(((const struct zg_sample_row *)in->rows)->disturbed, ZG_NO_INTEGER);
    zg_csv_in_close(&in);
    /* but no column may be missing, or one be there that never was */
    CU_ASSERT_EQUAL(read_older(&in, &zg_schema_fidelity, 2, -1, NULL, 0), ZG_INPUT);
    CU_ASSERT_EQUAL(read_older(&in, &zg_schema_verify, 2, 0, "more", 12), ZG_INPUT);
    CU_ASSERT_EQUAL(read_older(&in, &zg_schema_verify, 1, 0, "layers_resident", 3), ZG_INPUT);
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_verify, ZG_SCHEMA_VERSION));
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_roofline, 2));
}

/* The rule of older_schema.h, as zg_algorithm_text() has it. */
static void older_rows_have_an_algorithm(void)
{
    static const struct {
        const char *cells, *text;
    } rows[] = {
        {"lozo,fp32,linear,correct,none,train,16,2,50,0.001,1e-06,",
         "lozo:rank=2+nu=50+eps=0.001+lr=1e-06"},
        {"lozo,fp32,linear,official,none,train,16,2,50,1e+10,0,",
         "lozo:rank=2+nu=50+eps=1e+10+lr=0+direction=official"},
        {"lozo,fp32,linear,official,rms,train,16,2,50,0.0010,1e-6,",
         "lozo:rank=2+nu=50+eps=0.001+lr=1e-06+direction=official+direction-scale=rms"},
        {"mezo,fp32,linear,,,train,16,,,0.001,1e-06,", "mezo:eps=0.001+lr=1e-06"},
        {"mezo,fp32,linear,,,train,16,,,,,", "mezo"},
        {"z,fp32,linear,,,train,16,,,,,", "z"},
        {",fp32,linear,,,train,16,2,,,,", NULL},
    };
    enum { N = sizeof rows / sizeof rows[0] };
    char dir[64], text[4096];
    struct zg_csv_in *in = NULL;
    int n = snprintf(text, sizeof text,
                     "engine,model,task,objective,algorithm,dtype,scope,"
                     "direction,direction_scale,split,batch,rank,nu,eps,lr,bos,"
                     "row_limit,threads,seed,synthetic,layers_resident,step,"
                     "epoch,loss_plus,loss_minus,c,lr,lr_effective,forwards,wall_s,rows_xxh3,"
                     "eval_split,eval_loss,eval_metric,eval_wall_s\n");
    for (int i = 0; i < N; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "e,m,t,task,%s0,,2,1,1,,%d,,,,,,,,,,,,,\n",
                      rows[i].cells, i);
    make_temp_dir(dir);
    write_temp_file(dir, "curve.csv", text, (size_t)n);
    CU_ASSERT_EQUAL_FATAL(zg_csv_in_open(&in, temp_path(dir, "curve.csv"), &zg_schema_curve, NULL),
                          ZG_OK);
    CU_ASSERT_EQUAL_FATAL(in->n, N);
    for (int i = 0; i < N; i++) {
        const struct zg_curve_row *const row = (const struct zg_curve_row *)in->rows + i;
        CU_ASSERT_EQUAL(row->step, i);
        CU_ASSERT(zg_cell_same_text(row->id.algorithm, rows[i].text));
    }
    zg_csv_in_close(&in);
    remove_temp_dir(dir);
}

/* Each allocation of a writer fails once: one clear error, and no file but its own lies there. */
static void writers_without_memory(void)
{
    static const char *const names[] = {"one", "two"};
    static const enum zg_csv_mode modes[] = {ZG_CSV_STREAM, ZG_CSV_REPLACE};
    for (int m = 0; m < 2; m++)
        for (int n = 1;; n++) {
            const struct zg_sample_row row = sample_row(1);
            const double extra[] = {1, NAN};
            struct zg_csv_out *out = NULL;
            struct zg_error err = {0};
            char dir[64];
            make_temp_dir(dir);
            fail_allocation(n);
            enum zg_status status =
                zg_csv_out_open(&out, dir, &zg_schema_samples, modes[m], names, 2, &err);
            CU_ASSERT_EQUAL(out == NULL, status != ZG_OK);
            if (!status)
                status = zg_csv_out_row(out, &row, extra, &err);
            if (!status)
                status = zg_csv_out_close(&out, &err);
            else
                zg_csv_out_abort(&out);
            const bool failed = allocation_failed();
            CU_ASSERT_EQUAL(status, failed ? ZG_ENV : ZG_OK);
            CU_ASSERT_EQUAL(err.text[0] != '\0', failed);
            CU_ASSERT(count_temp_files(dir) <= 1);
            remove_temp_dir(dir);
            if (!failed)
                break;
        }
    zg_csv_out_abort(NULL);
}

static void older_schemas(void)
{
    static const struct {
        const struct zg_schema *schema;
        const char *last[2]; /* at first, of versions 1 and 2 */
    } known[] = {
        {&zg_schema_samples, {"involuntary_switches", "involuntary_switches"}},
        {&zg_schema_phases, {"bytes_per_step", "bytes_per_step"}},
        {&zg_schema_summary, {"steps", "layers"}},
        {&zg_schema_verify, {"reason", "reason"}},
        {&zg_schema_fidelity, {NULL, NULL}},
        {&zg_schema_curve, {NULL, NULL}},
    };
    struct zg_older_schema older;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (int version = 1; version <= 2; version++) {
            const char *const want = known[i].last[version - 1];
            CU_ASSERT_FATAL(zg_older_schema_of(&older, known[i].schema, version));
            const char *const got = older.schema.last_at_first;
            CU_ASSERT(want ? got && strcmp(got, want) == 0 : !got);
            CU_ASSERT_EQUAL(older.schema.n_columns, known[i].schema->n_columns + 4 + version);
        }
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_curve, 0));
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_curve, -1));
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_curve, ZG_SCHEMA_VERSION));
    /* as many columns as there is room for, with the six that are gone, and one more */
    struct zg_column columns[ZG_MOST_COLUMNS];
    struct zg_schema wide = zg_schema_curve;
    for (int64_t i = 0; i < ZG_MOST_COLUMNS; i++)
        columns[i] = zg_schema_curve.columns[i < wide.n_columns ? i : wide.n_columns - 1];
    wide.columns = columns;
    wide.n_columns = ZG_MOST_COLUMNS - 6;
    CU_ASSERT(zg_older_schema_of(&older, &wide, 2));
    CU_ASSERT_EQUAL(older.schema.n_columns, ZG_MOST_COLUMNS);
    wide.n_columns++;
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &wide, 2));
}

/* The text of an older row ends where there is room no more; writing further crashes. */
static void older_texts_are_cut_to_fit(void)
{
    struct zg_older_schema older;
    char name[400] = "", direction[400], *const text = exact_copy(name, ZG_OLDER_TEXT);
    struct zg_cell value = {.text = direction};
    CU_ASSERT_FATAL(zg_older_schema_of(&older, &zg_schema_curve, 2));
    older.schema.columns = older.columns;
    struct zg_case_row *const row = calloc(1, older.schema.row_size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    for (size_t n = 200; n < 400; n += 25) {
        memset(name, 'n', sizeof name);
        memset(direction, 'd', sizeof direction);
        name[n] = direction[n] = '\0';
        zg_row_clear(&older.schema, row);
        row->algorithm = name;
        CU_ASSERT_STRING_EQUAL(older.columns[7].name, "direction");
        zg_row_set_cell(&older.columns[7], row, &value);
        zg_older_algorithm(&older, row, text);
        CU_ASSERT_EQUAL(strlen(text), ZG_OLDER_TEXT - 1);
        CU_ASSERT_EQUAL(strncmp(text, name, n < 255 ? n : 255), 0);
    }
    free(row);
    exact_free(text, ZG_OLDER_TEXT);
}

static void lists_keep_texts(void)
{
    struct zg_row_list list = {.schema = &zg_schema_curve};
    struct zg_curve_row row;
    for (int i = 0; i < 100; i++) {
        char engine[16];
        zg_row_clear(&zg_schema_curve, &row);
        snprintf(engine, sizeof engine, "engine%d", i % 2);
        row.id.engine = engine;
        row.step = i;
        CU_ASSERT_EQUAL(zg_row_list_add(&list, &row, NULL), ZG_OK);
    }
    const struct zg_curve_row *const rows = list.rows;
    CU_ASSERT_EQUAL(list.n, 100);
    CU_ASSERT_EQUAL(list.n_texts, 2);
    CU_ASSERT_STRING_EQUAL(rows[99].id.engine, "engine1");
    CU_ASSERT_PTR_NULL(rows[99].id.model);
    CU_ASSERT_EQUAL(rows[99].step, 99);
    zg_row_list_close(&list);
    CU_ASSERT_EQUAL(list.n, 0);
    zg_row_list_close(&list);
}

/* Each schema: columns distinct, inside the struct, and the file's own header accepted by the
 * reader. */
static void schemas_are_consistent(void)
{
    const struct zg_schema *const schemas[] = {&zg_schema_samples,  &zg_schema_phases,
                                               &zg_schema_summary,  &zg_schema_verify,
                                               &zg_schema_fidelity, &zg_schema_curve};
    char dir[64];
    make_temp_dir(dir);
    for (size_t s = 0; s < sizeof schemas / sizeof *schemas; s++) {
        const struct zg_schema *const schema = schemas[s];
        for (int64_t i = 0; i < schema->n_columns; i++) {
            CU_ASSERT(schema->columns[i].offset + 8 <= schema->row_size);
            for (int64_t j = 0; j < i; j++)
                CU_ASSERT(strcmp(schema->columns[i].name, schema->columns[j].name) != 0);
        }
        char *const row = malloc(schema->row_size);
        zg_row_clear(schema, row);
        const struct zg_case_row c = {.engine = "e", .batch = 16, .synthetic = 1};
        memcpy(row, &c, sizeof c); /* the first member of any row of a case */
        struct zg_csv_out *out = NULL;
        struct zg_csv_in *in = NULL;
        CU_ASSERT_EQUAL_FATAL(zg_csv_out_open(&out, dir, schema, ZG_CSV_REPLACE, NULL, 0, NULL),
                              ZG_OK);
        CU_ASSERT_EQUAL(zg_csv_out_row(out, row, NULL, NULL), ZG_OK);
        CU_ASSERT_EQUAL(zg_csv_out_close(&out, NULL), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(zg_csv_in_open(&in, temp_path(dir, schema->file), schema, NULL),
                              ZG_OK);
        CU_ASSERT_EQUAL_FATAL(in->n, 1);
        const struct zg_case_row *const back = in->rows;
        CU_ASSERT_STRING_EQUAL(back->engine, "e");
        CU_ASSERT_EQUAL(back->batch, 16);
        CU_ASSERT_EQUAL(back->synthetic, 1);
        zg_csv_in_close(&in);
        free(row);
    }
    remove_temp_dir(dir);
}

int main(void)
{
    const struct zg_test tests[] = {{"samples round trip", samples_round_trip},
                                    {"the format is as documented", the_format_is_as_documented},
                                    {"a stream is continued", a_stream_is_continued},
                                    {"a full disk is reported", a_full_disk_is_reported},
                                    {"replacing is all or nothing", replacing_is_all_or_nothing},
                                    {"broken files are named", broken_files_are_named},
                                    {"broken headers are named", broken_headers_are_named},
                                    {"columns that came later", columns_that_came_later},
                                    {"line ends and marks", line_ends_and_marks},
                                    {"a torn row is told", a_torn_row_is_told},
                                    {"reads as they may be", reads_as_they_may_be},
                                    {"descriptor 0", descriptor_0},
                                    {"without memory", without_memory},
                                    {"writers without memory", writers_without_memory},
                                    {"older schemas", older_schemas},
                                    {"older texts are cut to fit", older_texts_are_cut_to_fit},
                                    {"older versions read", older_versions_read},
                                    {"older rows have an algorithm", older_rows_have_an_algorithm},
                                    {"lists keep texts", lists_keep_texts},
                                    {"schemas are consistent", schemas_are_consistent},
                                    {0}};
    return zg_test_run("csv", tests);
}
