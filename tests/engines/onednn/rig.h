/*
 * rig.h - engines/onednn as a kernel provider beside plain double-precision products.
 *
 * Tolerance: a sum of n products of fp32 numbers, in whatever order and with or without FMA, is off
 * by at most n u / (1 - n u) * sum |a b| with u = 2^-24 (Higham, Accuracy and Stability, eq. 3.5).
 * `bound` collects that sum, so no number here is tuned.  bf16 numbers have exact products, int8
 * ones exact sums; the numbers that are multiplied are those of narrow.h's reference.
 */
#ifndef ZG_TESTS_ONEDNN_RIG_H
#define ZG_TESTS_ONEDNN_RIG_H

#include "engines/onednn/provider_onednn.h"
#include "tests/support/cunit_run.h"

#define MAX_ROWS  1100 /* more than two pieces of ZG_VIEW_ROWS */
#define MAX_EXTRA 5

/* Calls `check` for each dtype that the library has on this machine; says which are skipped. */
void each_dtype(void (*check)(enum zg_dtype dtype));

/* [n] normal deviates of a stream that no engine uses; exits where there is no memory. */
float *numbers(uint64_t seed, int64_t n);

/* d_model 37 and d_ffn 83 fill neither a vector nor a tile; panel.c widens a stride of 1024. */
struct zg_model *model_open(int64_t d_model, int64_t d_ffn);

struct layer {
    struct zg_panel_shape shape;
    int32_t tensors[3];
};

struct layer layer_of(const struct zg_model *model, enum zg_tensor_kind kind);

struct setup {
    struct zg_provider_state *state;
    struct zg_panel *panel;
    struct layer layer;
    float *w; /* what the panel should hold */
    int32_t kept[ZG_MAX_KEPT];
    int64_t n_kept;
};

struct setup setup_open(const struct zg_model *model, enum zg_dtype dtype, enum zg_tensor_kind kind,
                        int64_t n_threads, bool packed, int64_t ldx, int64_t ldy);
void setup_close(struct setup *s);
/* keep_columns(), and what the panel should hold then. */
void setup_keep(struct setup *s, const struct zg_model *model, const int32_t *columns, int64_t n);

enum residual_kind { ANOTHER, IN_PLACE };

struct product {
    int64_t n_rows, n_extra;
    int64_t n_difference_rows; /* the last ones: no bias */
    bool bias;
    enum zg_epilogue epilogue;
    enum residual_kind residual;
    int64_t pad; /* columns of x and y that belong to nobody */
};

/* Runs the product and compares every number of y, those between the rows included. */
void product_check(const struct setup *s, const struct product *p);
/* All epilogues and residuals, with and without bias. */
void epilogues_check(const struct setup *s, int64_t n_rows, int64_t n_extra, int64_t pad);

#endif
