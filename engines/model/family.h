/* family.h - the table of a model family (tensors.h), as tensors.c reads it. */
#ifndef ZG_MODEL_FAMILY_H
#define ZG_MODEL_FAMILY_H

#include "engines/tensors.h"

struct zg_family_table {
    const char *layers; /* what the names of a layer's tensors begin with, up to its number */
    /* By number; the name is NULL where the family has no tensor of that number. */
    struct zg_tensor globals[ZG_N_TENSOR_KINDS];
    struct zg_tensor kinds[ZG_N_TENSOR_KINDS]; /* of each layer */
};

extern const struct zg_family_table zg_family_opt;

#endif
