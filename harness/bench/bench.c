/* bench.c - opens engines on the data of a case, with room for the largest batch, and runs their
 * steps. */
#include "harness/bench/bench.h"

#include <math.h>
#include <stdlib.h>

#include "harness/machine/memory.h"

enum zg_status zg_bench_open(struct zg_bench *out, const struct zg_case *c,
                             struct zg_models *models, struct zg_error *err)
{
    *out = (struct zg_bench){.c = *c};
    enum zg_status status = zg_data_open(&out->data, c, models, err);
    if (!status)
        status = zg_data_draw(&out->data, c, err);
    if (!status)
        out->resident_mib = zg_memory_resident_mib();
    return status;
}

void zg_bench_close(struct zg_bench *bench)
{
    for (int64_t i = 0; i < ZG_MAX_ENGINES; i++)
        zg_bench_close_engine(&bench->contenders[i]);
    zg_data_close(&bench->data);
}

/* Room for what the algorithm remembers; most remember nothing. */
static enum zg_status remember(struct zg_contender *contender, struct zg_error *err)
{
    const struct zg_algorithm_choice *const choice = &contender->bench->c.algorithm;
    if (!choice->algorithm->n_memory)
        return ZG_OK;
    contender->memory =
        calloc((size_t)choice->algorithm->n_memory(choice), sizeof *contender->memory);
    return contender->memory ? ZG_OK : zg_fail(err, ZG_ENV, "no memory for the algorithm's own");
}

enum zg_status zg_bench_open_engine(struct zg_bench *bench, int64_t index,
                                    const struct zg_entry *entry, struct zg_error *err)
{
    struct zg_contender *const contender = &bench->contenders[index];
    const struct zg_engine_item *const item = entry->item;
    *contender = (struct zg_contender){.bench = bench,
                                       .item = item,
                                       .options = entry->options,
                                       .id = entry->id,
                                       .peak_rss_mib = NAN};
    contender->id.synthetic = zg_model_is_synthetic(bench->data.model);
    contender->options.limits = bench->data.limits;
    contender->options.on_phase = zg_phase_clock_on_phase;
    contender->options.on_phase_context = &contender->clock;
    enum zg_status status = remember(contender, err);
    if (status)
        return status;
    zg_memory_mark(&contender->mark);
    status = item->engine->open(&contender->state, bench->data.model, &contender->options, err);
    zg_model_release(bench->data.model);
    if (!status)
        return zg_model_check(bench->data.model, err);
    contender->state = NULL;
    return zg_fail_within(err, status, "engine %s", item->label);
}

void zg_bench_note_memory(struct zg_contender *contender)
{
    const double others_mib = contender->mark.resident_mib - contender->bench->resident_mib;
    contender->peak_rss_mib = zg_memory_peak_mib(&contender->mark, others_mib > 0 ? others_mib : 0);
}

void zg_bench_close_engine(struct zg_contender *contender)
{
    if (contender->state)
        contender->item->engine->close(&contender->state);
    contender->state = NULL;
    free(contender->memory);
    contender->memory = NULL;
}

/* Counts a redraw if this V is another than the one before. */
static void note_v(struct zg_contender *contender, uint64_t seed_v)
{
    contender->n_redraws += contender->n_redraws == 0 || contender->seed_v != seed_v;
    contender->seed_v = seed_v;
}

enum zg_status zg_bench_step(struct zg_contender *contender,
                             const struct zg_algorithm_choice *choice, struct zg_step *out,
                             struct zg_error *err)
{
    const uint64_t step = contender->next_step++;
    const struct zg_batch batch = zg_data_batch(&contender->bench->data, contender->next_batch++);
    zg_phase_clock_begin(&contender->clock);
    const enum zg_status status =
        zg_step_run_passes(choice, contender->item->engine, contender->state, step, &batch,
                           contender->bench->data.max_rows, contender->memory, out, err);
    zg_phase_clock_end(&contender->clock);
    note_v(contender, out->question.directions[0].seed_v);
    return status;
}
