/* model.c - the public face of a model: what it is, reading, closing.  Where elements come from is
 * source.h's, who opens one by name is open.c. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engines/model/mapping.h"
#include "engines/model/source.h"

enum zg_status zg_model_make(struct zg_model **out, const char *name,
                             const struct zg_model_shape *shape,
                             const struct zg_model_source *source, void *state,
                             enum zg_dtype stored_dtype, struct zg_error *err)
{
    struct zg_model *model = malloc(sizeof *model);
    char *copy = strdup(name);
    *out = NULL;
    if (!model || !copy) {
        source->close(state);
        free(model);
        free(copy);
        return zg_fail(err, ZG_ENV, "model %s: no memory", name);
    }
    *model = (struct zg_model){.shape = *shape,
                               .source = source,
                               .state = state,
                               .stored_dtype = stored_dtype,
                               .name = copy};
    *out = model;
    return ZG_OK;
}

void zg_model_close(struct zg_model **model)
{
    if (!model || !*model)
        return;
    (*model)->source->close((*model)->state);
    free((*model)->name);
    free((*model)->directory);
    free((*model)->warning);
    free((*model)->note);
    free(*model);
    *model = NULL;
}

enum zg_status zg_model_alias_layers(struct zg_model *model, int64_t n_resident,
                                     struct zg_error *err)
{
    if (n_resident < 1 || n_resident > model->shape.n_layers)
        return zg_fail(err, ZG_USAGE, "model %s: %lld resident layers, must be 1 to %lld",
                       model->name, (long long)n_resident, (long long)model->shape.n_layers);
    model->shape.n_resident = n_resident;
    model->has_fingerprint = false; /* that was of all layers */
    return ZG_OK;
}

const struct zg_model_shape *zg_model_shape(const struct zg_model *model)
{
    return &model->shape;
}
const char *zg_model_name(const struct zg_model *model)
{
    return model->name;
}
const char *zg_model_directory(const struct zg_model *model)
{
    return model->directory;
}
const char *zg_model_warning(const struct zg_model *model)
{
    return model->warning;
}
const char *zg_model_note(const struct zg_model *model)
{
    return model->note;
}
bool zg_model_is_synthetic(const struct zg_model *model)
{
    return model->synthetic;
}
enum zg_dtype zg_model_stored_dtype(const struct zg_model *model)
{
    return model->stored_dtype;
}

void zg_model_read_elements(const struct zg_model *model, int32_t id, int64_t begin, int64_t n,
                            float *dst)
{
    model->source->read(model->state, zg_tensor_owner(&model->shape, id), begin, n, dst);
}

void zg_model_read(const struct zg_model *model, int32_t id, int64_t row_begin, int64_t n_rows,
                   float *dst, int64_t ld)
{
    int64_t rows = 0, cols = 0;
    const bool known = zg_model_tensor_size(&model->shape, id, &rows, &cols);
    assert(known && row_begin >= 0 && n_rows >= 0 && row_begin <= rows - n_rows && ld >= cols);
    (void)known;
    if (ld == cols) {
        zg_model_read_elements(model, id, row_begin * cols, n_rows * cols, dst);
        return;
    }
    for (int64_t i = 0; i < n_rows; i++)
        zg_model_read_elements(model, id, (row_begin + i) * cols, cols, dst + i * ld);
}

enum zg_status zg_model_check(const struct zg_model *model, struct zg_error *err)
{
    return model->source->check ? model->source->check(model->state, err) : ZG_OK;
}

const char *zg_model_file_at(const void *address)
{
    return zg_mapping_path(address);
}

void zg_model_release(const struct zg_model *model)
{
    if (model->source->release)
        model->source->release(model->state);
}
