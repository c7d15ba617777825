/* test_direction.c - factors, rows and checks of directions. */
#include "engines/interface/direction.h"

#include <math.h>
#include <string.h>

#include "engines/base/philox.h"
#include "tests/support/cunit_run.h"

enum { TENSOR = 26, ROWS = 7, COLS = 19 };

static void test_factors(void)
{
    const struct zg_direction d = {
        .kind = ZG_DIRECTION_LOWRANK, .rank = 3, .scale = 1.0f, .seed_u = 5, .seed_v = 6};
    float u[ROWS * 3], v[COLS * 3], part[2 * 3];
    zg_direction_u(&d, TENSOR, 0, ROWS, u);
    zg_direction_v(&d, TENSOR, 0, COLS, v);
    for (int64_t e = 0; e < ROWS * 3; e++) { /* the mapping of zo.h: element = row * rank + k */
        float want;
        zg_philox_normal(5, TENSOR, ZG_STREAM_U, e, 1, &want);
        CU_ASSERT(memcmp(&want, &u[e], sizeof want) == 0);
    }
    zg_direction_v(&d, TENSOR, 11, 2, part);
    CU_ASSERT(memcmp(part, v + 11 * 3, sizeof part) == 0);
}

static void test_dense_rows(void)
{
    const struct zg_direction dense = {.kind = ZG_DIRECTION_DENSE, .scale = 2.0f, .seed_u = 9};
    const struct zg_direction sign = {.kind = ZG_DIRECTION_RADEMACHER, .scale = 0.5f, .seed_u = 9};
    enum { LONG = 700 };
    float row[LONG], z[LONG], part[5];
    uint32_t words[LONG];
    zg_direction_row_dense(&dense, TENSOR, 3, 0, LONG, LONG, row);
    zg_philox_normal(9, TENSOR, ZG_STREAM_DENSE, 3 * LONG, LONG, z);
    for (int i = 0; i < LONG; i++)
        CU_ASSERT_EQUAL(row[i], 2.0f * z[i]);
    zg_direction_row_dense(&dense, TENSOR, 3, 101, 5, LONG, part);
    CU_ASSERT(memcmp(part, row + 101, sizeof part) == 0);

    zg_direction_row_dense(&sign, TENSOR, 2, 0, LONG, LONG, row);
    zg_philox_words(9, TENSOR, ZG_STREAM_DENSE, 2 * LONG, LONG, words);
    for (int i = 0; i < LONG; i++)
        CU_ASSERT_EQUAL(row[i], words[i] % 2 == 0 ? 0.5f : -0.5f);
}

static const struct zg_model_shape shape = {.n_layers = 2,
                                            .d_model = 8,
                                            .n_heads = 2,
                                            .d_ffn = 12,
                                            .n_vocab = 10,
                                            .n_positions = 6,
                                            .tied_head = true};

static void test_scope(void)
{
    for (int32_t id = 0; id < zg_tensor_end(2); id++) {
        const int32_t kind = id % 16;
        const bool linear = id >= 16 && (kind == ZG_T_Q_WEIGHT || kind == ZG_T_K_WEIGHT ||
                                         kind == ZG_T_V_WEIGHT || kind == ZG_T_OUT_WEIGHT ||
                                         kind == ZG_T_FC1_WEIGHT || kind == ZG_T_FC2_WEIGHT);
        CU_ASSERT_EQUAL(zg_scope_includes(ZG_SCOPE_LINEAR, &shape, id), linear);
        CU_ASSERT(zg_scope_includes(ZG_SCOPE_FULL, &shape, id));
    }
}

static void test_layers_included(void)
{
    const struct {
        struct zg_layer_range layers;
        bool has[2];
    } known[] = {{{0, 0}, {true, true}},
                 {{0, 1}, {true, false}},
                 {{1, 2}, {false, true}},
                 {{1, 0}, {false, true}}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct zg_direction d = {.layers = known[i].layers};
        for (int64_t l = 0; l < 2; l++) {
            CU_ASSERT_EQUAL(zg_direction_includes(&d, &shape, zg_tensor_layer(l, ZG_T_FC1_WEIGHT)),
                            known[i].has[l]);
            CU_ASSERT(!zg_direction_includes(&d, &shape, zg_tensor_layer(l, ZG_T_FC1_BIAS)));
        }
        CU_ASSERT(!zg_direction_includes(&d, &shape, ZG_T_EMBED_TOKENS));
    }
}

static const struct zg_engine engine = {.name = "test",
                                        .direction_kinds =
                                            1u << ZG_DIRECTION_LOWRANK | 1u << ZG_DIRECTION_DENSE,
                                        .scopes = ZG_SCOPE_BIT(ZG_SCOPE_LINEAR)};
static const struct zg_engine_limits limits = {.max_directions = 3, .max_rank = 4};
static const struct zg_direction good = {.kind = ZG_DIRECTION_LOWRANK,
                                         .scope = ZG_SCOPE_LINEAR,
                                         .rank = 2,
                                         .scale = 1.0f,
                                         .seed_u = 1,
                                         .seed_v = 2};

