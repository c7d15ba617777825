/* tiny_model.h - a model directory of two small layers with random weights, and the embedded
 * tokenizer's files. */
#ifndef ZG_TESTS_HARNESS_TINY_MODEL_H
#define ZG_TESTS_HARNESS_TINY_MODEL_H

#include "engines/error.h"

/* Into a directory that is there. */
enum zg_status tiny_model_write(const char *directory, struct zg_error *err);

#endif
