/* weights.c - rows of each tensor through XXH3, chained by its seed as fingerprint.c does. */
#include "harness/train/weights.h"

#include <stdlib.h>
#include <xxhash.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"

/* Values that are read at a time, at least a row: a fused engine unpacks whole strips. */
enum { PIECE = 1 << 18 };

static enum zg_status hash_tensor(const struct zg_engine *engine, struct zg_engine_state *state,
                                  int32_t id, int64_t n_rows, int64_t n_cols, float *values,
                                  uint64_t *h, struct zg_error *err)
{
    const int64_t most = zg_max64(1, PIECE / n_cols);
    for (int64_t row = 0; row < n_rows; row += most) {
        const int64_t n = zg_min64(most, n_rows - row);
        const enum zg_status status = engine->read(state, id, row, n, values, n_cols, err);
        if (status)
            return status;
        *h = XXH3_64bits_withSeed(values, (size_t)(n * n_cols) * sizeof *values, *h);
    }
    return ZG_OK;
}

enum zg_status zg_weights_hash(const struct zg_engine *engine, struct zg_engine_state *state,
                               const struct zg_model_shape *shape, enum zg_scope scope,
                               uint64_t *hash, struct zg_error *err)
{
    const int64_t n_values = zg_max64(PIECE, zg_model_max_cols(shape));
    float *const values = malloc((size_t)n_values * sizeof *values);
    enum zg_status status = values ? ZG_OK : zg_fail(err, ZG_ENV, "no memory to read the weights");
    uint64_t h = 0;
    for (int32_t id = 0; id < zg_tensor_end(zg_shape_n_resident(shape)) && !status; id++) {
        int64_t n_rows, n_cols;
        if (!zg_scope_includes(scope, shape, id) || zg_tensor_owner(shape, id) != id ||
            !zg_model_tensor_size(shape, id, &n_rows, &n_cols))
            continue;
        const int64_t entry[] = {id, n_rows, n_cols};
        h = XXH3_64bits_withSeed(entry, sizeof entry, h);
        status = hash_tensor(engine, state, id, n_rows, n_cols, values, &h, err);
    }
    free(values);
    *hash = h;
    return status;
}
