/* check.c - before anything is timed: each engine opened, probed for its fidelity, run for a few
 * steps and held against the baseline.  Those that agree become the subjects of the measurement. */
#include <stdio.h>

#include "harness/run/measure_work.h"

/* While no engine is open: the references come and go. */
static enum zg_status open_fidelity(struct zg_measure_work *w, struct zg_error *err)
{
    struct zg_session *const session = w->m->session;
    const struct zg_policy *const policy = &session->request->policy;
    const struct zg_fidelity_options options = {
        .n_probes = policy->fidelity, .n_examples = policy->fidelity_batch, .line = &session->line};
    const enum zg_status status =
        zg_fidelity_open(&w->fidelity, &w->bench, w->of->entries, w->n_contenders, &options, err);
    return status ? status : zg_fidelity_references(w->fidelity, err);
}

/* Fidelity comes before the trial, whose steps would move the weights away from the reference's;
 * and what wrote them for its probes, rounding each time, starts afresh for the trial. */
static enum zg_status open_and_probe(struct zg_measure_work *w, int64_t i, struct zg_error *err)
{
    const struct zg_entry *const entry = &w->of->entries[i];
    enum zg_status status = zg_bench_open_engine(&w->bench, i, entry, err);
    if (!status)
        status = zg_fidelity_measure(w->fidelity, i, err);
    if (!status)
        status = zg_fidelity_add_rows(w->fidelity, i, w->m->results, err);
    if (status || zg_fidelity_result(w->fidelity, i).n_probes == 0 ||
        !zg_entry_writes_weights(entry))
        return status;
    zg_bench_close_engine(&w->bench.contenders[i]);
    return zg_bench_open_engine(&w->bench, i, entry, err);
}

static enum zg_status open_and_try(struct zg_measure_work *w, int64_t i,
                                   const struct zg_trial_options *trial, struct zg_error *err)
{
    struct zg_session *const session = w->m->session;
    const char *const label = session->engines.items[i].label;
    zg_status_line_show(&session->line, true, "opening %s", label);
    const enum zg_status status = open_and_probe(w, i, err);
    if (status)
        return status;
    zg_status_line_show(&session->line, true, "checking %s", label);
    const int64_t baseline = session->baseline;
    return zg_trial_run(&w->bench.contenders[i], trial, i == baseline ? NULL : &w->trials[baseline],
                        &w->trials[i], err);
}

static void note_disagreement(struct zg_measure_work *w, int64_t i)
{
    struct zg_measurement *const m = w->m;
    if (m->n_disagreeing++ == 0)
        snprintf(m->first_disagreement, sizeof m->first_disagreement, "%.80s: %.220s",
                 w->bench.contenders[i].item->label, w->verdicts[i].reason);
}

enum zg_status zg_measure_open(struct zg_measure_work *w, struct zg_error *err)
{
    enum zg_status status = open_fidelity(w, err);
    for (int64_t i = 0; i < w->n_contenders && !status; i++) {
        zg_status_line_show(&w->m->session->line, true, "opening %s",
                            w->m->session->engines.items[i].label);
        status = zg_bench_open_engine(&w->bench, i, &w->of->entries[i], err);
        w->verdicts[i].row.passed = !status;
        w->subjects[w->n_subjects++] = i;
    }
    return status;
}

enum zg_status zg_measure_check(struct zg_measure_work *w, struct zg_error *err)
{
    struct zg_session *const session = w->m->session;
    const int64_t baseline = session->baseline;
    const struct zg_trial_options trial = zg_trial_options(
        &w->bench.c, session->request->policy.brief ? ZG_BRIEF_TRIAL_STEPS : ZG_RUN_TRIAL_STEPS);
    enum zg_status status = open_fidelity(w, err);
    w->checked = true;
    if (!status)
        status = open_and_try(w, baseline, &trial, err);
    for (int64_t i = 0; i < w->n_contenders && !status; i++)
        if (i != baseline)
            status = open_and_try(w, i, &trial, err);
    if (!status)
        zg_fidelity_tell(w->fidelity, w->m->notes);
    for (int64_t i = 0; i < w->n_contenders && !status; i++) {
        struct zg_contender *const contender = &w->bench.contenders[i];
        zg_status_line_show(&session->line, true, "comparing %s", contender->item->label);
        status = zg_verify_compare(&w->bench.contenders[baseline], &w->trials[baseline], contender,
                                   &w->trials[i], &trial, &w->verdicts[i], err);
        if (status)
            break;
        status = zg_result_writer_add(w->m->results, &zg_schema_verify, &w->verdicts[i].row, err);
        if (w->verdicts[i].row.passed)
            w->subjects[w->n_subjects++] = i;
        else
            note_disagreement(w, i);
    }
    /* what failed its check is not timed, and its weights need not stay */
    for (int64_t i = 0; i < w->n_contenders; i++)
        if (!w->verdicts[i].row.passed)
            zg_bench_close_engine(&w->bench.contenders[i]);
    return status;
}
