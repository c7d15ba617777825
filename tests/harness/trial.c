/* trial.c - measures null engines on a tiny model and keeps what came out. */
#include "tests/harness/trial.h"

#include "tests/harness/tiny_model.h"
#include "tests/support/safetensors_writer.h"

const json_t *trial_case_meta(const struct trial *t, const char *key)
{
    return json_object_get(json_array_get(json_object_get(t->m.meta, "cases"), 0), key);
}

static const struct zg_flag *flag_named(const char *name)
{
    const struct zg_flag *flag = zg_case_flags;
    while (strcmp(flag->name, name) != 0)
        flag++;
    return flag;
}

void trial_add(struct trial *t, const char *const *settings)
{
    struct zg_engine_item *const item = &t->session.engines.items[t->session.engines.n_items];
    *item = (struct zg_engine_item){.engine = &zg_engine_null};
    snprintf(item->label, sizeof item->label, "null%d", (int)t->session.engines.n_items);
    for (; settings[0]; settings += 2)
        item->settings[item->n_settings++] = (struct zg_engine_setting){settings[0], settings[1]};
    t->session.engines.n_items++;
}

void trial_set(struct trial *t, const char *name, const char *value)
{
    CU_ASSERT_EQUAL_FATAL(zg_sweep_add(&t->request.sweep, flag_named(name), value, NULL), ZG_OK);
}

void trial_open(struct trial *t)
{
    *t = (struct trial){0};
    make_temp_dir(t->out);
    t->model_dir = zg_temp_directory_make();
    CU_ASSERT_FATAL(t->model_dir && tiny_model_write(t->model_dir, NULL) == ZG_OK);
    trial_set(t, "model", t->model_dir);
    trial_set(t, "batch", "2");
    t->request.policy =
        (struct zg_policy){.blocks = 8, .steps = 1, .width_percent = 1, .max_time_s = -1};
    t->session.request = &t->request;
    t->session.n_threads = 1;
    t->session.second_baseline = -1;
    const struct zg_pin_request pin = {.n_threads = 1};
    CU_ASSERT_EQUAL_FATAL(zg_pin_open(&t->session.pin, &pin, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_result_writer_open(&t->results, t->out, NULL, NULL, 0, NULL), ZG_OK);
    t->peak.gflops[ZG_FP32].all = (struct zg_peak_rate){.best = 100, .median = 100};
    t->peak.gflops[ZG_BF16].all.best = 200;
    t->peak.gflops[ZG_INT8].all.best = 600;
}

void trial_resolve(struct trial *t)
{
    free(t->session.cases);
    free(t->session.entries);
    t->session.cases = NULL;
    t->session.entries = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_session_resolve(&t->session, NULL), ZG_OK);
}

void trial_measure(struct trial *t)
{
    t->m = (struct zg_measurement){
        .session = &t->session, .results = &t->results, .counters = t->counters, .peak = &t->peak};
    t->m.meta = json_pack("{s:[]}", "cases");
    t->m.notes = open_memstream(&t->told, &t->n_told);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->m.notes);
    trial_resolve(t);
    t->status = zg_measure_case(&t->m, 0, &t->err);
    fflush(t->m.notes);
}

void trial_close(struct trial *t)
{
    json_decref(t->m.meta);
    if (t->m.notes)
        fclose(t->m.notes);
    free(t->told);
    zg_result_writer_close(&t->results);
    zg_pin_close(&t->session.pin);
    zg_models_close(&t->session.models);
    zg_names_close(&t->session.model_names);
    zg_names_close(&t->session.task_names);
    free(t->session.left_out);
    free(t->session.cases);
    free(t->session.entries);
    zg_sweep_close(&t->request.sweep);
    zg_temp_directory_remove(&t->model_dir);
    remove_temp_dir(t->out);
}

const struct zg_summary_row *trial_summary(const struct trial *t, int64_t index)
{
    CU_ASSERT_FATAL(index < t->results.summary.n);
    return (const struct zg_summary_row *)t->results.summary.rows + index;
}

const struct zg_verify_row *trial_verdict(const struct trial *t, int64_t index)
{
    CU_ASSERT_FATAL(index < t->results.verify.n);
    return (const struct zg_verify_row *)t->results.verify.rows + index;
}

struct zg_csv_in *trial_samples(struct trial *t)
{
    struct zg_csv_in *csv = NULL;
    CU_ASSERT_EQUAL_FATAL(
        zg_csv_in_open(&csv, temp_path(t->out, "samples.csv"), &zg_schema_samples, NULL), ZG_OK);
    return csv;
}

int64_t trial_n_samples(struct trial *t)
{
    struct zg_csv_in *csv = trial_samples(t);
    const int64_t n = csv->n;
    zg_csv_in_close(&csv);
    return n;
}
