/* result_fixture.c - writes result directories with the times that a test wants. */
#include "tests/harness/result_fixture.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/rows/csv_out.h"
#include "harness/stats/stats.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static struct zg_case_row case_of(const struct zg_fixture_engine *e)
{
    return (struct zg_case_row){
        .engine = e->engine,
        .model = "opt-125m",
        .task = "sst2",
        .objective = "task",
        .algorithm = e->algorithm ? e->algorithm : "lozo:rank=2+nu=50+eps=0.001+lr=1e-06",
        .dtype = e->dtype ? e->dtype : "fp32",
        .scope = "linear",
        .split = "train",
        .batch = e->batch ? e->batch : 16,
        .bos = -1,
        .row_limit = ZG_NO_INTEGER,
        .threads = e->threads ? e->threads : 2,
        .seed = 1,
        .synthetic = 1,
        .layers_resident = ZG_NO_INTEGER,
    };
}

static const char *baseline_of(const struct zg_fixture *f)
{
    return f->baseline ? f->baseline : f->engines[0].engine;
}

static void write_meta(const char *dir, const struct zg_fixture *f)
{
    json_t *const meta = json_pack(
        "{s:i, s:{s:s, s:s}, s:s, s:s, s:s, s:s, s:s, s:{s:{s:s}, s:{s:s}}, s:{s:i}, s:{s:f, s:f}, "
        "s:[s]}",
        "schema_version", ZG_SCHEMA_VERSION, "zogap", "version", "0.1.0", "git", "0123456789ab",
        "command", "run", "status", "complete", "started_utc", "2026-01-01T00:00:00Z", "baseline",
        baseline_of(f), "isa", "avx2", "machine", "cpu", "name",
        f->cpu_name ? f->cpu_name : "Test CPU", "system", "kernel", f->kernel ? f->kernel : "6.1.0",
        "pins", "n_threads", 2, "peak", "fp32_gflops_all",
        f->fp32_gflops > 0 ? f->fp32_gflops : 100.0, "read_gb_per_s_all", 20.0, "warnings",
        "a neighbour is noisy");
    CU_ASSERT_PTR_NOT_NULL_FATAL(meta);
    if (f->meta) {
        json_t *const members = json_loads(f->meta, 0, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(members);
        CU_ASSERT_EQUAL(json_object_update(meta, members), 0);
        json_decref(members);
    }
    char *const text = json_dumps(meta, JSON_INDENT(2));
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    write_temp_file(dir, "meta.json", text, strlen(text));
    free(text);
    json_decref(meta);
}

static void write_samples(const char *dir, const struct zg_fixture *f)
{
    static const char *const names[] = {"perf_page_faults", "instructions"};
    struct zg_csv_out *csv = NULL;
    int64_t n_blocks = 0;
    CU_ASSERT_EQUAL_FATAL(zg_csv_out_open(&csv, dir, &zg_schema_samples, ZG_CSV_REPLACE, names,
                                          f->has_instructions ? 2 : 1, NULL),
                          ZG_OK);
    for (int64_t i = 0; i < f->n_engines; i++)
        n_blocks = f->engines[i].n > n_blocks ? f->engines[i].n : n_blocks;
    for (int64_t block = 0; block < n_blocks; block++)
        for (int64_t i = f->n_engines - 1; i >= 0; i--) { /* not the order of summary.csv */
            const struct zg_fixture_engine *const e = &f->engines[i];
            struct zg_sample_row row;
            if (block >= e->n)
                continue;
            zg_row_clear(&zg_schema_samples, &row);
            row.id = case_of(e);
            row.block = block;
            row.order = f->n_engines - 1 - i;
            row.steps = 4;
            row.wall_s_per_step = e->wall_s ? e->wall_s[block] : NAN;
            const double extra[] = {(double)(8 * block),
                                    e->instructions ? e->instructions[block] : NAN};
            CU_ASSERT_EQUAL(zg_csv_out_row(csv, &row, extra, NULL), ZG_OK);
        }
    CU_ASSERT_EQUAL(zg_csv_out_close(&csv, NULL), ZG_OK);
}

static void set_summary(struct zg_summary_row *row, const struct zg_fixture *f,
                        const struct zg_fixture_engine *e)
{
    struct zg_stats stats = {.median = NAN, .mad = NAN, .low = NAN, .high = NAN};
    double scratch[64];
    CU_ASSERT_FATAL(e->n <= 64);
    zg_row_clear(&zg_schema_summary, row);
    row->id = case_of(e);
    if (e->n > 0 && e->wall_s)
        zg_stats_of(e->wall_s, e->n, scratch, &stats);
    row->n = e->n;
    row->wall_s_per_step_median = stats.median;
    row->wall_s_per_step_mad = stats.mad;
    row->wall_s_per_step_ci_low = stats.low;
    row->wall_s_per_step_ci_high = stats.high;
    row->baseline = baseline_of(f);
    row->useful_flops_per_step = e->useful_flops > 0 ? e->useful_flops : 1e9;
    row->verified = e->disagrees ? 0 : 1;
    row->extrapolated = 0;
    row->steps = 4;
}

void zg_fixture_write(const char *dir, const struct zg_fixture *f)
{
    struct zg_csv_out *summary = NULL, *verify = NULL;
    write_meta(dir, f);
    write_samples(dir, f);
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_out_open(&summary, dir, &zg_schema_summary, ZG_CSV_REPLACE, NULL, 0, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_out_open(&verify, dir, &zg_schema_verify, ZG_CSV_REPLACE, NULL, 0, NULL), ZG_OK);
    for (int64_t i = 0; i < f->n_engines; i++) {
        const struct zg_fixture_engine *const e = &f->engines[i];
        struct zg_summary_row row;
        struct zg_verify_row checked;
        set_summary(&row, f, e);
        CU_ASSERT_EQUAL(zg_csv_out_row(summary, &row, NULL, NULL), ZG_OK);
        zg_row_clear(&zg_schema_verify, &checked);
        checked.id = case_of(e);
        checked.reference = baseline_of(f);
        checked.passed = e->disagrees ? 0 : 1;
        checked.reason = e->disagrees ? "loss differs" : NULL;
        CU_ASSERT_EQUAL(zg_csv_out_row(verify, &checked, NULL, NULL), ZG_OK);
    }
    CU_ASSERT_EQUAL(zg_csv_out_close(&verify, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_csv_out_close(&summary, NULL), ZG_OK);
}
