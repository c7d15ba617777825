/* trained.c - the loop that `zogap train` has, without all that it has besides. */
#include "tests/harness/train/trained.h"

#include "harness/train/steps_head.h"
#include "harness/train/weights.h"

static enum zg_status open_engine(struct trained *out, const struct trained_request *request,
                                  struct zg_error *err)
{
    struct zg_case c = {.model = request->model,
                        .task = "embedded",
                        .scope = request->scope,
                        .batch = 4,
                        .seed = 3,
                        .max_rows = request->max_rows};
    enum zg_status status = zg_algorithm_parse(request->algorithm, &c.algorithm, err);
    if (!status)
        status = zg_engine_list_parse(&out->engines, request->engine, NULL, err);
    if (status)
        return status;
    zg_algorithm_text(&c.algorithm, c.algorithm_text);
    status = zg_bench_open(&out->bench, &c, &out->models, err);
    zg_entry_make(&out->entry, &c, &out->engines.items[0], 2);
    out->choice = zg_case_algorithm(&c);
    return status ? status : zg_bench_open_engine(&out->bench, 0, &out->entry, err);
}

static enum zg_status add_weights(struct trained *t, struct zg_steps *steps, int64_t n_steps,
                                  struct zg_error *err)
{
    const struct zg_contender *const contender = &t->bench.contenders[0];
    struct zg_steps_record record = {.is_weights = true, .n_steps = n_steps};
    const enum zg_status status =
        zg_weights_hash(contender->item->engine, contender->state,
                        zg_model_shape(t->bench.data.model), t->choice.scope, &record.weights, err);
    return status ? status : zg_steps_add(steps, &record, err);
}

static enum zg_status run_step(struct trained *t, const struct trained_request *request,
                               uint64_t number, struct zg_step *step, struct zg_error *err)
{
    struct zg_contender *const contender = &t->bench.contenders[0];
    double loss[ZG_MAX_PROBES];
    if (!request->made_up)
        return zg_bench_step(contender, &t->choice, step, err);
    for (int p = 0; p < ZG_MAX_PROBES; p++) /* around 0.7, 1e-3 apart */
        loss[p] = 0.7 + 1e-3 * (double)((number * 37 + (uint64_t)p * 11) % 17) / 17;
    return zg_step_replay(&t->choice, contender->item->engine, contender->state, number, loss, 1,
                          contender->memory, step, err);
}

static enum zg_status train(struct trained *t, struct zg_steps *steps,
                            const struct trained_request *request, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < request->n_steps && !status; i++) {
        struct zg_step step;
        status = run_step(t, request, (uint64_t)i, &step, err);
        struct zg_steps_record record = {
            .n_passes = step.n_passes, .rows = (uint64_t)i * 7919, .wall_s = 0.25};
        for (int64_t p = 0; p < step.question.n_probes; p++)
            record.loss[p] = step.loss[p];
        if (!status)
            status = zg_steps_add(steps, &record, err);
        if (!status && request->weights_every > 0 && (i + 1) % request->weights_every == 0)
            status = add_weights(t, steps, i + 1, err);
    }
    return status;
}

enum zg_status trained_open(struct trained *out, const char *dir,
                            const struct trained_request *request, struct zg_error *err)
{
    struct zg_steps *steps = NULL;
    struct zg_steps_head_room room;
    *out = (struct trained){0};
    enum zg_status status = open_engine(out, request, err);
    if (!status) {
        const struct zg_steps_origin origin = {
            .weights = zg_model_fingerprint(out->bench.data.model), .rows = 5};
        status = zg_steps_head_make(&room, &out->bench.contenders[0], &out->choice, &origin, err);
    }
    if (!status)
        status = zg_steps_create(&steps, dir, request->name, &room.head, err);
    if (!status)
        status = train(out, steps, request, err);
    zg_steps_close(&steps);
    if (status)
        trained_close(out);
    return status;
}

void trained_close(struct trained *trained)
{
    zg_bench_close(&trained->bench);
    zg_engine_list_close(&trained->engines);
    zg_models_close(&trained->models);
}
