/* provider_openblas.h - the provider of provider_openblas.c, for engine.c and its tests. */
#ifndef ZG_OPENBLAS_PROVIDER_OPENBLAS_H
#define ZG_OPENBLAS_PROVIDER_OPENBLAS_H

#include "engines/runtime/provider.h"

extern const struct zg_provider zg_provider_openblas;

#endif
