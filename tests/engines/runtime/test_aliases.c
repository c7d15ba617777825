/* test_aliases.c - a model whose layers repeat costs what its full depth would, and a change enters
 * its weights once.  Losses are test_conformance's (--layers-resident). */
#include <string.h>

#include "engines/zo.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fixtures.h"

enum { N_LAYERS = 5, D = 16, N_SETS = 4 };

static const struct zg_model_shape shape = {.n_layers = N_LAYERS,
                                            .d_model = D,
                                            .n_heads = 2,
                                            .d_ffn = 40,
                                            .n_vocab = 101,
                                            .n_positions = 64,
                                            .tied_head = true};

/* With and without what treats the last layer apart; updates written, folded, banked. */
static uint32_t mechanisms(int set)
{
    const uint32_t all = zg_engine_find("fused")->mechanisms & ~ZG_MECHANISM_BIT(ZG_M_CENTRED);
    static const uint32_t off[N_SETS] = {
        0, ZG_MECHANISM_BIT(ZG_M_BANK), ZG_MECHANISM_BIT(ZG_M_BANK) | ZG_MECHANISM_BIT(ZG_M_LAST),
        ZG_MECHANISM_BIT(ZG_M_ADAPTER) | ZG_MECHANISM_BIT(ZG_M_PAIRED) |
            ZG_MECHANISM_BIT(ZG_M_COMMON) | ZG_MECHANISM_BIT(ZG_M_LAZY) |
            ZG_MECHANISM_BIT(ZG_M_BANK)};
    return all & ~off[set];
}

static enum zg_scope scope; /* of the steps */

struct bench {
    struct zg_model *model;
    struct zg_engine_state *state;
};

static struct bench bench_open(int64_t n_resident, uint32_t mechanism_set, int64_t n_threads)
{
    const struct zg_engine *engine = zg_engine_find("fused");
    struct zg_engine_options o = zg_engine_options_default(engine);
    struct bench b = {NULL, NULL};
    o.n_threads = n_threads;
    o.mechanisms = mechanism_set;
    o.limits.scopes = ZG_SCOPE_BIT(scope);
    zg_engine_limits_include(&o.limits, zg_fixture_batch(0, NULL));
    CU_ASSERT_FATAL(!zg_model_open_shape(&b.model, "five layers", &shape, 7, NULL));
    CU_ASSERT_FATAL(!zg_model_alias_layers(b.model, n_resident, NULL));
    CU_ASSERT_FATAL(!engine->open(&b.state, b.model, &o, NULL));
    return b;
}

static void bench_close(struct bench *b)
{
    zg_engine_find("fused")->close(&b->state);
    zg_model_close(&b->model);
}

/* Two updates under each of two V: A is begun, added to, and folded or banked. */
static struct zg_cost run_steps(struct bench *b)
{
    const struct zg_engine *engine = zg_engine_find("fused");
    const struct zg_probe pair[] = {{0, 1e-2f}, {0, -1e-2f}};
    const struct zg_update update = {0, 0.3f};
    double loss[2];
    struct zg_scores out = {.loss = loss};
    struct zg_cost cost;
    for (uint64_t i = 0; i < 5; i++) {
        const struct zg_direction d = {
            .scope = scope, .rank = 2, .scale = 1, .seed_u = i, .seed_v = i / 2};
        CU_ASSERT(!engine->begin(b->state, &d, 1, NULL));
        CU_ASSERT(!engine->score(b->state, zg_fixture_batch(0, NULL), pair, 2, &out, NULL));
        CU_ASSERT(!engine->apply(b->state, &update, 1, 0, NULL));
    }
    engine->cost(b->state, &cost);
    return cost;
}

/* Counts of work are sums of integers below 2^53: exact, in any order. */
static void test_cost(void)
{
    for (int set = 0; set < N_SETS; set++) {
        struct bench b = bench_open(N_LAYERS, mechanisms(set), 2);
        const struct zg_cost full = run_steps(&b);
        bench_close(&b);
        for (int64_t n_resident = 1; n_resident < N_LAYERS; n_resident++) {
            b = bench_open(n_resident, mechanisms(set), 2);
            const struct zg_cost cost = run_steps(&b);
            bench_close(&b);
            CU_ASSERT_EQUAL(cost.useful_flops, full.useful_flops);
            CU_ASSERT_EQUAL(cost.executed_flops, full.executed_flops);
            for (int p = 0; p < ZG_N_PHASES; p++) {
                CU_ASSERT_EQUAL(cost.phase_flops[p], full.phase_flops[p]);
                CU_ASSERT_EQUAL(cost.phase_bytes[p], full.phase_bytes[p]);
            }
        }
    }
}

