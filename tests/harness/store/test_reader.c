/* test_reader.c - reader.c, rows/case_row.c: what a run wrote reads back grouped, and
 * what cannot be trusted is refused with the file named. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/rows/case_row.h"
#include "harness/store/reader.h"
#include "tests/harness/result_fixture.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static const double slow[] = {2.0, 2.2, 2.1, 2.05, 2.15, 2.3};
static const double fast[] = {1.0, 1.1, 0.9, 1.05, 1.02, 0.95};
static const struct zg_fixture_engine engines[] = {
    {.engine = "naive", .n = 6, .wall_s = slow},
    {.engine = "fused", .n = 6, .wall_s = fast},
    {.engine = "openblas", .disagrees = true},
    {.engine = "naive", .batch = 32, .n = 5, .wall_s = slow},
};
static const struct zg_fixture fixture = {.n_engines = 4, .engines = engines};

/* The file's content with the first `from` after the header made `to`; `to` NULL: cut before
 * `from`. */
static void change(const char *dir, const char *name, const char *from, const char *to)
{
    char *const old = read_temp_file(dir, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(old);
    char *const at = strstr(old, from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    const size_t begin = (size_t)(at - old), tail = to ? strlen(at) - strlen(from) : 0;
    const size_t n = begin + (to ? strlen(to) : 0) + tail;
    char *const text = malloc(n + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memcpy(text, old, begin);
    if (to) {
        memcpy(text + begin, to, strlen(to));
        memcpy(text + n - tail, at + strlen(from), tail);
    }
    write_temp_file(dir, name, text, n);
    free(text);
    free(old);
}

static void groups_samples(void)
{
    char dir[64];
    struct zg_result_reader *set = NULL;
    struct zg_error err = {0};
    make_temp_dir(dir);
    zg_fixture_write(dir, &fixture);
    CU_ASSERT_EQUAL_FATAL(zg_result_reader_open(&set, dir, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(set->dir, dir);
    CU_ASSERT_EQUAL_FATAL(set->n_cases, 4);
    CU_ASSERT_EQUAL(set->n_warnings, 0);
    CU_ASSERT_FALSE(set->torn);
    for (int64_t i = 0; i < 4; i++) {
        const struct zg_result_case *const c = &set->cases[i];
        CU_ASSERT_STRING_EQUAL(c->id.engine, engines[i].engine);
        CU_ASSERT_EQUAL(c->id.batch, engines[i].batch ? engines[i].batch : 16);
        CU_ASSERT_EQUAL_FATAL(c->n, engines[i].n);
        CU_ASSERT_EQUAL(c->verified, engines[i].disagrees ? 0 : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(c->verify);
        CU_ASSERT_PTR_EQUAL(zg_result_reader_find(set, &c->id), c);
        for (int64_t s = 0; s < c->n; s++) {
            CU_ASSERT_EQUAL(c->block[s], s);
            CU_ASSERT_EQUAL(c->steps[s], 4);
            CU_ASSERT_EQUAL(c->wall_s[s], engines[i].wall_s[s]);
            CU_ASSERT_EQUAL(c->counters[s * set->n_counters], 2.0 * (double)s); /* a step */
        }
    }
    CU_ASSERT_EQUAL(zg_result_reader_counter(set, "perf_page_faults"), 0);
    CU_ASSERT_EQUAL(zg_result_reader_counter(set, ZG_INSTRUCTIONS_COLUMN), -1);
    CU_ASSERT_STRING_EQUAL(set->meta.cpu_name, "Test CPU");
    CU_ASSERT_STRING_EQUAL(set->meta.baseline, "naive");
    CU_ASSERT_EQUAL(set->meta.threads, 2);
    CU_ASSERT_EQUAL(set->meta.fp32_gflops, 100);
    CU_ASSERT(isnan(set->meta.int8_gflops));
    CU_ASSERT_EQUAL(json_array_size(set->meta.warnings), 1);
    zg_result_reader_close(&set);
    CU_ASSERT_PTR_NULL(set);
    zg_result_reader_close(&set);
    remove_temp_dir(dir);
}

/* A sweep over --dtype: the same engine again is another case, with blocks of its own. */
static void pairs_in_a_group(void)
{
    const struct zg_fixture_engine sweep[] = {
        {.engine = "naive", .n = 6, .wall_s = slow},
        {.engine = "fused", .n = 5, .wall_s = fast},
        {.engine = "naive", .dtype = "bf16", .n = 4, .wall_s = fast},
        {.engine = "fused", .dtype = "bf16", .n = 4, .wall_s = slow},
        {.engine = "fused", .batch = 32, .n = 4, .wall_s = slow},
    };
    char dir[64];
    double ratios[6];
    struct zg_result_reader *set = NULL;
    make_temp_dir(dir);
    zg_fixture_write(dir, &(struct zg_fixture){.n_engines = 5, .engines = sweep});
    CU_ASSERT_EQUAL_FATAL(zg_result_reader_open(&set, dir, NULL), ZG_OK);
    const struct zg_result_case *const c = set->cases;
    CU_ASSERT_EQUAL(c[0].group, 0);
    CU_ASSERT_EQUAL(c[1].group, 0);
    CU_ASSERT_EQUAL(c[2].group, 1);
    CU_ASSERT_EQUAL(c[3].group, 1);
    CU_ASSERT_EQUAL(c[4].group, 2);
    CU_ASSERT_PTR_EQUAL(zg_result_reader_baseline(set, &c[1]), &c[0]);
    CU_ASSERT_PTR_EQUAL(zg_result_reader_baseline(set, &c[3]), &c[2]);
    CU_ASSERT_PTR_NULL(zg_result_reader_baseline(set, &c[4]));
    CU_ASSERT_EQUAL_FATAL(zg_result_case_ratios(&c[0], &c[1], ratios), 5);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(ratios[i], slow[i] / fast[i]);
    const int64_t odd[] = {1, 3, 4, 9};
    struct zg_result_case gaps = c[3];
    gaps.block = odd;
    CU_ASSERT_EQUAL_FATAL(zg_result_case_ratios(&c[0], &gaps, ratios), 3);
    CU_ASSERT_EQUAL(ratios[0], slow[1] / slow[0]);
    CU_ASSERT_EQUAL(ratios[2], slow[4] / slow[2]);
    CU_ASSERT_EQUAL_FATAL(zg_result_case_ratios(&gaps, &c[0], ratios), 3);
    CU_ASSERT_EQUAL(ratios[0], slow[0] / slow[1]);
    zg_result_reader_close(&set);
    remove_temp_dir(dir);
}

static void names_differences(void)
{
    char dir[64], text[256], cut[8];
    struct zg_result_reader *set = NULL;
    const struct zg_fixture_engine unlike[] = {
        {.engine = "naive", .n = 6, .wall_s = slow},
        {.engine = "fused", .dtype = "bf16", .n = 6, .wall_s = slow},
        {.engine = "naive", .n = 6, .wall_s = slow, .batch = 32, .threads = 4, .useful_flops = 2e9},
    };
    make_temp_dir(dir);
    zg_fixture_write(dir, &(struct zg_fixture){.n_engines = 3, .engines = unlike});
    CU_ASSERT_EQUAL_FATAL(zg_result_reader_open(&set, dir, NULL), ZG_OK);
    const struct zg_result_case *const c = set->cases;
    CU_ASSERT_EQUAL(zg_result_case_differences(&c[0], &c[1], NULL, text, sizeof text), 0);
    CU_ASSERT_STRING_EQUAL(text, "");
    CU_ASSERT(zg_case_row_same_work(&c[0].id, &c[1].id, NULL));
    CU_ASSERT_FALSE(zg_case_row_same(&c[0].id, &c[1].id));
    CU_ASSERT_EQUAL(zg_result_case_differences(&c[0], &c[2], NULL, text, sizeof text), 3);
    CU_ASSERT_STRING_EQUAL(text, "batch 16 and 32, threads 2 and 4, "
                                 "useful_flops_per_step 1e+09 and 2e+09");
    CU_ASSERT_FALSE(zg_case_row_same_work(&c[0].id, &c[2].id, NULL));
    CU_ASSERT_EQUAL(zg_result_case_differences(&c[0], &c[2], NULL, cut, sizeof cut), 3);
    CU_ASSERT_STRING_EQUAL(cut, "batch 1");

    struct zg_case_row other = c[0].id;
    other.row_limit = 8;
    other.algorithm = "lozo:rank=4+nu=50+eps=0.001+direction=official";
    other.split = NULL;
    CU_ASSERT_EQUAL(zg_case_row_differences(&c[0].id, &other, NULL, text, sizeof text), 5);
    CU_ASSERT_STRING_EQUAL(text, "rank 2 and 4, lr 1e-06 and none, direction none and official, "
                                 "split train and none, row_limit none and 8");
    const struct zg_case_across across = {.columns = UINT64_C(1) << zg_case_column_find("split"),
                                          .options = {"rank", "direction_scale", "lr"},
                                          .n_options = 3};
    CU_ASSERT_EQUAL(zg_case_row_differences(&c[0].id, &other, &across, text, sizeof text), 2);
    CU_ASSERT_STRING_EQUAL(text, "direction none and official, row_limit none and 8");
    CU_ASSERT_FALSE(zg_case_row_same_across(&c[0].id, &other, &across));
    other.algorithm = "lozo:rank=4+nu=50+eps=0.001+lr=1e+06+direction-scale=rms";
    other.row_limit = c[0].id.row_limit;
    CU_ASSERT(zg_case_row_same_across(&c[0].id, &other, &across));
    CU_ASSERT_FALSE(zg_case_row_same(&c[0].id, &other));
    other.algorithm = "mezo:rank=4+nu=50+eps=0.001";
    CU_ASSERT_EQUAL(zg_case_row_differences(&c[0].id, &other, &across, text, sizeof text), 1);
    CU_ASSERT_STRING_EQUAL(text, "algorithm lozo and mezo");
    zg_result_reader_close(&set);
    remove_temp_dir(dir);
}

/* ---- what is refused ------------------------------------------------------------------------- */

/* Opening fails with ZG_INPUT and names these words. */
static void expect_refused(const char *dir, const char *file, const char *words)
{
    struct zg_result_reader *set = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_result_reader_open(&set, dir, &err), ZG_INPUT);
    CU_ASSERT_PTR_NULL(set);
    zg_test_expect_words(err.text, file);
    zg_test_expect_words(err.text, words);
    zg_result_reader_close(&set);
}

static void refuses_broken_files(void)
{
    static const struct {
        const char *file, *from, *to, *words;
    } broken[] = {
        {"meta.json", "\"schema_version\": ", "\"schema_version\": 9", "this zogap reads"},
        {"meta.json", "\"schema_version\"", "\"skema\"", "has no schema_version"},
        {"meta.json", "\"isa\"", "\"status\"", "duplicate"},
        {"meta.json", "{", NULL, "line"},
        {"meta.json", "\"pins\"", NULL, "line"},
        {"samples.csv", "engine,", NULL, "header"},
        {"samples.csv", "naive", NULL, "no row"},
        {"samples.csv", "fused,opt", NULL, "0 samples of engine naive where summary.csv counts 6"},
        {"samples.csv", ",0.95,", ",0,", "a time is positive"},
        {"samples.csv", ",0.95,", ",-0.95,", "a time is positive"},
        {"samples.csv", ",0.95,", ",nan,", "not a number"},
        {"samples.csv", ",0.95,", ",inf,", "not a number"},
        {"samples.csv", ",0.95,", ",,", "is empty"},
        {"samples.csv", ",1,2,4,1.1,", ",0,2,4,1.1,", "block 0 of engine fused is there twice"},
        {"samples.csv", ",4,0.95,", ",0,0.95,", "at least 1 step"},
        {"samples.csv", ",wall_s_per_step,", ",wall_ms_per_step,", "schema version"},
        {"summary.csv", "naive", NULL, "no row"},
        {"summary.csv", "\nfused,", "\nnaive,", "repeats engine naive"},
        {"summary.csv", "\nfused,", "\n,", "names no engine"},
        {"summary.csv", ",1,0,4,", ",0,0,4,", "not what verify.csv has"},
        {"verify.csv", "naive", NULL, "no row"},
    };
    char dir[64];
    make_temp_dir(dir);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        zg_fixture_write(dir, &fixture);
        change(dir, broken[i].file, broken[i].from, broken[i].to);
        expect_refused(dir, broken[i].file, broken[i].words);
    }
    static const char *const files[] = {"meta.json", "samples.csv", "summary.csv", "verify.csv"};
    for (int i = 0; i < 4; i++) {
        zg_fixture_write(dir, &fixture);
        write_temp_file(dir, files[i], "", 0);
        expect_refused(dir, files[i], "");
        unlink(temp_path(dir, files[i]));
        expect_refused(dir, files[i], "No such file");
    }
    expect_refused("", "\"\"", "No such file");
    zg_fixture_write(dir, &fixture);
    char path[128];
    snprintf(path, sizeof path, "%s", temp_path(dir, "samples.csv"));
    expect_refused(path, "samples.csv", "is not a directory");
    snprintf(path, sizeof path, "%s", temp_path(dir, "absent"));
    expect_refused(path, "absent", "No such file");
    char *const endless = malloc(100000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(endless);
    memset(endless, 'x', 99999);
    endless[99999] = '\0';
    expect_refused(endless, "xxx...", "longer than");
    free(endless);
    remove_temp_dir(dir);
}

/* An engine that was alone is neither right nor wrong. */
static void knows_what_was_not_checked(void)
{
    const struct zg_fixture_engine alone[] = {{.engine = "fused", .n = 6, .wall_s = fast}};
    char dir[64];
    struct zg_result_reader *set = NULL;
    make_temp_dir(dir);
    zg_fixture_write(dir, &(struct zg_fixture){.n_engines = 1, .engines = alone});
    change(dir, "summary.csv", ",1,0,4,", ",,0,4,");
    CU_ASSERT_EQUAL_FATAL(zg_result_reader_open(&set, dir, NULL), ZG_OK);
    CU_ASSERT_EQUAL(set->cases[0].verified, ZG_NO_INTEGER);
    zg_result_reader_close(&set);
    change(dir, "verify.csv", ",1,,,,,\n", ",0,loss,,,,\n");
    CU_ASSERT_EQUAL_FATAL(zg_result_reader_open(&set, dir, NULL), ZG_OK);
    CU_ASSERT_EQUAL(set->cases[0].verified, 0);
    zg_result_reader_close(&set);
    remove_temp_dir(dir);
}

static void drops_what_a_kill_left(void)
{
    char dir[64];
    struct zg_result_reader *set = NULL;
    make_temp_dir(dir);
    zg_fixture_write(dir, &fixture);
    char *const text = read_temp_file(dir, "samples.csv");
    write_temp_file(dir, "samples.csv", text, strlen(text) - 3);
    free(text);
    change(dir, "summary.csv",
           "naive,opt-125m,sst2,task,lozo:rank=2+nu=50+eps=0.001+lr=1e-06,fp32,linear,train,32",
           NULL);
    CU_ASSERT_EQUAL_FATAL(zg_result_reader_open(&set, dir, NULL), ZG_OK);
    CU_ASSERT(set->torn);
    CU_ASSERT_EQUAL_FATAL(set->n_warnings, 3);
    zg_test_expect_words(set->warnings[0], "samples.csv: the last row is torn and was dropped");
    zg_test_expect_words(set->warnings[1], "5 samples of a case that was cut off are left out");
    zg_test_expect_words(set->warnings[2],
                         "has 5 samples of engine naive where summary.csv counts 6");
    CU_ASSERT_EQUAL(set->n_cases, 3);
    CU_ASSERT_EQUAL(set->cases[0].n, 5);
    zg_result_reader_close(&set);
    remove_temp_dir(dir);
}

/* Instructions may stand alone: under valgrind no time means anything. */
static void takes_instructions_for_time(void)
{
    static const double counts[] = {4e9, 4.004e9};
    const struct zg_fixture_engine one[] = {{.engine = "fused", .n = 2, .instructions = counts}};
    const struct zg_fixture counted = {.n_engines = 1, .engines = one, .has_instructions = true};
    char dir[64];
    struct zg_result_reader *set = NULL;
    make_temp_dir(dir);
    zg_fixture_write(dir, &counted);
    CU_ASSERT_EQUAL_FATAL(zg_result_reader_open(&set, dir, NULL), ZG_OK);
    const int64_t column = zg_result_reader_counter(set, ZG_INSTRUCTIONS_COLUMN);
    CU_ASSERT_EQUAL_FATAL(column, 1);
    CU_ASSERT(isnan(set->cases[0].wall_s[1]));
    CU_ASSERT_EQUAL(set->cases[0].counters[1 * 2 + column], 1.001e9);
    zg_result_reader_close(&set);
    change(dir, "samples.csv", ",4e+09", ",0");
    expect_refused(dir, "samples.csv", "is empty");
    remove_temp_dir(dir);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"groups samples by engine and case", groups_samples},
        {"pairs what took turns", pairs_in_a_group},
        {"names the columns that differ", names_differences},
        {"refuses broken files", refuses_broken_files},
        {"knows what was not checked", knows_what_was_not_checked},
        {"drops what a kill left behind", drops_what_a_kill_left},
        {"takes instructions where there is no time", takes_instructions_for_time},
        {NULL, NULL},
    };
    return zg_test_run("reader", tests);
}
