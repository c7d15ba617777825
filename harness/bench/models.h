/*
 * models.h - the models of a run, each opened once and kept until its end: a check of all cases and
 * their measurement, and the cases of a sweep that share a model, read its weights a single time.
 *
 * A model of a directory is a mapping, whose pages leave memory between uses; synthetic weights are
 * made on demand.  So a model that is kept costs next to nothing, and a file that is replaced while
 * the run goes on changes nothing.
 */
#ifndef ZG_HARNESS_MODELS_H
#define ZG_HARNESS_MODELS_H

#include "engines/model.h"
#include "harness/request/case.h"

struct zg_models { /* all zero: none as yet */
    struct zg_model_of_case {
        const char *name; /* as the cases give it, like the other two; borrowed */
        uint64_t seed;
        int64_t layers_resident;
        struct zg_model *model;
        bool has_fingerprint;
        uint64_t fingerprint;
    } * items;
    int64_t n;
};

/* The case's model, which lives until close; the case's texts must live as long.  As
 * zg_model_open() and zg_model_alias_layers(). */
enum zg_status zg_models_get(struct zg_models *models, const struct zg_case *c,
                             const struct zg_model **out, struct zg_error *err);

/* Of a model that get() gave; made once. */
uint64_t zg_models_fingerprint(struct zg_models *models, const struct zg_model *model);

void zg_models_close(struct zg_models *models);

#endif
