/*
 * test_ladder.c - ladder.h, ladder_rows.h and ladder_plot.h: which rungs there are, what their
 * times say, and the plot's script.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/ladder/ladder_plot.h"
#include "harness/stats/stats.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static const struct zg_ladder_request usual = {.loop = "naive", .runtime = "fused"};

static const struct zg_engine *runtime(void)
{
    return zg_engine_find("fused");
}

static bool is_valid(uint32_t mechanisms)
{
    for (unsigned m = 0; m < ZG_N_MECHANISMS; m++)
        if ((mechanisms & ZG_MECHANISM_BIT(m)) &&
            (zg_mechanism_needs((enum zg_mechanism)m) & ~mechanisms))
            return false;
    return true;
}

/* Every rung is an item of --engines that means what the rung says. */
static void expect_items(const struct zg_ladder *ladder)
{
    struct zg_engine_list list;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&list, ladder->engines, NULL, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(list.n_items, ladder->n_rungs);
    for (int64_t i = 0; i < list.n_items; i++) {
        const struct zg_rung *const rung = &ladder->rungs[i];
        const struct zg_engine_options options =
            zg_engine_item_options(&list.items[i], ZG_FP32, ZG_FP32);
        CU_ASSERT_STRING_EQUAL(list.items[i].label, rung->item);
        CU_ASSERT_EQUAL(options.mechanisms, rung->mechanisms);
        CU_ASSERT_EQUAL(options.dtype, rung->dtype);
        CU_ASSERT_EQUAL(options.dtype_d, rung->dtype_d);
        CU_ASSERT_STRING_EQUAL(list.items[i].engine->name, i ? "fused" : "naive");
        CU_ASSERT_TRUE(is_valid(options.mechanisms));
        CU_ASSERT_PTR_NULL(strchr(rung->label, ','));
    }
    zg_engine_list_close(&list);
}

static void test_usual(void)
{
    struct zg_ladder ladder;
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&ladder, &usual, NULL), ZG_OK);
    expect_items(&ladder);
    CU_ASSERT_STRING_EQUAL(ladder.rungs[0].name, "loop");
    CU_ASSERT_STRING_EQUAL(ladder.rungs[1].name, "runtime");
    CU_ASSERT_EQUAL(ladder.rungs[1].mechanisms, 0);
    for (int64_t i = 2; i < ladder.n_rungs; i++) {
        const struct zg_rung *const rung = &ladder.rungs[i];
        CU_ASSERT_EQUAL(rung->mechanisms, ladder.rungs[i - 1].mechanisms | rung->changed);
        CU_ASSERT_EQUAL(rung->mechanisms & ~ladder.rungs[i - 1].mechanisms, rung->changed);
        CU_ASSERT_EQUAL(__builtin_popcount(rung->changed), 1);
    }
    CU_ASSERT_EQUAL(ladder.rungs[ladder.n_rungs - 1].mechanisms,
                    zg_engine_default_mechanisms(runtime(), ZG_FP32, ZG_FP32));
    /* the two rungs of the authors' own ladder come first */
    static const int writes[] = {4, 4, 1, 0};
    for (int64_t i = 0; i < ladder.n_rungs; i++)
        CU_ASSERT_EQUAL(ladder.rungs[i].dense_writes, i < 4 ? writes[i] : 0);
    CU_ASSERT_STRING_EQUAL(ladder.rungs[2].label, "dense writes a step 4 -> 1 (authors' rung)");
    CU_ASSERT_STRING_EQUAL(ladder.rungs[3].label, "dense writes a step 1 -> 0 (authors' rung)");
}

/* architecture: the paper's runtime has adapter, paired, ragged, scored and lazy, and no more. */
static void test_paper(void)
{
    static const char *const papers[] = {"adapter", "lazy", "ragged", "scored", "paired"};
    struct zg_ladder ladder;
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&ladder, &usual, NULL), ZG_OK);
    for (int64_t i = 0; i < ladder.n_rungs; i++) {
        int64_t expected = i < 2 ? ZG_NO_INTEGER : 0;
        for (size_t j = 0; j < sizeof papers / sizeof papers[0]; j++)
            if (strcmp(ladder.rungs[i].name, papers[j]) == 0)
                expected = 1;
        CU_ASSERT_EQUAL(ladder.rungs[i].paper_has, expected);
    }
}

