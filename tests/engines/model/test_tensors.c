/* test_tensors.c - the table of the OPT family, line by line against what transformers has. */
#include "engines/tensors.h"

#include <stdio.h>
#include <string.h>

#include "tests/engines/model/small_model.h"

enum what { OTHER, LINEAR, NORM, TABLE };

/* The small model's: its sizes are 12, 20 (MLP), 30 (vocabulary) and 9 + 2 (positions). */
static const struct line {
    int32_t id;
    const char *name;
    int64_t rows, cols;
    enum what what;
    int32_t bias; /* -1: none */
} lines[] = {
    {0, "model.decoder.embed_tokens.weight", 30, 12, TABLE, -1},
    {1, "model.decoder.embed_positions.weight", 11, 12, OTHER, -1},
    {2, "model.decoder.final_layer_norm.weight", 12, 1, NORM, 3},
    {3, "model.decoder.final_layer_norm.bias", 12, 1, OTHER, -1},
    {4, "lm_head.weight", 30, 12, TABLE, -1},
    {16, "model.decoder.layers.0.self_attn.q_proj.weight", 12, 12, LINEAR, 17},
    {17, "model.decoder.layers.0.self_attn.q_proj.bias", 12, 1, OTHER, -1},
    {18, "model.decoder.layers.0.self_attn.k_proj.weight", 12, 12, LINEAR, 19},
    {19, "model.decoder.layers.0.self_attn.k_proj.bias", 12, 1, OTHER, -1},
    {20, "model.decoder.layers.0.self_attn.v_proj.weight", 12, 12, LINEAR, 21},
    {21, "model.decoder.layers.0.self_attn.v_proj.bias", 12, 1, OTHER, -1},
    {22, "model.decoder.layers.0.self_attn.out_proj.weight", 12, 12, LINEAR, 23},
    {23, "model.decoder.layers.0.self_attn.out_proj.bias", 12, 1, OTHER, -1},
    {24, "model.decoder.layers.0.fc1.weight", 20, 12, LINEAR, 25},
    {25, "model.decoder.layers.0.fc1.bias", 20, 1, OTHER, -1},
    {26, "model.decoder.layers.0.fc2.weight", 12, 20, LINEAR, 27},
    {27, "model.decoder.layers.0.fc2.bias", 12, 1, OTHER, -1},
    {28, "model.decoder.layers.0.self_attn_layer_norm.weight", 12, 1, NORM, 29},
    {29, "model.decoder.layers.0.self_attn_layer_norm.bias", 12, 1, OTHER, -1},
    {30, "model.decoder.layers.0.final_layer_norm.weight", 12, 1, NORM, 31},
    {31, "model.decoder.layers.0.final_layer_norm.bias", 12, 1, OTHER, -1},
    {32, "model.decoder.layers.1.self_attn.q_proj.weight", 12, 12, LINEAR, 33},
    {33, "model.decoder.layers.1.self_attn.q_proj.bias", 12, 1, OTHER, -1},
    {34, "model.decoder.layers.1.self_attn.k_proj.weight", 12, 12, LINEAR, 35},
    {35, "model.decoder.layers.1.self_attn.k_proj.bias", 12, 1, OTHER, -1},
    {36, "model.decoder.layers.1.self_attn.v_proj.weight", 12, 12, LINEAR, 37},
    {37, "model.decoder.layers.1.self_attn.v_proj.bias", 12, 1, OTHER, -1},
    {38, "model.decoder.layers.1.self_attn.out_proj.weight", 12, 12, LINEAR, 39},
    {39, "model.decoder.layers.1.self_attn.out_proj.bias", 12, 1, OTHER, -1},
    {40, "model.decoder.layers.1.fc1.weight", 20, 12, LINEAR, 41},
    {41, "model.decoder.layers.1.fc1.bias", 20, 1, OTHER, -1},
    {42, "model.decoder.layers.1.fc2.weight", 12, 20, LINEAR, 43},
    {43, "model.decoder.layers.1.fc2.bias", 12, 1, OTHER, -1},
    {44, "model.decoder.layers.1.self_attn_layer_norm.weight", 12, 1, NORM, 45},
    {45, "model.decoder.layers.1.self_attn_layer_norm.bias", 12, 1, OTHER, -1},
    {46, "model.decoder.layers.1.final_layer_norm.weight", 12, 1, NORM, 47},
    {47, "model.decoder.layers.1.final_layer_norm.bias", 12, 1, OTHER, -1},
};
enum { N_LINES = sizeof lines / sizeof lines[0] };