/* Updates do not depend on losses here, so a resident layer's weights are those that it has in the
 * full depth, to the bit. */
static void test_change_enters_once(void)
{
    const struct zg_engine *engine = zg_engine_find("fused");
    for (int set = 0; set < N_SETS; set++) {
        float want[2][D * D], got[D * D];
        struct bench b = bench_open(N_LAYERS, mechanisms(set), 1);
        run_steps(&b);
        for (int64_t l = 0; l < 2; l++)
            CU_ASSERT(
                !engine->read(b.state, zg_tensor_layer(l, ZG_T_K_WEIGHT), 0, D, want[l], D, NULL));
        bench_close(&b);
        for (int64_t n_resident = 1; n_resident < N_LAYERS; n_resident++)
            for (int64_t n_threads = 1; n_threads <= 3; n_threads++) {
                b = bench_open(n_resident, mechanisms(set), n_threads);
                run_steps(&b);
                for (int64_t l = 0; l < 2 && l < n_resident; l++) {
                    CU_ASSERT(!engine->read(b.state, zg_tensor_layer(l, ZG_T_K_WEIGHT), 0, D, got,
                                            D, NULL));
                    CU_ASSERT_EQUAL(memcmp(got, want[l], sizeof got), 0);
                }
                /* no tensors beyond the resident layers */
                CU_ASSERT_EQUAL(engine->read(b.state, zg_tensor_layer(n_resident, ZG_T_K_WEIGHT), 0,
                                             D, got, D, NULL),
                                ZG_USAGE);
                bench_close(&b);
            }
    }
}

static void test_cost_full(void)
{
    scope = ZG_SCOPE_FULL;
    test_cost();
    scope = ZG_SCOPE_LINEAR;
}

/* The same of scope full, biases and norms too, and the tables that no layer has. */
static void test_vectors_enter_once(void)
{
    const struct zg_engine *engine = zg_engine_find("fused");
    scope = ZG_SCOPE_FULL;
    for (int set = 0; set < N_SETS; set++) {
        const int32_t ids[] = {zg_tensor_layer(0, ZG_T_K_BIAS), zg_tensor_layer(0, ZG_T_FC2_BIAS),
                               zg_tensor_layer(0, ZG_T_NORM2_WEIGHT), ZG_T_FINAL_NORM_BIAS};
        float want[4][D], got[D], row[2][D];
        struct bench b = bench_open(N_LAYERS, mechanisms(set), 1);
        run_steps(&b);
        for (int i = 0; i < 4; i++)
            CU_ASSERT(!engine->read(b.state, ids[i], 0, D, want[i], 1, NULL));
        CU_ASSERT(!engine->read(b.state, ZG_T_EMBED_TOKENS, 7, 1, row[0], D, NULL));
        bench_close(&b);
        b = bench_open(2, mechanisms(set), 2);
        run_steps(&b);
        for (int i = 0; i < 4; i++) {
            CU_ASSERT(!engine->read(b.state, ids[i], 0, D, got, 1, NULL));
            CU_ASSERT_EQUAL(memcmp(got, want[i], sizeof got), 0);
        }
        CU_ASSERT(!engine->read(b.state, ZG_T_EMBED_TOKENS, 7, 1, row[1], D, NULL));
        CU_ASSERT_EQUAL(memcmp(row[0], row[1], sizeof row[0]), 0);
        bench_close(&b);
    }
    scope = ZG_SCOPE_LINEAR;
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"cost of the full depth", test_cost},
        {"a change enters once", test_change_enters_once},
        {"cost in scope full", test_cost_full},
        {"vectors and tables change once", test_vectors_enter_once},
        {NULL, NULL}};
    return zg_test_run("engines/runtime/aliases", tests);
}