static void test_leave_one_out(void)
{
    struct zg_ladder_request request = usual;
    struct zg_ladder ladder;
    request.leave_one_out = true;
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&ladder, &request, NULL), ZG_OK);
    expect_items(&ladder);
    const uint32_t all = zg_engine_default_mechanisms(runtime(), ZG_FP32, ZG_FP32);
    CU_ASSERT_STRING_EQUAL(ladder.rungs[1].name, "full");
    CU_ASSERT_EQUAL(ladder.rungs[1].mechanisms, all);
    CU_ASSERT_EQUAL(ladder.n_rungs, 2 + __builtin_popcount(all));
    for (int64_t i = 2; i < ladder.n_rungs; i++) {
        const struct zg_rung *const rung = &ladder.rungs[i];
        CU_ASSERT_EQUAL(rung->mechanisms, all & ~rung->changed);
        if (strcmp(rung->name, "-scored") == 0)
            CU_ASSERT_EQUAL(rung->changed, ZG_MECHANISM_BIT(ZG_M_SCORED) |
                                               ZG_MECHANISM_BIT(ZG_M_CANCEL) |
                                               ZG_MECHANISM_BIT(ZG_M_LAST));
    }
}

static void test_order(void)
{
    struct zg_ladder_request request = usual;
    struct zg_ladder ladder;
    request.order = "ragged+trie,adapter+lazy,scored";
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&ladder, &request, NULL), ZG_OK);
    expect_items(&ladder);
    static const char *const names[] = {"loop", "runtime", "ragged+trie", "adapter+lazy", "scored"};
    CU_ASSERT_EQUAL_FATAL(ladder.n_rungs, 5);
    for (int64_t i = 0; i < 5; i++)
        CU_ASSERT_STRING_EQUAL(ladder.rungs[i].name, names[i]);
    CU_ASSERT_EQUAL(ladder.rungs[2].paper_has, 0); /* one of the two is ours */
    CU_ASSERT_EQUAL(ladder.rungs[3].paper_has, 1);
    CU_ASSERT_STRING_EQUAL(ladder.rungs[3].label, "dense writes a step 4 -> 0");
    /* what else a rung brings stands beside the writes, and such a rung is not the authors' */
    request.order = "adapter+ragged+trie";
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&ladder, &request, NULL), ZG_OK);
    CU_ASSERT_STRING_EQUAL(
        ladder.rungs[2].label,
        "dense writes a step 4 -> 1; no padding; equal prefixes are computed once");
    /* the loop's options stay its own */
    request.loop = "naive:gemm=reference";
    CU_ASSERT_EQUAL(zg_ladder_make(&ladder, &request, NULL), ZG_OK);
    CU_ASSERT_STRING_EQUAL(ladder.rungs[0].item, "naive:gemm=reference");
}

static void test_refusals(void)
{
    static const struct {
        const char *loop, *runtime, *order, *reason;
    } bad[] = {
        {"naive", "fused", "lazy,adapter", "lazy needs adapter"},
        {"naive", "fused", "adapter,cancel", "cancel needs scored"},
        {"naive", "fused", "adapter,adapter", "adapter is listed twice"},
        {"naive", "fused", "adapter+adapter", "adapter is listed twice"},
        {"naive", "fused", "flying", "--order flying: must name mechanisms, joined by +, or prec"},
        {"naive", "fused", "adapter+flying", "or precision: "},
        {"naive", "fused", "adapter,lazy+precision", "precision is a rung of its own"},
        {"naive", "fused", "all", "must name mechanisms"},
        {"naive", "fused", "adapter+", "empty item"},
        {"naive", "fused", "-trie", "must name mechanisms"},
        {"naive", "fused", "none", "must name mechanisms"},
        {"naive", "fused", "adapter,,lazy", "--order"},
        {"naive", "fused", "adapter,precision", "precision"},
        {"naive", "naive", NULL, "no mechanisms"},
        {"naive", "fused:mechanisms=-trie", NULL, "--order"},
        {"naive", "fused,fused", NULL, "one engine"},
        {"naive,naive", "fused", NULL, "--loop"},
        {"warp", "fused", NULL, "--loop"},
        {"naive", "warp", NULL, "--runtime"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct zg_ladder_request request = {
            .loop = bad[i].loop, .runtime = bad[i].runtime, .order = bad[i].order};
        struct zg_ladder ladder;
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(zg_ladder_make(&ladder, &request, &err), ZG_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].reason));
    }
}

