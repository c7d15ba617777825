/*
 * bench.c - takes the model, opens tokenizer and data, draws all batches beforehand, opens engines
 * with room for the largest; and the clock that an engine's phase marks drive.
 */
#include "harness/bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "harness/base/clock.h"
#include "harness/machine/memory.h"
#include "harness/rows/precision.h"

/* Batches that are drawn beforehand: enough that a run of minutes meets none twice, few enough (64
 * Ki examples of 40 bytes) that they do not show in the memory of an engine. */
enum { MAX_BATCHES = 4096, MAX_DRAWN = 65536, MIN_BATCHES = 64 };

/* ---- model and data -------------------------------------------------------------------------- */

static enum zg_status open_tokenizer(struct zg_tokenizer **out, bool *embedded,
                                     const struct zg_case *c, struct zg_error *err)
{
    *embedded = false;
    if (c->tokenizer)
        return zg_tokenizer_open(out, c->tokenizer, err);
    if (zg_tokenizer_is_dir(c->model))
        return zg_tokenizer_open(out, c->model, err);
    *embedded = true;
    return zg_tokenizer_open_embedded(out, err);
}

static enum zg_status open_dataset(struct zg_bench *bench, struct zg_error *err)
{
    const struct zg_case *const c = &bench->c;
    const struct zg_model_shape *const shape = zg_model_shape(bench->model);
    struct zg_tokenizer *tokenizer = NULL;
    enum zg_status status = open_tokenizer(&tokenizer, &bench->embedded_tokenizer, c, err);
    if (!status) {
        const struct zg_dataset_request request = {.task = c->task,
                                                   .data_dir = c->data,
                                                   .split = (enum zg_split)c->split,
                                                   .limit = c->limit,
                                                   .objective = (enum zg_objective)c->objective,
                                                   .bos = c->bos,
                                                   .tokenizer = tokenizer,
                                                   .max_length = shape->n_positions,
                                                   .n_vocab = shape->n_vocab};
        status = zg_dataset_open(&bench->dataset, &request, err);
    }
    zg_tokenizer_close(&tokenizer);
    if (!status)
        status = zg_dataset_stats(bench->dataset, &bench->stats, err);
    return status;
}

static enum zg_status draw_batches(struct zg_bench *bench, struct zg_error *err)
{
    const int64_t size = bench->c.batch;
    struct zg_batcher *batcher = NULL;
    enum zg_status status = zg_batcher_open(&batcher, bench->dataset, size, bench->c.seed, err);
    if (status)
        return status == ZG_USAGE ? zg_fail_within(err, status, "--batch %lld", (long long)size)
                                  : status;
    bench->n_batches = zg_min64(MAX_BATCHES, zg_max64(MIN_BATCHES, MAX_DRAWN / size));
    bench->examples = calloc((size_t)(bench->n_batches * size), sizeof *bench->examples);
    if (!bench->examples)
        status = zg_fail(err, ZG_ENV, "no memory for %lld batches of %lld examples",
                         (long long)bench->n_batches, (long long)size);
    for (int64_t step = 0; !status && step < bench->n_batches; step++) {
        struct zg_batch batch;
        zg_batcher_draw(batcher, step, &batch);
        memcpy(bench->examples + step * size, batch.examples,
               (size_t)size * sizeof *batch.examples);
        bench->pad_id = batch.pad_id;
        bench->loss = batch.loss;
        zg_engine_limits_include(&bench->limits, &batch);
    }
    zg_batcher_close(&batcher);
    return status;
}

enum zg_status zg_bench_open_data(struct zg_bench *out, const struct zg_case *c,
                                  struct zg_models *models, struct zg_error *err)
{
    *out = (struct zg_bench){.c = *c, .limits = {.max_bank = ZG_BENCH_BANK}};
    zg_algorithm_needs(&c->algorithm, &out->limits);
    enum zg_status status = zg_models_get(models, c, &out->model, err);
    if (!status)
        status = open_dataset(out, err);
    if (status)
        zg_bench_close(out);
    return status;
}

