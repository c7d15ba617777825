/* cost.h - adds up what was executed, phase by phase (zo.h, struct zg_cost). */
#ifndef ZG_RUNTIME_COST_H
#define ZG_RUNTIME_COST_H

#include "engines/runtime/provider.h"
#include "engines/zo.h"

struct zg_meter {
    struct zg_cost cost; /* since the last begin() */
    enum zg_phase phase; /* that is on */
};

void zg_cost_add(struct zg_meter *meter, double flops, double bytes);
/* A product in fp32. */
void zg_cost_gemm(struct zg_meter *meter, int64_t n_rows, int64_t n_out, int64_t n_in);
/* A product with a panel of that shape, its weights in `dtype`. */
void zg_cost_panel(struct zg_meter *meter, const struct zg_panel_shape *panel, enum zg_dtype dtype,
                   const struct zg_gemm *g);

#endif
