/*
 * bank.c - mechanism `bank`: when V is drawn anew, the old A V^T stays beside W instead of being
 * folded into it.  W is then read only, in whatever precision it lies there, and no fp32 master of
 * it is needed; the price is `rank` more adapter columns a redraw.
 *
 *     V blocks of a panel    | V_0: groups x rank_0 | V_1: groups x rank_1 | ... | the present V |
 *     a row's t              the same order, from one product with all of them
 *     A blocks               | A_0: outputs x rank_0 | A_1 ...             | ... | the present A |
 *     columns of the panel   [A_0 | A_1 | ... | A | scale U_0 | scale U_1 ...]
 *
 * A push moves nothing: the present block becomes the bank's last, and the room behind it the
 * present one.
 */
#include "engines/runtime/bank.h"

/* Present V at most. */
static int64_t max_present(const struct zg_engine_state *s)
{
    const struct zg_engine_limits *limits = &s->options.limits;
    return limits->features & ZG_FEATURE_BIT(ZG_F_OWN_V) ? limits->max_directions : 1;
}

int64_t zg_bank_max_v(const struct zg_engine_state *s)
{
    return max_present(s) * (1 + (zg_has(s, ZG_M_BANK) ? s->options.limits.max_bank : 0));
}

enum zg_status zg_bank_open(struct zg_engine_state *s, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    s->lowrank.v_rank =
        zg_state_take(s, zg_bank_max_v(s), sizeof *s->lowrank.v_rank, "the bank", &status, err);
    return status;
}

enum zg_status zg_bank_push(struct zg_engine_state *s, struct zg_error *err)
{
    struct zg_lowrank *low = &s->lowrank;
    if (low->n_bank + low->n_v + max_present(s) > zg_bank_max_v(s))
        return zg_fail(err, ZG_USAGE,
                       "the bank is full after %lld redraws of V: open with a larger one, or "
                       "redraw V less often (nu)",
                       (long long)low->n_bank);
    low->n_bank += low->n_v;
    low->bank_rank += low->n_v * low->rank;
    low->a_live = false;
    return ZG_OK;
}

void zg_bank_add(const struct zg_engine_state *s, const struct zg_linear *linear, int64_t group,
                 int64_t row_begin, int64_t n_rows, float *w, int64_t ld)
{
    const struct zg_panel_shape *shape = &linear->shape;
    const float *vt = linear->vt, *a = linear->a;
    for (int64_t v = 0; v < zg_n_kept(&s->lowrank); v++) {
        const int64_t rank = s->lowrank.v_rank[v];
        const float *rows = a + (group * shape->n_out + row_begin) * rank;
        for (int64_t i = 0; i < n_rows; i++)
            s->kernels->add_rank(w + i * ld, rows + i * rank, rank, vt + group * rank * linear->ldv,
                                 linear->ldv, shape->n_in, w + i * ld);
        vt += shape->n_groups * rank * linear->ldv;
        a += shape->n_groups * shape->n_out * rank;
    }
}
