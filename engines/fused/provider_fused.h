/* provider_fused.h - the provider of provider_fused.c, for engine.c and its tests. */
#ifndef ZG_FUSED_PROVIDER_FUSED_H
#define ZG_FUSED_PROVIDER_FUSED_H

#include "engines/fused/kernels.h"
#include "engines/runtime/provider.h"

/* On the best kernels of ZOGAP_ISA. */
extern const struct zg_provider zg_provider_fused;

/* Its open() on a given variant, so that tests reach every one of them; other dtypes
 * get what its ISA has. */
enum zg_status zg_fused_open_on(struct zg_provider_state **out,
                                const struct zg_provider_options *options,
                                const struct zg_kernels *kernels, struct zg_error *err);

#endif
