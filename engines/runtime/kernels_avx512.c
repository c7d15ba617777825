/* kernels_avx512.c - the runtime's kernels for AVX-512 F, BW, DQ, VL. */
#define VEC_BYTES 64
#include "engines/base/simd.h"
#include "engines/runtime/kernels_variant.h"

#include "engines/runtime/kernels_attention.h"
#include "engines/runtime/kernels_centred.h"
#include "engines/runtime/kernels_rows.h"

const struct zg_runtime_kernels zg_runtime_kernels_avx512 = {
    .isa = ZG_ISA_AVX512,
    .layer_norm = layer_norm,
    .layer_norm_centred = layer_norm_centred,
    .layer_norm_apart = layer_norm_apart,
    .layer_norm_moved = layer_norm_moved,
    .layer_norm_moved_apart = layer_norm_moved_apart,
    .relu_centred = relu_centred,
    .dots = dots,
    .dots_two = dots_two,
    .add_rank = add_rank,
    .add_sums = add_sums,
    .logsumexp = logsumexp,
    .epilogue = epilogue,
    .attention = attention,
    .combine = combine,
    .transpose = transpose,
    .recentre = recentre,
};
