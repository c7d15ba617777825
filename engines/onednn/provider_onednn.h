/* provider_onednn.h - the provider of provider_onednn.c, for engine.c and its tests; in builds with
 * the library. */
#ifndef ZG_ONEDNN_PROVIDER_ONEDNN_H
#define ZG_ONEDNN_PROVIDER_ONEDNN_H

#include "engines/runtime/provider.h"

extern const struct zg_provider zg_provider_onednn;

#endif
