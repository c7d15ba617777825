/* measure.c - the order of a case: check of the engines (check.c), samples (samples.c), phases,
 * summary; and its entry in meta.json. */
#include "harness/run/measure.h"

#include <stdlib.h>

#include "harness/base/signals.h"
#include "harness/run/manifest.h"
#include "harness/run/measure_work.h"

/* The weights are mapped since the files were checked; the others are read anew, hours later. */
static enum zg_status check_unchanged(const struct zg_measure_work *w, int64_t index,
                                      struct zg_error *err)
{
    const struct zg_fingerprints *const then = &w->of->prints, *const now = zg_dataset_fingerprints(
                                                                   w->bench.data.dataset);
    const char *const what = then->data != now->data             ? "data"
                             : then->task != now->task           ? "task"
                             : then->tokenizer != now->tokenizer ? "tokenizer"
                                                                 : NULL;
    if (!what || then->tokenizer == 0) /* nobody checked them */
        return ZG_OK;
    return zg_fail(err, ZG_INPUT, "case %lld: the %s changed after the run had begun",
                   (long long)index + 1, what);
}

enum zg_status zg_measure_case(struct zg_measurement *m, int64_t index, struct zg_error *err)
{
    struct zg_measure_work *const w = calloc(1, sizeof *w);
    if (!w)
        return zg_fail(err, ZG_ENV, "no memory for a case");
    w->m = m;
    w->n_contenders = m->session->engines.n_items;
    w->of = &m->session->cases[index];
    const struct zg_case *const c = &w->of->c;
    enum zg_status status = zg_bench_open(&w->bench, c, &m->session->models, err);
    if (status)
        goto done;
    status = check_unchanged(w, index, err);
    if (status)
        goto done;
    w->choice = zg_case_algorithm(c);
    const bool for_gate = zg_gate_child_samples(&m->session->gate);
    uint64_t fingerprint = 0;
    if (m->session->gate.work != ZG_GATE_CHILD_SAMPLES) {
        zg_status_line_show(&m->session->line, true, "fingerprint of the weights of %s", c->model);
        fingerprint = zg_models_fingerprint(&m->session->models, w->bench.data.model);
    }
    w->bench.resident_mib = zg_memory_resident_mib();
    status = for_gate ? zg_measure_open(w, err) : zg_measure_check(w, err);
    if (status)
        goto done;
    json_t *const plan = json_object_get(zg_meta_find_case(m->meta, index), "plan");
    json_t *const case_meta = w->case_meta =
        zg_manifest_case(&w->bench, index, fingerprint, w->n_contenders);
    json_object_set_new(case_meta, "finished", json_false());
    status = zg_measure_take_plan(w, plan, err);
    zg_meta_add_case(m->meta, case_meta);
    if (w->n_subjects > 0 && !status)
        status = zg_measure_samples(w, err);
    json_object_set_new(case_meta, "engines", zg_manifest_engines(&w->bench, w->n_contenders));
    json_object_set_new(case_meta, "fidelity", zg_fidelity_json(w->fidelity));
    json_object_set_new(case_meta, "v_redrawn_while_timing",
                        json_boolean(!zg_measure_keeps_bank(w)));
    if (!status && w->n_subjects > 0)
        status = zg_pin_check(m->session->pin, err);
    if (!status && w->n_subjects > 0 && !zg_signals_caught() && !for_gate &&
        !zg_counters_use_valgrind(m->counters))
        status = zg_measure_phases(w, err);
    if (!status)
        status = zg_measure_summarise(w, err);
done:
    zg_status_line_clear(&m->session->line);
    zg_fidelity_close(&w->fidelity);
    zg_bench_close(&w->bench);
    for (int64_t i = 0; i < w->n_subjects; i++)
        free(w->contexts[i].counts);
    free(w->blocks);
    free(w);
    return status;
}
