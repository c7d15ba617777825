/* test_csv.c - csv_out.c, row_list.c and the schemas: what is written reads back.  What is broken
 * is in test_csv_in.c, what an older version wrote in test_csv_older.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/file_out.h"
#include "harness/rows/case_row.h"
#include "harness/rows/csv_in.h"
#include "harness/rows/csv_out.h"
#include "harness/rows/row_list.h"
#include "tests/support/cunit_run.h"
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
    static const struct zg_test tests[] = {
        {"samples round trip", samples_round_trip},
        {"the format is as documented", the_format_is_as_documented},
        {"a stream is continued", a_stream_is_continued},
        {"a full disk is reported", a_full_disk_is_reported},
        {"replacing is all or nothing", replacing_is_all_or_nothing},
        {"writers without memory", writers_without_memory},
        {"lists keep texts", lists_keep_texts},
        {"schemas are consistent", schemas_are_consistent},
        {0}};
    return zg_test_run("csv", tests);
}