enum zg_status zg_bench_open(struct zg_bench *out, const struct zg_case *c,
                             struct zg_models *models, struct zg_error *err)
{
    enum zg_status status = zg_bench_open_data(out, c, models, err);
    if (!status)
        status = draw_batches(out, err);
    if (status)
        zg_bench_close(out);
    else
        out->resident_mib = zg_memory_resident_mib();
    return status;
}

void zg_bench_close(struct zg_bench *bench)
{
    for (int64_t i = 0; i < ZG_MAX_ENGINES; i++)
        zg_bench_close_engine(&bench->contenders[i]);
    free(bench->examples);
    bench->examples = NULL;
    zg_dataset_close(&bench->dataset);
    bench->model = NULL;
}

struct zg_batch zg_bench_batch(const struct zg_bench *bench, uint64_t index)
{
    const int64_t drawn = (int64_t)(index % (uint64_t)bench->n_batches);
    return (struct zg_batch){.examples = bench->examples + drawn * bench->c.batch,
                             .n_examples = bench->c.batch,
                             .loss = bench->loss,
                             .pad_id = bench->pad_id};
}

/* ---- engines --------------------------------------------------------------------------------- */

enum zg_status zg_bench_check(const struct zg_case *c, const struct zg_entry *entries, int64_t n,
                              struct zg_error *err)
{
    struct zg_engine_limits limits = {0};
    const uint32_t kinds = zg_algorithm_needs(&c->algorithm, &limits);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_engine_item *const item = entries[i].item;
        const enum zg_status status =
            zg_engine_options_check(item->engine, &entries[i].options, err);
        if (status && !item->has_dtype && c->dtype != ZG_FP32)
            return zg_fail_within(err, status, "--dtype %s", zg_dtypes_name(c->dtype, c->dtype_d));
        if (status)
            return status;
        if (!(item->engine->scopes & (1u << c->scope)))
            return zg_fail(err, ZG_USAGE, "--scope %s: engine %s does not have it",
                           c->scope == ZG_SCOPE_FULL ? "full" : "linear", item->label);
        const uint32_t lacking = kinds & ~item->engine->direction_kinds;
        if (lacking)
            return zg_fail(err, ZG_USAGE, "--algorithm %s: engine %s has no %s directions",
                           c->algorithm.algorithm->name, item->label,
                           zg_direction_kind_name((enum zg_direction_kind)__builtin_ctz(lacking)));
    }
    return ZG_OK;
}

enum zg_status zg_bench_try(const struct zg_engine *engine, const struct zg_engine_options *options,
                            struct zg_error *err)
{
    const struct zg_model_shape shape = {.n_layers = 1,
                                         .d_model = 16,
                                         .n_heads = 1,
                                         .d_ffn = 16,
                                         .n_vocab = 16,
                                         .n_positions = 16,
                                         .tied_head = true};
    struct zg_engine_options one = *options;
    one.n_threads = 1; /* the team is not pinned yet, or must not change its size */
    struct zg_model *model = NULL;
    struct zg_engine_state *state = NULL;
    enum zg_status status = zg_model_open_shape(&model, "a small layer", &shape, 1, err);
    if (!status)
        status = engine->open(&state, model, &one, err);
    engine->close(&state);
    zg_model_close(&model);
    return status;
}

double zg_bench_weight_bytes(const struct zg_bench *bench, const struct zg_engine *engine,
                             enum zg_dtype dtype, enum zg_dtype dtype_d)
{
    const struct zg_model_shape *const shape = zg_model_shape(bench->model);
    const int64_t linear = zg_dtype_bytes(dtype) + (dtype == dtype_d ? 0 : zg_dtype_bytes(dtype_d));
    const int64_t table = zg_dtype_bytes(engine->low_tables ? dtype : ZG_FP32);
    double bytes = 0;
    for (int32_t id = 0; id < zg_tensor_end(zg_shape_n_resident(shape)); id++) {
        int64_t n_rows, n_cols;
        const struct zg_tensor *const tensor = zg_tensor_at(shape, id);
        if (!zg_model_tensor_size(shape, id, &n_rows, &n_cols) || zg_tensor_owner(shape, id) != id)
            continue;
        const int64_t each = tensor->is_linear  ? linear
                             : tensor->is_table ? table
                                                : zg_dtype_bytes(ZG_FP32);
        bytes += (double)(n_rows * n_cols) * (double)each;
    }
    return bytes;
}

