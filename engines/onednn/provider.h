/* provider.h - oneDNN as a provider of the inference-style runtime; in builds with the library. */
#ifndef ZG_ONEDNN_PROVIDER_H
#define ZG_ONEDNN_PROVIDER_H

#include "engines/runtime/provider.h"

extern const struct zg_provider zg_provider_onednn;

#endif
