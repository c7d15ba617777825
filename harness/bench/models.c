/* models.c - a list of the models that are open, searched by what a case says of its model. */
#include "harness/bench/models.h"

#include <stdlib.h>
#include <string.h>

/* A seed is of synthetic weights alone. */
static bool is_of(const struct zg_model_of_case *item, const struct zg_case *c)
{
    return strcmp(item->name, c->model) == 0 && item->layers_resident == c->layers_resident &&
           (item->seed == c->seed || !zg_model_is_synthetic(item->model));
}

static enum zg_status open_model(struct zg_model **out, const struct zg_case *c,
                                 struct zg_error *err)
{
    enum zg_status status = zg_model_open(out, c->model, c->seed, err);
    if (status || c->layers_resident == 0)
        return status;
    status = zg_model_alias_layers(*out, c->layers_resident, err);
    if (!status)
        return ZG_OK;
    zg_model_close(out);
    return zg_fail_within(err, status, "--layers-resident %lld", (long long)c->layers_resident);
}

enum zg_status zg_models_get(struct zg_models *models, const struct zg_case *c,
                             const struct zg_model **out, struct zg_error *err)
{
    for (int64_t i = 0; i < models->n; i++)
        if (is_of(&models->items[i], c)) {
            *out = models->items[i].model;
            return ZG_OK;
        }
    struct zg_model_of_case *const items =
        realloc(models->items, (size_t)(models->n + 1) * sizeof *items);
    if (!items)
        return zg_fail(err, ZG_ENV, "no memory for a model");
    models->items = items;
    struct zg_model *model = NULL;
    const enum zg_status status = open_model(&model, c, err);
    if (status)
        return status;
    items[models->n++] = (struct zg_model_of_case){
        .name = c->model, .seed = c->seed, .layers_resident = c->layers_resident, .model = model};
    *out = model;
    return ZG_OK;
}

uint64_t zg_models_fingerprint(struct zg_models *models, const struct zg_model *model)
{
    struct zg_model_of_case *item = models->items;
    while (item->model != model)
        item++;
    if (!item->has_fingerprint) {
        item->fingerprint = zg_model_fingerprint(model);
        item->has_fingerprint = true;
        zg_model_release(model);
    }
    return item->fingerprint;
}

void zg_models_close(struct zg_models *models)
{
    for (int64_t i = 0; i < models->n; i++)
        zg_model_close(&models->items[i].model);
    free(models->items);
    *models = (struct zg_models){0};
}
