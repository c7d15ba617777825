/*
 * trained_model.h - a small trained model, where the optional test data has it: a character model
 * of Shakespeare's plays in OPT's layout (4 layers, 128 channels, 65 characters).
 *
 * Random weights say little of rounding: a trained model has a loss worth following and channels
 * of very unequal size.
 */
#ifndef ZG_TESTS_TRAINED_MODEL_H
#define ZG_TESTS_TRAINED_MODEL_H

#include <stdint.h>

/* A temporary directory that zg_model_open() takes, to be removed by zg_temp_directory_remove();
 * NULL, after printing why the test skips, where the data is absent. */
char *zg_trained_model_directory(void);

/* A passage of the plays as the model's tokens; static. */
const int32_t *zg_trained_model_text(int64_t *n_tokens);

#endif
