/*
 * useful.h - zg_useful_flops() of zo.h for engines, which may not allocate in a step.
 */
#ifndef ZG_LAYOUT_USEFUL_H
#define ZG_LAYOUT_USEFUL_H

#include "engines/zo.h"

struct zg_useful; /* room to lay a batch out as the minimum needs it */

enum zg_status zg_useful_open(struct zg_useful **out, const struct zg_engine_limits *limits,
                              struct zg_error *err);
/* NULL and a pointer to NULL are fine. */
void zg_useful_close(struct zg_useful **useful);

/* zg_useful_flops() of a batch within the limits; allocates nothing. */
double zg_useful_count(struct zg_useful *useful, const struct zg_model_shape *shape,
                       const struct zg_batch *batch, const struct zg_probe *probes,
                       int64_t n_probes, const struct zg_direction *directions);

#endif
