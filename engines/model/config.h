/*
 * config.h - config.json of a Hugging Face OPT model, from a buffer: the shape, or why zogap cannot
 * run it.
 */
#ifndef ZG_MODEL_CONFIG_H
#define ZG_MODEL_CONFIG_H

#include "engines/model.h"

#define ZG_CONFIG_MAX_BYTES (INT64_C(1) << 20)

/* `what` names the file in messages.  Absent optional fields have the defaults of transformers'
 * OPTConfig. */
enum zg_status zg_config_parse(struct zg_model_shape *out, const void *bytes, int64_t size,
                               const char *what, struct zg_error *err);

#endif
