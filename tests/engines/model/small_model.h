/* small_model.h - the model of these suites: no size is like another, so that a mixed-up dimension
 * shows. */
#ifndef ZG_TESTS_SMALL_MODEL_H
#define ZG_TESTS_SMALL_MODEL_H

#include "engines/model.h"
#include "tests/support/cunit_run.h"

static const struct zg_model_shape small = {.n_layers = 2,
                                            .d_model = 12,
                                            .n_heads = 3,
                                            .d_ffn = 20,
                                            .n_vocab = 30,
                                            .n_positions = 9,
                                            .tied_head = true};

static inline struct zg_model *open_small(bool tied)
{
    struct zg_model_shape shape = small;
    struct zg_model *model = NULL;
    shape.tied_head = tied;
    CU_ASSERT_EQUAL_FATAL(zg_model_open_shape(&model, "source", &shape, 5, NULL), ZG_OK);
    return model;
}

#endif
