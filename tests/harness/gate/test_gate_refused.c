/* test_gate_refused.c - `zogap gate` through the real program, of directories that it must not
 * judge: exit code, one line each, and no two lines alike. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/child.h"
#include "tests/harness/gate/place.h"

static void no_baseline(struct place *p)
{
    remove_temp_dir(p->old);
}
static void empty(struct place *p)
{
    remove_temp_dir(p->new);
    mkdir(p->new, 0777);
}
static void header_only(struct place *p)
{
    place_change(p, "samples.csv", "fused,opt", NULL); /* the first row */
}
static void torn(struct place *p)
{
    char *const text = read_temp_file(p->new, "samples.csv");
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    write_temp_file(p->new, "samples.csv", text, strlen(text) - 3);
    free(text);
}
static void other_machine(struct place *p)
{
    place_change(p, "meta.json", "Test CPU", "Other CPU");
}
static void other_schema(struct place *p)
{
    place_change(p, "meta.json", "\"schema_version\": ", "\"schema_version\": 9");
}
static void one_engine(struct place *p, struct zg_fixture_engine fused)
{
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = fused.n, .wall_s = place_naive_s, .threads = fused.threads},
        fused};
    zg_fixture_write(p->new, &(struct zg_fixture){.n_engines = 2, .engines = engines});
}
static void other_threads(struct place *p)
{
    one_engine(p, (struct zg_fixture_engine){
                      .engine = "fused", .n = PLACE_N, .wall_s = place_noise, .threads = 4});
}
static void missing_case(struct place *p)
{
    one_engine(p,
               (struct zg_fixture_engine){.engine = "onednn", .n = PLACE_N, .wall_s = place_noise});
}
static void failed_check(struct place *p)
{
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = "fused", .disagrees = true}};
    zg_fixture_write(p->new, &(struct zg_fixture){.n_engines = 2, .engines = engines});
}
static void zero_seconds(struct place *p)
{
    place_change(p, "samples.csv", ",1.01,", ",0,");
}
static void nan_seconds(struct place *p)
{
    place_change(p, "samples.csv", ",1.01,", ",nan,");
}
static void one_block(struct place *p)
{
    one_engine(p, (struct zg_fixture_engine){.engine = "fused", .n = 1, .wall_s = place_noise});
}
static void few_blocks(struct place *p)
{
    one_engine(p, (struct zg_fixture_engine){.engine = "fused", .n = 2, .wall_s = place_noise});
}
static void zero_variance(struct place *p)
{
    double half_s[PLACE_N];
    for (int i = 0; i < PLACE_N; i++)
        half_s[i] = place_naive_s[i] / 2; /* a ratio of 0.5 in every block */
    one_engine(p, (struct zg_fixture_engine){.engine = "fused", .n = PLACE_N, .wall_s = half_s});
}
static void cut_off(struct place *p)
{
    place_change(p, "meta.json", "\"complete\"", "\"interrupted\"");
}
static void other_baseline(struct place *p)
{
    const struct zg_fixture_engine engines[] = {
        {.engine = "naive", .n = PLACE_N, .wall_s = place_naive_s},
        {.engine = "fused", .n = PLACE_N, .wall_s = place_noise}};
    zg_fixture_write(p->new,
                     &(struct zg_fixture){.n_engines = 2, .engines = engines, .baseline = "fused"});
}
static void other_work(struct place *p)
{
    one_engine(p, (struct zg_fixture_engine){
                      .engine = "fused", .n = PLACE_N, .wall_s = place_noise, .useful_flops = 2e9});
}
static void other_file(struct place *p)
{
    write_temp_file(p->new, "meta.json", "[]", 2);
}

static const struct {
    const char *name;
    void (*make)(struct place *p);
    int code;
    const char *words;
} broken[] = {
    {"no baseline", no_baseline, 3, "old: cannot read: No such file"},
    {"empty", empty, 3, "meta.json: No such file"},
    {"header only", header_only, 3, "samples.csv: has a header but no row"},
    {"torn", torn, 3, "samples.csv: the last row is torn"},
    {"other machine", other_machine, 3, "two machines: cpu name Test CPU and Other CPU"},
    {"other schema", other_schema, 3, "schema_version is 9"},
    {"other threads", other_threads, 3, "threads 2 and 4"},
    {"a case missing", missing_case, 3, "a case of the baseline is missing: no engine fused"},
    {"verify failed", failed_check, 4, "engine fused failed its check: loss differs"},
    {"0 seconds", zero_seconds, 3, "wall_s_per_step is 0; a time is positive"},
    {"NaN seconds", nan_seconds, 3, "\"nan\" is not a number"},
    {"one block", one_block, 4, "fused: nothing to judge: one block has no spread"},
    {"few blocks", few_blocks, 4, "2 blocks are too few for 1 case"},
    {"zero variance", zero_variance, 4, "values of the candidate are the same, 0.5"},
    {"cut off", cut_off, 3, "its status is interrupted; must be complete"},
    {"other baseline engine", other_baseline, 3,
     "naive in the baseline and fused in the candidate"},
    {"other work", other_work, 3, "useful_flops_per_step 1e+09 and 2e+09"},
    {"no result", other_file, 3, "not a result of zogap"},
};
enum { N_BROKEN = sizeof broken / sizeof broken[0] };

static void broken_gates(void)
{
    char *texts[N_BROKEN];
    for (int i = 0; i < N_BROKEN; i++) {
        struct place p;
        place_open(&p);
        place_write(p.old, 1);
        place_write(p.new, 1);
        broken[i].make(&p);
        const int code = place_gate(&p, NULL, NULL);
        CU_ASSERT_EQUAL(code, broken[i].code);
        if (code != broken[i].code)
            printf("\n    %s: exit code %d, want %d", broken[i].name, code, broken[i].code);
        place_expect_line(&p, broken[i].words);
        CU_ASSERT_EQUAL(count_temp_files(p.out), 0); /* nothing is written of no verdict */
        char line[256];
        texts[i] = strdup(zg_child_last_line(p.errors, line, sizeof line));
        place_close(&p);
    }
    for (int i = 0; i < N_BROKEN; i++) { /* each its own message, whatever the directory's name */
        for (int j = i + 1; j < N_BROKEN; j++)
            CU_ASSERT(strcmp(broken[i].words, broken[j].words) != 0 && texts[i] && texts[j] &&
                      !strstr(texts[j], broken[i].words));
        free(texts[i]);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {{"broken gates", broken_gates}, {0}};
    return zg_test_run("gate, refused", tests);
}
