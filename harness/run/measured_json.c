/*
 * measured_json.c - an object a module, by json_pack(): the names of their fields in meta.json are
 * here.
 */
#include "harness/run/measured_json.h"

#include <math.h>
#include <stdio.h>

#include "harness/base/json.h"

/* A number that is -1 where it is not known. */
static json_t *known(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

json_t *zg_pin_json(const struct zg_pin *pin)
{
    json_t *const workers = json_array();
    for (int64_t i = 0; i < pin->n_threads; i++) {
        const struct zg_pin_slot *const s = &pin->slots[i];
        json_array_append_new(
            workers,
            json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:b}", "thread", (json_int_t)s->thread,
                      "cpu_asked", known(s->cpu_asked), "cpu_read", known(s->cpu_read), "core",
                      known(s->core), "package", known(s->package), "numa_node",
                      known(s->numa_node), "denormals_flushed", s->denormals_flushed));
    }
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:o}", "method", pin->method, "reason", pin->reason,
                     "n_threads", (json_int_t)pin->n_threads, "cpus_allowed",
                     (json_int_t)pin->n_cpus_allowed, "cores_allowed",
                     (json_int_t)pin->n_cores_allowed, "workers", workers);
}

static json_t *event_json(const struct zg_counter_event *e, const char *column)
{
    return json_pack("{s:s, s:s?, s:b, s:b, s:s, s:o}", "name", e->name, "column", column,
                     "counting", e->counting, "multiplexed", e->multiplexed, "reason", e->reason,
                     "count_of_nothing", zg_json_real(e->empty));
}

json_t *zg_counters_json(const struct zg_counters *counters)
{
    const struct zg_counters_overhead overhead = zg_counters_overhead(counters);
    json_t *const events = json_array();
    for (int64_t i = 0; i < zg_counters_n(counters); i++) {
        const struct zg_counter_event *const e = zg_counters_event(counters, i);
        json_array_append_new(events, event_json(e, e->column));
    }
    for (int64_t i = 0; i < zg_counters_n_left_out(counters); i++)
        json_array_append_new(events, event_json(zg_counters_left_out(counters, i), NULL));
    return json_pack("{s:b, s:o, s:o, s:o}", "multiplexed", zg_counters_n_multiplexed(counters) > 0,
                     "start_stop_s", zg_json_real(overhead.start_stop_s), "slowdown",
                     zg_json_real(overhead.slowdown), "events", events);
}

static json_t *subject_json(const struct zg_subject_report *r)
{
    return json_pack("{s:s, s:I, s:I, s:o, s:b, s:I, s:o, s:o}", "name", r->name, "n_steps",
                     (json_int_t)r->n_steps, "n_warmup_spans", (json_int_t)r->n_warmup_spans,
                     "warmup_s", zg_json_real(r->warmup_s), "settled", r->settled, "n_pilot_spans",
                     (json_int_t)r->n_pilot_spans, "pilot_s_per_step",
                     zg_json_real(r->pilot_s_per_step), "inside_s_per_step",
                     zg_json_real(r->inside_s_per_step));
}

static json_t *clock_json(const struct zg_clock_cost *c)
{
    return json_pack("{s:o, s:o, s:o}", "wall_read_s", zg_json_real(c->wall_read_s), "cpu_read_s",
                     zg_json_real(c->cpu_read_s), "wall_resolution_s",
                     zg_json_real(c->wall_resolution_s));
}

json_t *zg_sampler_json(const struct zg_sampler *sampler)
{
    const struct zg_sampler_report *const r = zg_sampler_report(sampler);
    json_t *const subjects = json_array();
    for (int64_t i = 0; i < r->n_subjects; i++)
        json_array_append_new(subjects, subject_json(&r->subjects[i]));
    return json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:o, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "subjects",
        subjects, "n_blocks_planned", (json_int_t)r->n_blocks_planned, "n_blocks_before",
        (json_int_t)r->n_blocks_before, "n_blocks", (json_int_t)r->n_blocks, "n_samples",
        (json_int_t)r->n_samples, "pilot_spread", zg_json_real(r->pilot_spread), "width_reached",
        r->width_reached, "interrupted", r->interrupted, "out_of_time", r->out_of_time, "warmup_s",
        zg_json_real(r->warmup_s), "sampling_s", zg_json_real(r->sampling_s), "spans_s",
        zg_json_real(r->spans_s), "inside_share", zg_json_real(r->inside_share),
        "outside_s_per_step", zg_json_real(r->outside_s_per_step), "clock", clock_json(&r->clock));
}

static void add_dtype(json_t *o, const struct zg_peak *peak, enum zg_dtype dtype)
{
    static const char *const kinds[] = {"one", "all", "all_median"};
    const struct zg_peak_pair *const pair = &peak->gflops[dtype];
    const double values[] = {pair->one.best, pair->all.best, pair->all.median};
    char key[64];
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "%s_gflops_%s", zg_dtype_name(dtype), kinds[i]);
        json_object_set_new(o, key, zg_json_real(values[i]));
    }
    snprintf(key, sizeof key, "%s_isa", zg_dtype_name(dtype));
    json_object_set_new(o, key, json_string(zg_isa_name(peak->isas[dtype])));
}

json_t *zg_peak_json(const struct zg_peak *peak)
{
    const struct zg_peak_pair *const read = &peak->read_gb_per_s;
    json_t *const o =
        json_pack("{s:s, s:I, s:o, s:o, s:o, s:I}", "isa", zg_isa_name(peak->isa), "n_threads",
                  (json_int_t)peak->n_threads, "read_gb_per_s_one", zg_json_real(read->one.best),
                  "read_gb_per_s_all", zg_json_real(read->all.best), "read_gb_per_s_all_median",
                  zg_json_real(read->all.median), "read_bytes", (json_int_t)peak->read_bytes);
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        if (peak->isas[dtype] < ZG_N_ISAS)
            add_dtype(o, peak, (enum zg_dtype)dtype);
    return o;
}