/* The message of what is wrong with `bad` after two good directions. */
static void expect_refused(struct zg_direction bad, const char *words)
{
    const struct zg_direction list[] = {good, good, bad};
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_directions_check(&engine, &limits, &shape, list, 3, &err), ZG_USAGE);
    zg_test_expect_words(err.text, words);
}

static void test_check(void)
{
    struct zg_direction d[4] = {good, good, good, good};
    CU_ASSERT_EQUAL(zg_directions_check(&engine, &limits, &shape, d, 3, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_directions_check(&engine, &limits, &shape, d, 4, NULL), ZG_USAGE);
    CU_ASSERT_EQUAL(zg_directions_check(&engine, &limits, &shape, d, 0, NULL), ZG_USAGE);
    d[1] = (struct zg_direction){
        .kind = ZG_DIRECTION_DENSE, .scale = 1.0f, .seed_v = 77}; /* no rank, no V */
    CU_ASSERT_EQUAL(zg_directions_check(&engine, &limits, &shape, d, 3, NULL), ZG_OK);

    struct zg_direction bad = good;
    bad.kind = (enum zg_direction_kind)9;
    expect_refused(bad, "kind");
    bad = good, bad.kind = ZG_DIRECTION_RADEMACHER;
    expect_refused(bad, "Rademacher");
    bad = good, bad.scope = ZG_SCOPE_FULL;
    expect_refused(bad, "scope full");
    bad = good, bad.scope = (enum zg_scope)7;
    expect_refused(bad, "scope 7");
    bad = good, bad.rank = 5;
    expect_refused(bad, "rank 5");
    bad = good, bad.rank = 0;
    expect_refused(bad, "rank 0");
    bad = good, bad.scale = NAN;
    expect_refused(bad, "scale");
    bad = good, bad.scale = 0.0f;
    expect_refused(bad, "scale");
    bad = good, bad.seed_v = 3;
    expect_refused(bad, "seed_v");
    bad = good, bad.rank = 1;
    expect_refused(bad, "share");
}

/* Layers that the model has, the same in all directions, in scope linear, none of them repeated. */
static void test_check_layers(void)
{
    static const struct zg_layer_range wrong[] = {{-1, 1}, {2, 0}, {0, 3}, {1, 1}, {1, -1}};
    struct zg_engine both = engine;
    struct zg_model_shape repeated = shape;
    struct zg_direction d[2] = {good, good};
    struct zg_error err = {0};
    both.scopes |= ZG_SCOPE_BIT(ZG_SCOPE_FULL);
    repeated.n_resident = 1;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        d[0].layers = wrong[i];
        err = (struct zg_error){0};
        CU_ASSERT_EQUAL(zg_directions_check(&both, &limits, &shape, d, 1, &err), ZG_USAGE);
        zg_test_expect_words(err.text, "the model has 0 to 1");
    }
    d[0].layers = (struct zg_layer_range){1, 2};
    CU_ASSERT_EQUAL(zg_directions_check(&both, &limits, &shape, d, 1, NULL), ZG_OK);
    err = (struct zg_error){0};
    CU_ASSERT_EQUAL(zg_directions_check(&both, &limits, &shape, d, 2, &err), ZG_USAGE);
    zg_test_expect_words(err.text, "share their layers");
    err = (struct zg_error){0};
    CU_ASSERT_EQUAL(zg_directions_check(&both, &limits, &repeated, d, 1, &err), ZG_USAGE);
    zg_test_expect_words(err.text, "1 repeat up to the depth of 2");
    d[0].scope = ZG_SCOPE_FULL;
    err = (struct zg_error){0};
    CU_ASSERT_EQUAL(zg_directions_check(&both, &limits, &shape, d, 1, &err), ZG_USAGE);
    zg_test_expect_words(err.text, "go with scope linear");
}

/* Directions of their own V, where an engine was opened for them; of one rank all the same. */
static void test_own_v(void)
{
    struct zg_engine_limits own = limits;
    own.features = ZG_FEATURE_BIT(ZG_F_OWN_V);
    struct zg_direction d[2] = {good, good};
    d[1].seed_v++;
    CU_ASSERT_EQUAL(zg_directions_check(&engine, &limits, &shape, d, 2, NULL), ZG_USAGE);
    CU_ASSERT_EQUAL(zg_directions_check(&engine, &own, &shape, d, 2, NULL), ZG_OK);
    d[1].rank++;
    CU_ASSERT_EQUAL(zg_directions_check(&engine, &own, &shape, d, 2, NULL), ZG_USAGE);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"factors", test_factors},
        {"dense rows", test_dense_rows},
        {"scope", test_scope},
        {"layers", test_layers_included},
        {"check", test_check},
        {"check of layers", test_check_layers},
        {"directions of their own V", test_own_v},
        {NULL, NULL},
    };
    return zg_test_run("direction", tests);
}