/* Below fp32 the dtype comes after bank, before centred, and half differences last. */
static void test_precision(void)
{
    const uint32_t both = ZG_MECHANISM_BIT(ZG_M_BANK) | ZG_MECHANISM_BIT(ZG_M_CENTRED);
    struct zg_ladder_request request = usual;
    struct zg_ladder ladder;
    struct zg_error err = {0};
    if ((runtime()->mechanisms & both) != both) {
        puts("skipped: the engine fused has no bank or no half differences");
        return;
    }
    request.dtype = ZG_BF16;
    request.dtype_d = ZG_INT8;
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&ladder, &request, NULL), ZG_OK);
    static const char *const names[] = {"bank", "precision", "centred", "difference"};
    static const enum zg_dtype dtypes[][2] = {
        {ZG_FP32, ZG_FP32}, {ZG_BF16, ZG_BF16}, {ZG_BF16, ZG_BF16}, {ZG_BF16, ZG_INT8}};
    CU_ASSERT_FATAL(ladder.n_rungs > 4);
    for (int64_t i = 0; i < 4; i++) {
        const struct zg_rung *const rung = &ladder.rungs[ladder.n_rungs - 4 + i];
        CU_ASSERT_STRING_EQUAL(rung->name, names[i]);
        CU_ASSERT_TRUE(rung->dtype == dtypes[i][0] && rung->dtype_d == dtypes[i][1]);
    }
    CU_ASSERT_STRING_EQUAL(ladder.rungs[0].item, "naive:dtype=fp32");
    CU_ASSERT_EQUAL(ladder.rungs[ladder.n_rungs - 1].mechanisms,
                    zg_engine_default_mechanisms(runtime(), ZG_BF16, ZG_INT8));
    request.order = "adapter,lazy,precision,bank";
    CU_ASSERT_EQUAL(zg_ladder_make(&ladder, &request, &err), ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "bank"));
    request.order = "adapter,lazy,bank";
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_ladder_make(&ladder, &request, &err), ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "centred"));
    /* what the bank needs cannot be left out */
    request.order = NULL;
    request.leave_one_out = true;
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&ladder, &request, NULL), ZG_OK);
    for (int64_t i = 1; i < ladder.n_rungs; i++) {
        const struct zg_rung *const rung = &ladder.rungs[i];
        CU_ASSERT_TRUE(rung->mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK));
        CU_ASSERT_TRUE(rung->dtype_d == ZG_BF16 ||
                       (rung->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED)));
        CU_ASSERT_EQUAL(strstr(rung->label, "; all in bf16") != NULL, rung->dtype_d == ZG_BF16);
    }
}

/* Where the case's dtype is not the ladder's, each item says its own. */
static void test_item_dtypes(void)
{
    struct zg_ladder_request request = usual;
    struct zg_ladder ladder;
    struct zg_engine_list list;
    request.runtime = "fused:dtype=fp32";
    request.dtype = request.dtype_d = ZG_BF16;
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&ladder, &request, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&list, ladder.engines, NULL, NULL), ZG_OK);
    for (int64_t i = 0; i < list.n_items; i++) {
        const struct zg_engine_options options =
            zg_engine_item_options(&list.items[i], ZG_BF16, ZG_BF16);
        CU_ASSERT_EQUAL(options.dtype, ZG_FP32);
        CU_ASSERT_EQUAL(options.dtype_d, ZG_FP32);
    }
    zg_engine_list_close(&list);
}

