/* test_aliases.c - a model whose layers repeat costs what its full depth would, and a change enters
 * its weights once.  Losses are test_conformance's (--layers-resident). */
#include <string.h>

#include "engines/zo.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fixtures.h"

static const struct zg_model_shape shape = {.n_layers = 5,
                                            .d_model = 16,
                                            .n_heads = 2,
                                            .d_ffn = 40,
                                            .n_vocab = 101,
                                            .n_positions = 64,
                                            .tied_head = true};

static struct zg_model *model_open(int64_t n_resident)
{
    struct zg_model *model = NULL;
    CU_ASSERT_FATAL(!zg_model_open_shape(&model, "five layers", &shape, 7, NULL));
    CU_ASSERT_FATAL(!zg_model_alias_layers(model, n_resident, NULL));
    return model;
}

static struct zg_engine_state *engine_open(const struct zg_model *model, int64_t n_threads)
{
    const struct zg_engine *engine = zg_engine_find("naive");
    const struct zg_engine_setting setting = {"gemm", "reference"};
    struct zg_engine_options o = zg_engine_options_default(engine);
    o.n_threads = n_threads;
    o.settings = &setting;
    o.n_settings = 1;
    zg_engine_limits_include(&o.limits, zg_fixture_batch(0, NULL));
    struct zg_engine_state *state = NULL;
    CU_ASSERT_FATAL(!engine->open(&state, model, &o, NULL));
    return state;
}

static struct zg_direction direction_of(enum zg_direction_kind kind, enum zg_scope scope)
{
    return (struct zg_direction){
        .kind = kind, .scope = scope, .rank = 2, .scale = 1, .seed_u = 3, .seed_v = 4};
}

static struct zg_cost step_cost(int64_t n_resident, const struct zg_direction *direction)
{
    const struct zg_engine *engine = zg_engine_find("naive");
    struct zg_model *model = model_open(n_resident);
    struct zg_engine_state *state = engine_open(model, 2);
    const struct zg_probe pair[] = {{0, 1e-2f}, {0, -1e-2f}};
    const struct zg_update update = {0, 1e-2f};
    double loss[2];
    struct zg_scores out = {.loss = loss};
    struct zg_cost cost;
    CU_ASSERT(!engine->begin(state, direction, 1, NULL));
    CU_ASSERT(!engine->score(state, zg_fixture_batch(0, NULL), pair, 2, &out, NULL));
    CU_ASSERT(!engine->apply(state, &update, 1, 0, NULL));
    engine->cost(state, &cost);
    engine->close(&state);
    zg_model_close(&model);
    return cost;
}

/* Counts of work are sums of integers below 2^53: exact, in any order. */
static void test_cost(void)
{
    for (int kind = ZG_DIRECTION_LOWRANK; kind <= ZG_DIRECTION_RADEMACHER; kind++)
        for (int scope = ZG_SCOPE_LINEAR; scope <= ZG_SCOPE_FULL; scope++) {
            const struct zg_direction d =
                direction_of((enum zg_direction_kind)kind, (enum zg_scope)scope);
            const struct zg_cost full = step_cost(5, &d);
            for (int64_t n_resident = 1; n_resident < 5; n_resident++) {
                const struct zg_cost cost = step_cost(n_resident, &d);
                CU_ASSERT_EQUAL(cost.useful_flops, full.useful_flops);
                CU_ASSERT_EQUAL(cost.executed_flops, full.executed_flops);
                for (int p = 0; p < ZG_N_PHASES; p++) {
                    CU_ASSERT_EQUAL(cost.phase_flops[p], full.phase_flops[p]);
                    CU_ASSERT_EQUAL(cost.phase_bytes[p], full.phase_bytes[p]);
                }
            }
        }
}

/* The weights of layer 1 after one update with decay, which are the same in both: ids name the
 * streams. */
static void weights_after(int64_t n_resident, int64_t n_threads,
                          const struct zg_direction *direction, float *q, float *bias)
{
    const struct zg_engine *engine = zg_engine_find("naive");
    struct zg_model *model = model_open(n_resident);
    struct zg_engine_state *state = engine_open(model, n_threads);
    const struct zg_update update = {0, 0.3f};
    CU_ASSERT(!engine->begin(state, direction, 1, NULL));
    CU_ASSERT(!engine->apply(state, &update, 1, 0.25f, NULL));
    const int32_t id = zg_tensor_layer(1, ZG_T_Q_WEIGHT);
    CU_ASSERT(!engine->read(state, id, 0, 16, q, 16, NULL));
    CU_ASSERT(!engine->read(state, id + 1, 0, 16, bias, 1, NULL));
    engine->close(&state);
    zg_model_close(&model);
}

static void test_change_enters_once(void)
{
    const struct zg_direction directions[] = {direction_of(ZG_DIRECTION_LOWRANK, ZG_SCOPE_FULL),
                                              direction_of(ZG_DIRECTION_DENSE, ZG_SCOPE_FULL)};
    for (int i = 0; i < 2; i++) {
        float want[256], want_bias[16], q[256], bias[16];
        weights_after(5, 1, &directions[i], want, want_bias);
        for (int64_t n_resident = 2; n_resident < 5; n_resident++)
            for (int64_t n_threads = 1; n_threads <= 3; n_threads++) {
                weights_after(n_resident, n_threads, &directions[i], q, bias);
                CU_ASSERT_EQUAL(memcmp(q, want, sizeof q), 0);
                CU_ASSERT_EQUAL(memcmp(bias, want_bias, sizeof bias), 0);
            }
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"cost of the full depth", test_cost},
        {"a change enters once", test_change_enters_once},
        {NULL, NULL},
    };
    return zg_test_run("naive aliases", tests);
}