enum zg_status zg_bench_check_memory(const struct zg_bench *bench, const struct zg_entry *entries,
                                     int64_t n, struct zg_error *err)
{
    double bytes = 0;
    for (int64_t i = 0; i < n; i++)
        bytes += zg_bench_weight_bytes(bench, entries[i].item->engine, entries[i].options.dtype,
                                       entries[i].options.dtype_d);
    const double need_mib = bytes / 1048576.0, have_mib = zg_memory_available_mib();
    if (have_mib < need_mib)
        return zg_fail(
            err, ZG_ENV,
            "--model %s: the weights take at least %.0f MiB in %lld engines, and %.0f "
            "MiB are free; take a smaller model, --layers-resident, fewer --engines, or fewer "
            "rungs in a ladder's --order",
            bench->c.model, need_mib, (long long)n, have_mib);
    return ZG_OK;
}

static void begin_phase(struct zg_phase_clock *clock, enum zg_phase phase)
{
    clock->phase = phase;
    zg_counters_start(clock->counters);
    if (clock->counters)
        clock->cpu_since_ns = zg_clock_cpu_ns();
    clock->since_ns = zg_clock_wall_ns();
}

static void end_phase(struct zg_phase_clock *clock)
{
    const int64_t now_ns = zg_clock_wall_ns();
    clock->s[clock->phase] += zg_ns_to_s(now_ns - clock->since_ns);
    if (!clock->counters)
        return;
    clock->cpu_s[clock->phase] += zg_ns_to_s(zg_clock_cpu_ns() - clock->cpu_since_ns);
    zg_counters_stop(clock->counters);
    zg_counters_add(clock->counters, clock->counts + clock->phase *
                                                         zg_counters_n_threads(clock->counters) *
                                                         zg_counters_n(clock->counters));
}

static void on_phase(void *context, enum zg_phase phase)
{
    struct zg_phase_clock *const clock = context;
    if (!clock->on)
        return;
    end_phase(clock);
    begin_phase(clock, phase);
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
    contender->id.synthetic = zg_model_is_synthetic(bench->model);
    contender->options.limits = bench->limits;
    contender->options.on_phase = on_phase;
    contender->options.on_phase_context = &contender->clock;
    enum zg_status status = remember(contender, err);
    if (status)
        return status;
    zg_memory_mark(&contender->mark);
    status = item->engine->open(&contender->state, bench->model, &contender->options, err);
    zg_model_release(bench->model);
    if (!status)
        return ZG_OK;
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

void zg_bench_note_v(struct zg_contender *contender, uint64_t seed_v)
{
    contender->n_redraws += contender->n_redraws == 0 || contender->seed_v != seed_v;
    contender->seed_v = seed_v;
}

enum zg_status zg_bench_step(struct zg_contender *contender,
                             const struct zg_algorithm_choice *choice, struct zg_step *out,
                             struct zg_error *err)
{
    struct zg_phase_clock *const clock = &contender->clock;
    const uint64_t step = contender->next_step++;
    const struct zg_batch batch = zg_bench_batch(contender->bench, contender->next_batch++);
    if (clock->on)
        begin_phase(clock, ZG_PHASE_OTHER);
    const enum zg_status status = zg_step_run(choice, contender->item->engine, contender->state,
                                              step, &batch, contender->memory, out, err);
    if (clock->on)
        end_phase(clock);
    zg_bench_note_v(contender, out->question.directions[0].seed_v);
    return status;
}