/* ---- what times say -------------------------------------------------------------------------- */

enum { N_BLOCKS = 7 };

struct script { /* a ladder of four mechanisms with scripted times */
    struct zg_ladder ladder;
    struct zg_summary_row summary[ZG_MAX_RUNGS];
    double walls[ZG_MAX_RUNGS * N_BLOCKS];
    struct zg_ladder_result result;
};

/* Block b takes 1 + b / 8 times what block 0 does, in every rung: paired ratios do not see it. */
static void open_script(struct script *s, const struct zg_ladder_request *request,
                        const double *times)
{
    memset(s, 0, sizeof *s);
    CU_ASSERT_EQUAL_FATAL(zg_ladder_make(&s->ladder, request, NULL), ZG_OK);
    for (int64_t i = 0; i < s->ladder.n_rungs; i++) {
        struct zg_summary_row *const row = &s->summary[i];
        zg_row_clear(&zg_schema_summary, row);
        row->id.engine = s->ladder.rungs[i].item;
        row->id.model = "it's a \\ `touch evil`";
        row->id.layers_resident = 2;
        row->id.task = "task";
        row->verified = times[i] > 0;
        row->n = times[i] > 0 ? N_BLOCKS : 0;
        for (int64_t b = 0; b < N_BLOCKS; b++)
            s->walls[i * N_BLOCKS + b] = times[i] > 0 ? times[i] * (1 + (double)b / 8) : NAN;
        double sorted[N_BLOCKS];
        memcpy(sorted, s->walls + i * N_BLOCKS, sizeof sorted);
        row->wall_s_per_step_median = zg_median(sorted, N_BLOCKS);
    }
    CU_ASSERT_EQUAL_FATAL(
        zg_ladder_evaluate(&s->result, &s->ladder, s->summary, s->walls, N_BLOCKS, NULL), ZG_OK);
}

static const struct zg_ladder_request four = {
    .loop = "naive", .runtime = "fused", .order = "adapter,lazy,ragged,trie"};

static double shares(const struct script *s)
{
    double sum = 0;
    for (int64_t i = 0; i < s->result.n_rows; i++)
        sum += isfinite(s->result.rows[i].gap_share) ? s->result.rows[i].gap_share : 0;
    return sum;
}