static void test_lines(void)
{
    for (int i = 0; i < N_LINES; i++) {
        const struct line *const want = &lines[i];
        const struct zg_tensor *const tensor = zg_tensor_at(&small, want->id);
        int64_t rows = 0, cols = 0;
        char name[128];
        CU_ASSERT_PTR_NOT_NULL_FATAL(tensor);
        CU_ASSERT(zg_model_tensor_size(&small, want->id, &rows, &cols));
        CU_ASSERT_EQUAL(rows, want->rows);
        CU_ASSERT_EQUAL(cols, want->cols);
        CU_ASSERT_EQUAL(tensor->is_linear, want->what == LINEAR);
        CU_ASSERT_EQUAL(tensor->is_norm, want->what == NORM);
        CU_ASSERT_EQUAL(tensor->is_table, want->what == TABLE);
        CU_ASSERT_EQUAL(zg_tensor_bias(&small, want->id), want->bias);
        zg_model_tensor_name(&small, want->id, name, sizeof name);
        CU_ASSERT_STRING_EQUAL(name, want->name);
        CU_ASSERT_EQUAL(zg_model_tensor_find(&small, want->name), want->id);
        CU_ASSERT_EQUAL(zg_tensor_layer_of(want->id), want->id / 16 - 1);
    }
}

/* No id but the lines' has a tensor, whoever asks. */
static void test_no_others(void)
{
    int at = 0;
    for (int32_t id = -20; id < 80; id++) {
        int64_t rows, cols;
        char name[8];
        if (at < N_LINES && lines[at].id == id) {
            at++;
            continue;
        }
        CU_ASSERT_PTR_NULL(zg_tensor_at(&small, id));
        CU_ASSERT(!zg_model_tensor_size(&small, id, &rows, &cols));
        CU_ASSERT_EQUAL(zg_tensor_bias(&small, id), -1);
        zg_model_tensor_name(&small, id, name, sizeof name);
        CU_ASSERT_STRING_EQUAL(name, "?");
    }
    CU_ASSERT_EQUAL(at, N_LINES);
    CU_ASSERT_EQUAL(zg_tensor_end(2), 48);
}

/* The random streams know tensors by these numbers: another number is other weights. */
static void test_numbers(void)
{
    CU_ASSERT_EQUAL(zg_tensor_layer(0, ZG_T_Q_WEIGHT), 16);
    CU_ASSERT_EQUAL(zg_tensor_layer(0, ZG_T_K_WEIGHT), 18);
    CU_ASSERT_EQUAL(zg_tensor_layer(0, ZG_T_V_WEIGHT), 20);
    CU_ASSERT_EQUAL(zg_tensor_layer(0, ZG_T_OUT_WEIGHT), 22);
    CU_ASSERT_EQUAL(zg_tensor_layer(1, ZG_T_FC1_WEIGHT), 40);
    CU_ASSERT_EQUAL(zg_tensor_layer(1, ZG_T_FC2_WEIGHT), 42);
    CU_ASSERT_EQUAL(zg_tensor_layer(1, ZG_T_NORM1_WEIGHT), 44);
    CU_ASSERT_EQUAL(zg_tensor_layer(1, ZG_T_NORM2_BIAS), 47);
    CU_ASSERT_EQUAL(ZG_T_EMBED_TOKENS, 0);
    CU_ASSERT_EQUAL(ZG_T_FINAL_NORM_WEIGHT, 2);
    CU_ASSERT_EQUAL(ZG_T_HEAD, 4);
}

static void test_owner(void)
{
    struct zg_model_shape untied = small;
    untied.tied_head = false;
    for (int i = 0; i < N_LINES; i++) {
        const int32_t id = lines[i].id;
        CU_ASSERT_EQUAL(zg_tensor_owner(&small, id), id == 4 ? 0 : id);
        CU_ASSERT_EQUAL(zg_tensor_owner(&untied, id), id);
    }
}

/* Sums over the lines are what the model counts, and a row of any tensor fits. */
static void test_sums(void)
{
    struct zg_model_shape untied = small;
    int64_t n = 0, n_linear = 0, widest = 0;
    for (int i = 0; i < N_LINES; i++) {
        const int64_t n_elements = lines[i].rows * lines[i].cols;
        n += n_elements;
        n_linear += lines[i].what == LINEAR ? n_elements : 0;
        widest = lines[i].cols > widest ? lines[i].cols : widest;
    }
    untied.tied_head = false;
    CU_ASSERT_EQUAL(zg_model_n_params(&untied), n);
    CU_ASSERT_EQUAL(zg_model_n_params(&small), n - 30 * 12);
    CU_ASSERT_EQUAL(zg_model_n_linear_params(&small), n_linear);
    CU_ASSERT_EQUAL(n_linear, 2 * (4 * 12 * 12 + 2 * 12 * 20));
    CU_ASSERT_EQUAL(zg_model_max_cols(&small), widest);
    CU_ASSERT_EQUAL(widest, 20);
}

/* Files of fairseq's call the head by another name, with and without the prefix. */
static void test_other_name(void)
{
    CU_ASSERT_EQUAL(zg_model_tensor_find(&small, "decoder.output_projection.weight"), ZG_T_HEAD);
    CU_ASSERT_EQUAL(zg_model_tensor_find(&small, "model.decoder.output_projection.weight"),
                    ZG_T_HEAD);
    CU_ASSERT_EQUAL(zg_model_tensor_find(&small, "decoder.output_projection"), -1);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"the table, line by line", test_lines},
        {"ids without a tensor", test_no_others},
        {"numbers", test_numbers},
        {"a tied head is the embedding", test_owner},
        {"sums", test_sums},
        {"another name of the head", test_other_name},
        {NULL, NULL},
    };
    return zg_test_run("engines/model/tensors", tests);
}
