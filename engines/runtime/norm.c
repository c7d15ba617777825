/*
 * norm.c - rows between GEMMs: layer norm, and the ReLU of pairs (else it is the GEMM's epilogue).
 *
 * A thread takes two rows at a time, of a pair both, and computes t = V^T x for the layer that
 * reads them (project.c) while they are in L1.
 */
#include "engines/runtime/norm.h"

#include "engines/base/size.h"
#include "engines/runtime/project.h"
#include "engines/runtime/vectors.h"

/* Columns that ReLU and the dot products after it go over together: two rows and two of V stay in
 * L1. */
#define RELU_COLUMNS 1024

/* Gain and bias of a slot in act.moved. */
static struct zg_norm moved_norm(const struct zg_engine_state *s, int64_t slot)
{
    return (struct zg_norm){zg_row(s->act.moved, 2 * slot), zg_row(s->act.moved, 2 * slot + 1)};
}

/* norm_two() of a pass whose slots have gains and biases of their own. */
static void norm_two_moved(const struct zg_engine_state *s, const struct zg_pass *pass,
                           struct zg_matrix x, const struct zg_norm *norm, bool apart,
                           int64_t rows_per_slot, struct zg_matrix y, struct zg_two two)
{
    const struct zg_runtime_kernels *kernels = s->kernels;
    const int64_t d = s->shape.d_model;
    const float *x0 = zg_row(x, two.first), *x1 = zg_row(x, two.second);
    float *y0 = zg_row(y, two.first), *y1 = zg_row(y, two.second);
    const struct zg_norm first = moved_norm(s, two.first / rows_per_slot);
    if (zg_pass_is_centred(pass)) {
        const struct zg_centred_affine affine = {norm->gain, norm->bias, first.gain, first.bias};
        (apart ? kernels->layer_norm_moved_apart : kernels->layer_norm_moved)(x0, x1, &affine, d,
                                                                              y0, y1);
        return;
    }
    const struct zg_norm second = moved_norm(s, two.second / rows_per_slot);
    kernels->layer_norm(x0, first.gain, first.bias, d, y0);
    if (two.second != two.first)
        kernels->layer_norm(x1, second.gain, second.bias, d, y1);
}

static void norm_two(const struct zg_engine_state *s, const struct zg_pass *pass,
                     struct zg_matrix x, const struct zg_norm *norm, bool apart, struct zg_matrix y,
                     struct zg_two two)
{
    const struct zg_runtime_kernels *kernels = s->kernels;
    const int64_t d = s->shape.d_model;
    const float *x0 = zg_row(x, two.first), *x1 = zg_row(x, two.second);
    float *y0 = zg_row(y, two.first), *y1 = zg_row(y, two.second);
    if (zg_pass_is_centred(pass)) {
        (apart ? kernels->layer_norm_apart : kernels->layer_norm_centred)(x0, x1, norm->gain,
                                                                          norm->bias, d, y0, y1);
        return;
    }
    kernels->layer_norm(x0, norm->gain, norm->bias, d, y0);
    if (two.second != two.first)
        kernels->layer_norm(x1, norm->gain, norm->bias, d, y1);
}

void zg_norm_rows(struct zg_engine_state *s, const struct zg_pass *pass, struct zg_matrix x,
                  const struct zg_norm *norm, int64_t rows_per_slot, const struct zg_linear *reader,
                  struct zg_matrix y)
{
    const int64_t d = s->shape.d_model, n_rows = zg_pass_rows(pass, rows_per_slot);
    const bool project = reader && zg_project_in_place(s, reader);
    zg_phase_start(s, ZG_PHASE_NORM);
    if (pass->moved)
        zg_vectors_move_norm(s, pass, norm);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < zg_ceil_div(n_rows, 2); i++) {
        const struct zg_two two = zg_pass_two(pass, n_rows, i);
        if (pass->moved)
            norm_two_moved(s, pass, x, norm, !reader, rows_per_slot, y, two);
        else
            norm_two(s, pass, x, norm, !reader, y, two);
        if (project) {
            zg_project_dots(s, reader, y, two, 0, d);
            zg_project_place(s, reader, pass, y, rows_per_slot, two);
        }
    }
    zg_cost_add(&s->meter, 0.0, 8.0 * (double)(n_rows * d));
    if (project)
        zg_project_cost(s, reader, n_rows);
    else if (reader)
        zg_project_rows(s, reader, pass, y, rows_per_slot);
}

void zg_relu_rows(struct zg_engine_state *s, const struct zg_pass *pass, int64_t rows_per_slot,
                  const struct zg_linear *reader, struct zg_matrix x)
{
    const int64_t n = reader->shape.n_in, n_rows = zg_pass_rows(pass, rows_per_slot);
    const bool project = zg_project_in_place(s, reader);
    zg_phase_start(s, ZG_PHASE_FC1);
#pragma omp parallel for num_threads((int)s->options.n_threads) schedule(static)
    for (int64_t i = 0; i < n_rows / 2; i++) {
        const struct zg_two two = zg_pass_two(pass, n_rows, i);
        for (int64_t c = 0; c < n; c += RELU_COLUMNS) {
            const int64_t width = zg_min64(RELU_COLUMNS, n - c);
            s->kernels->relu_centred(zg_row(x, two.first) + c, zg_row(x, two.second) + c, width);
            if (project)
                zg_project_dots(s, reader, x, two, c, width);
        }
        if (project)
            zg_project_place(s, reader, pass, x, rows_per_slot, two);
    }
    zg_cost_add(&s->meter, 0.0, 8.0 * (double)(n_rows * n));
    if (project)
        zg_project_cost(s, reader, n_rows);
    else
        zg_project_rows(s, reader, pass, x, rows_per_slot);
}