static void test_shares(void)
{
    /* loop, runtime, adapter, lazy, ragged, trie: 16x in all, in powers of two */
    static const double times[] = {16, 32, 16, 8, 2, 1};
    static const double expected[] = {NAN, -0.25, 0.25, 0.25, 0.5, 0.25};
    struct script s;
    open_script(&s, &four, times);
    CU_ASSERT_EQUAL_FATAL(s.result.n_rows, 6);
    for (int64_t i = 1; i < 6; i++) {
        const struct zg_ladder_row *const row = &s.result.rows[i];
        CU_ASSERT_DOUBLE_EQUAL(row->ratio, times[i - 1] / times[i], 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(row->ratio_ci_low, row->ratio, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(row->ratio_ci_high, row->ratio, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(row->speedup, 16 / times[i], 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(row->gap_share, expected[i], 1e-12);
        CU_ASSERT_STRING_EQUAL(row->previous, s.ladder.rungs[i - 1].name);
    }
    CU_ASSERT_TRUE(isnan(s.result.rows[0].ratio) && isnan(s.result.rows[0].gap_share));
    CU_ASSERT_STRING_EQUAL(s.result.rows[5].mechanisms, "trie");
    CU_ASSERT_DOUBLE_EQUAL(shares(&s), 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.result.product, 16, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.result.end_to_end, 16, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.result.apart_percent, 0, 1e-9);
}

/* Five blocks have no interval, so no share; ratios and speed-ups are there "once". */
static void test_no_share_without_an_interval(void)
{
    static const double times[] = {16, 32, 16, 8, 2, 1};
    struct script s;
    open_script(&s, &four, times);
    double walls[ZG_MAX_RUNGS * N_BLOCKS];
    for (int64_t i = 0; i < 6; i++)
        memcpy(walls + i * 5, s.walls + i * N_BLOCKS, 5 * sizeof *walls);
    CU_ASSERT_EQUAL_FATAL(zg_ladder_evaluate(&s.result, &s.ladder, s.summary, walls, 5, NULL),
                          ZG_OK);
    for (int64_t i = 1; i < 6; i++) {
        CU_ASSERT_DOUBLE_EQUAL(s.result.rows[i].ratio, times[i - 1] / times[i], 1e-12);
        CU_ASSERT_TRUE(isnan(s.result.rows[i].ratio_ci_low));
        CU_ASSERT_TRUE(isnan(s.result.rows[i].gap_share));
    }
}

static void test_rows_apart(void)
{
    struct zg_ladder_row row = {.kind = "ladder",
                                .previous = "loop",
                                .previous_wall_s_per_step_median = 2,
                                .wall_s_per_step_median = 1,
                                .ratio = 1.9};
    CU_ASSERT_FALSE(zg_ladder_row_is_apart(&row));
    row.ratio = 0.9;
    CU_ASSERT_TRUE(zg_ladder_row_is_apart(&row));
    row.wall_s_per_step_median = 2.2;
    CU_ASSERT_FALSE(zg_ladder_row_is_apart(&row));
    row.ratio = 1.001; /* against 0.91 */
    CU_ASSERT_TRUE(zg_ladder_row_is_apart(&row));
    row.wall_s_per_step_median = 2.001; /* 1.001 against 0.9995: rounding */
    CU_ASSERT_FALSE(zg_ladder_row_is_apart(&row));
    row.ratio = NAN;
    CU_ASSERT_FALSE(zg_ladder_row_is_apart(&row));
    row.kind = "leave-one-out";
    row.previous = "full"; /* a slow-down: this / full */
    row.wall_s_per_step_median = 4;
    row.ratio = 2;
    CU_ASSERT_FALSE(zg_ladder_row_is_apart(&row));
    row.ratio = 0.5;
    CU_ASSERT_TRUE(zg_ladder_row_is_apart(&row));
}

/* A burst that hits a sample here and there moves no ratio, also where the machine drifts. */
static void test_bursts(void)
{
    static const double times[] = {16, 8, 4, 2, 1.5, 1};
    struct script s;
    open_script(&s, &four, times);
    for (int64_t i = 0; i < 6; i++) /* two of seven blocks, others in every rung */
        for (int64_t k = 0; k < 2; k++)
            s.walls[i * N_BLOCKS + (2 * i + k) % N_BLOCKS] *= 1.5;
    CU_ASSERT_EQUAL_FATAL(
        zg_ladder_evaluate(&s.result, &s.ladder, s.summary, s.walls, N_BLOCKS, NULL), ZG_OK);
    for (int64_t i = 1; i < 6; i++)
        CU_ASSERT_DOUBLE_EQUAL(s.result.rows[i].ratio, times[i - 1] / times[i], 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(s.result.product, 16, 1e-5);
    CU_ASSERT_DOUBLE_EQUAL(shares(&s), 1, 1e-12);
}

/* Runs of a whole ladder on a machine whose neighbour slows a quarter of the samples by 30 %.  The
 * medians of paired ratios, what a rung's ratio was once, multiply to something else; the fit's
 * ratios agree with what the two ends say. */
static void test_noisy_machine(void)
{
    enum { N_RUNS = 100 };
    double times[ZG_MAX_RUNGS];
    struct script s;
    uint32_t state = 1;
    int64_t fits_apart = 0, medians_apart = 0;
    for (int64_t i = 0; i < ZG_MAX_RUNGS; i++)
        times[i] = 6 / (1 + (double)i);
    open_script(&s, &usual, times);
    for (int run = 0; run < N_RUNS; run++) {
        double product = 1, ratios[N_BLOCKS];
        for (int64_t k = 0; k < s.ladder.n_rungs * N_BLOCKS; k++) {
            state = state * 1664525u + 1013904223u;
            const double jitter = 1 + 0.02 * (double)(state >> 8 & 0xff) / 256;
            s.walls[k] = times[k / N_BLOCKS] * jitter * (state >> 30 ? 1 : 1.3);
        }
        CU_ASSERT_EQUAL_FATAL(
            zg_ladder_evaluate(&s.result, &s.ladder, s.summary, s.walls, N_BLOCKS, NULL), ZG_OK);
        for (int64_t i = 1; i < s.ladder.n_rungs; i++) {
            zg_stats_ratios(s.walls + (i - 1) * N_BLOCKS, s.walls + i * N_BLOCKS, N_BLOCKS, ratios);
            product *= zg_median(ratios, N_BLOCKS);
        }
        fits_apart += s.result.apart_percent > ZG_LADDER_APART_PERCENT;
        medians_apart += 100 * fabs(product / s.result.end_to_end - 1) > ZG_LADDER_APART_PERCENT;
    }
    printf("over %g %% apart, of %d runs: the fit %lld, medians of paired ratios %lld\n",
           ZG_LADDER_APART_PERCENT, N_RUNS, (long long)fits_apart, (long long)medians_apart);
    CU_ASSERT_TRUE(fits_apart <= 15);
    CU_ASSERT_TRUE(medians_apart >= 2 * fits_apart);
}

/* The product is held against paired samples of the two ends, which may say something else: here
 * the rungs between had slow blocks that the ends did not have. */
static void test_apart(void)
{
    static const double times[] = {1, 1, 1, 1, 1, 1};
    struct script s;
    open_script(&s, &four, times);
    for (int64_t b = 0; b < N_BLOCKS; b++) {
        s.walls[b] = b % 2 ? 2 : 4;
        for (int64_t i = 1; i < 5; i++)
            s.walls[i * N_BLOCKS + b] = b < 2 ? 2 : 1;
        s.walls[5 * N_BLOCKS + b] = b % 2 ? 1 : 0.5;
    }
    CU_ASSERT_EQUAL_FATAL(
        zg_ladder_evaluate(&s.result, &s.ladder, s.summary, s.walls, N_BLOCKS, NULL), ZG_OK);
    /* over the blocks' 2 2 1 1 1 1 1 the loop takes 2 1 4 2 4 2 4, median 2, and trie 1/4 1/2 1/2 1
     * 1/2 1 1/2, median 1/2; loop over trie is 8 2 8 2 8 2 8, median 8 */
    CU_ASSERT_DOUBLE_EQUAL(s.result.product, 4, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s.result.end_to_end, 8, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.result.apart_percent, 50, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(shares(&s), 1, 1e-12);
}

static void test_failed_rung(void)
{
    static const double times[] = {16, 16, 8, -1, 2, 1}; /* lazy failed its check */
    struct script s;
    open_script(&s, &four, times);
    const struct zg_ladder_row *const failed = &s.result.rows[3], *const next = &s.result.rows[4];
    CU_ASSERT_EQUAL(failed->verified, 0);
    CU_ASSERT_TRUE(isnan(failed->ratio) && isnan(failed->speedup) && isnan(failed->gap_share));
    CU_ASSERT_PTR_NULL(failed->previous);
    CU_ASSERT_STRING_EQUAL(next->previous, "adapter");
    CU_ASSERT_STRING_EQUAL(next->mechanisms, "ragged+lazy");
    CU_ASSERT_DOUBLE_EQUAL(next->ratio, 4, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(next->gap_share, 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(shares(&s), 1, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.result.product, 16, 1e-9);
    /* no last rung: the gap ends at the one before */
    static const double no_last[] = {16, 16, 8, 4, 2, -1};
    open_script(&s, &four, no_last);
    CU_ASSERT_DOUBLE_EQUAL(s.result.end_to_end, 8, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(shares(&s), 1, 1e-12);
    /* no loop: nothing */
    static const double no_loop[] = {-1, -1, -1, -1, -1, -1};
    open_script(&s, &four, no_loop);
    CU_ASSERT_TRUE(isnan(s.result.product) && isnan(s.result.end_to_end));
    for (int64_t i = 0; i < 6; i++)
        CU_ASSERT_TRUE(isnan(s.result.rows[i].ratio) && isnan(s.result.rows[i].gap_share));
}

static void test_slow_down(void)
{
    /* loop, full, -adapter, -lazy, -ragged, -trie */
    static const double times[] = {16, 1, 4, 2, -1, 1};
    struct zg_ladder_request request = four;
    request.leave_one_out = true;
    struct script s;
    open_script(&s, &request, times);
    const struct zg_ladder_row *const rows = s.result.rows;
    CU_ASSERT_DOUBLE_EQUAL(rows[1].ratio, 16, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rows[2].ratio, 4, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rows[3].ratio, 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(rows[3].speedup, 8, 1e-12);
    CU_ASSERT_TRUE(isnan(rows[4].ratio));
    CU_ASSERT_DOUBLE_EQUAL(rows[5].ratio, 1, 1e-12);
    CU_ASSERT_STRING_EQUAL(rows[5].previous, "full");
    CU_ASSERT_STRING_EQUAL(rows[2].mechanisms, "adapter+lazy");
    CU_ASSERT_DOUBLE_EQUAL(s.result.end_to_end, 16, 1e-12);
    CU_ASSERT_TRUE(isnan(s.result.product) && shares(&s) >= 0 && shares(&s) <= 0);
}

/* What was written says the same when it is read; rungs that are no ladder are refused. */
static void test_read_back(void)
{
    static const double up[] = {16, 32, 16, 8, -1, 1}, out[] = {16, 1, 4, 2, -1, 1};
    static const double no_loop[] = {-1, 4, 4, 2, 2, 1};
    struct zg_ladder_request removing = four;
    struct zg_ladder_result *const written = calloc(3, sizeof *written), *read = NULL;
    struct script s[3];
    struct zg_csv_in *csv = NULL;
    struct zg_error err = {0};
    char dir[64];
    int64_t n = 0;
    removing.leave_one_out = true;
    CU_ASSERT_PTR_NOT_NULL_FATAL(written);
    open_script(&s[0], &four, up);
    open_script(&s[1], &removing, out);
    open_script(&s[2], &four, no_loop);
    for (int i = 0; i < 3; i++)
        written[i] = s[i].result; /* their texts stay in s */
    make_temp_dir(dir);
    CU_ASSERT_EQUAL_FATAL(zg_ladder_write(written, 3, dir, NULL), ZG_OK);
    const char *path = temp_path(dir, "ladder.csv");
    CU_ASSERT_EQUAL_FATAL(zg_csv_in_open(&csv, path, &zg_schema_ladder, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_ladder_read(&read, &n, csv, path, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(n, 3);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(read[i].n_rows, written[i].n_rows);
        CU_ASSERT_STRING_EQUAL(read[i].rows[2].name, written[i].rows[2].name);
        CU_ASSERT_STRING_EQUAL(read[i].rows[0].label, written[i].rows[0].label);
        CU_ASSERT_EQUAL(isnan(read[i].product), isnan(written[i].product));
        CU_ASSERT_EQUAL(isnan(read[i].end_to_end), isnan(written[i].end_to_end));
    }
    CU_ASSERT_DOUBLE_EQUAL(read[0].product, 16, 1e-6); /* nine digits of each ratio */
    CU_ASSERT_DOUBLE_EQUAL(read[0].end_to_end, 16, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(read[0].apart_percent, 0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(read[1].end_to_end, 16, 1e-6);
    free(read);
    zg_csv_in_close(&csv);

    struct zg_ladder_row *const rows = written[0].rows;
    for (int bad = 0; bad < 4; bad++) {
        written[0] = s[0].result;
        if (bad == 0)
            rows[3].rung = 4;
        else if (bad == 1)
            rows[5].kind = "leave-one-out";
        else if (bad == 2)
            rows[2].name = NULL;
        else
            rows[0].rung = 1;
        zg_error_clear(&err);
        CU_ASSERT_EQUAL_FATAL(zg_ladder_write(written, 1, dir, NULL), ZG_OK);
        CU_ASSERT_EQUAL_FATAL(
            zg_csv_in_open(&csv, temp_path(dir, "ladder.csv"), &zg_schema_ladder, NULL), ZG_OK);
        CU_ASSERT_EQUAL(zg_ladder_read(&read, &n, csv, "x/ladder.csv", &err), ZG_INPUT);
        CU_ASSERT_PTR_NULL(read);
        zg_test_expect_words(err.text, "x/ladder.csv: the rungs from row 1 on are no ladder");
        zg_csv_in_close(&csv);
    }
    free(written);
    remove_temp_dir(dir);
}

/* ---- the plot -------------------------------------------------------------------------------- */

static void test_plot(void)
{
    static const double times[] = {16, 32, 16, 8, -1, 1};
    struct script s;
    char dir[64], note[1200];
    make_temp_dir(dir);
    open_script(&s, &four, times);
    CU_ASSERT_EQUAL_FATAL(zg_ladder_write(&s.result, 1, dir, NULL), ZG_OK);
    char *const path = strdup(getenv("PATH") ? getenv("PATH") : "");
    setenv("PATH", "/nonexistent", 1);
    CU_ASSERT_EQUAL(zg_ladder_plot(&s.result, 1, dir, note, sizeof note, NULL), ZG_OK);
    setenv("PATH", path, 1);
    free(path);
    CU_ASSERT_PTR_NOT_NULL(strstr(note, "gnuplot is not installed"));
    CU_ASSERT_EQUAL(count_temp_files(dir), 2);
    char *const script = read_temp_file(dir, "ladder.gp");
    CU_ASSERT_PTR_NOT_NULL_FATAL(script);
    CU_ASSERT_PTR_NOT_NULL(strstr(script, "'it''s a \\ `touch evil`"));
    CU_ASSERT_PTR_NOT_NULL(strstr(script, "(2 layers resident, repeated)"));
    free(script);
    CU_ASSERT_EQUAL(zg_ladder_plot(&s.result, 1, dir, note, sizeof note, NULL), ZG_OK);
    if (strstr(note, "not installed")) {
        puts("skipped: gnuplot is not installed");
    } else {
        CU_ASSERT_STRING_EQUAL(note, "");
        CU_ASSERT_EQUAL(count_temp_files(dir), 3); /* and nothing was touched */
        char *const svg = read_temp_file(dir, "ladder.svg");
        CU_ASSERT_PTR_NOT_NULL_FATAL(svg);
        CU_ASSERT_PTR_NOT_NULL(strstr(svg, "8.00x")); /* trie against lazy */
        CU_ASSERT_PTR_NOT_NULL(strstr(svg, "failed its check"));
        CU_ASSERT_PTR_NOT_NULL(
            strstr(svg, "<title>it&apos;s a \\ `touch evil` (2 layers resident"));
        CU_ASSERT_PTR_NOT_NULL(strstr(svg, "20000 ms") ? strstr(svg, "20000 ms")
                                                       : strstr(svg, " s</text>"));
        free(svg);
    }
    remove_temp_dir(dir);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"one mechanism at a time, up to the default", test_usual},
        {"what the paper's runtime has", test_paper},
        {"leaving one out takes what needs it", test_leave_one_out},
        {"an order of one's own", test_order},
        {"orders and engines that make no sense", test_refusals},
        {"precision comes last", test_precision},
        {"every item says its dtype where the case has another", test_item_dtypes},
        {"shares add to 1", test_shares},
        {"no share without an interval", test_no_share_without_an_interval},
        {"ratio and times point different ways", test_rows_apart},
        {"bursts move no ratio", test_bursts},
        {"a noisy machine: the product is within 5 % of end to end", test_noisy_machine},
        {"the product is held against the two ends", test_apart},
        {"a rung that failed has no share", test_failed_rung},
        {"slow-downs", test_slow_down},
        {"what was written reads back", test_read_back},
        {"the plot's script", test_plot},
        {NULL, NULL}};
    return zg_test_run("harness/ladder", tests);
}
