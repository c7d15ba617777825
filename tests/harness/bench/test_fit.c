/* test_fit.c - harness/bench/fit.c: what weights take in memory. */
#include "harness/bench/fit.h"

#include "tests/support/cunit_run.h"

enum { D = 16, FFN = 48, VOCAB = 101, POSITIONS = 30 };

static const struct zg_engine wide_tables = {.name = "runtime"};
static const struct zg_engine low_tables = {.name = "loop", .low_tables = true};

static const double linear = 4 * D * D + 2 * D * FFN; /* of a layer */
/* q, k, v, out, fc2; fc1; two norms: of a layer */
static const double vectors = 5 * D + FFN + 4 * D;

static void check(bool tied_head, int64_t n_resident)
{
    const struct zg_model_shape shape = {.n_layers = 6,
                                         .d_model = D,
                                         .n_heads = 2,
                                         .d_ffn = FFN,
                                         .n_vocab = VOCAB,
                                         .n_positions = POSITIONS,
                                         .tied_head = tied_head};
    struct zg_model *model = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&model, "six layers", &shape, 1, NULL), ZG_OK);
    if (n_resident < 6)
        CU_ASSERT_EQUAL(zg_model_alias_layers(model, n_resident, NULL), ZG_OK);
    const double n = (double)n_resident, tables = VOCAB * D * (tied_head ? 1 : 2);
    const double others = n * vectors + (POSITIONS + ZG_POSITION_OFFSET) * D + 2 * D;
    const struct {
        enum zg_dtype dtype, dtype_d;
        double linear_bytes, table_bytes;
    } cases[] = {{ZG_FP32, ZG_FP32, 4, 4},
                 {ZG_BF16, ZG_BF16, 2, 2},
                 {ZG_INT8, ZG_INT8, 1, 1},
                 {ZG_BF16, ZG_INT8, 2 + 1, 2}};
    for (int i = 0; i < 4; i++) {
        const double rest = cases[i].linear_bytes * n * linear + 4 * others;
        CU_ASSERT_EQUAL(zg_fit_weight_bytes(model, &wide_tables, cases[i].dtype, cases[i].dtype_d),
                        rest + 4 * tables);
        CU_ASSERT_EQUAL(zg_fit_weight_bytes(model, &low_tables, cases[i].dtype, cases[i].dtype_d),
                        rest + cases[i].table_bytes * tables);
    }
    zg_model_close(&model);
}

static void test_weight_bytes(void)
{
    check(true, 6);
    check(false, 6);
    check(true, 2);
}

int main(void)
{
    static const struct zg_test tests[] = {{"bytes of weights", test_weight_bytes}, {NULL, NULL}};
    return zg_test_run("fit", tests);
}
