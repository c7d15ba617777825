/* test_csv_in.c - csv_in.c: what is broken is named, and files are read however they come. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/rows/csv_in.h"
#include "tests/support/cunit_run.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/temp_dir.h"

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

int main(void)
{
    static const struct zg_test tests[] = {{"broken files are named", broken_files_are_named},
                                           {"broken headers are named", broken_headers_are_named},
                                           {"columns that came later", columns_that_came_later},
                                           {"line ends and marks", line_ends_and_marks},
                                           {"a torn row is told", a_torn_row_is_told},
                                           {"reads as they may be", reads_as_they_may_be},
                                           {"descriptor 0", descriptor_0},
                                           {"without memory", without_memory},
                                           {0}};
    return zg_test_run("csv in", tests);
}
