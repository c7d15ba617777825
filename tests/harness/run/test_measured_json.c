/* test_measured_json.c - measured_json.c: every record turns into JSON. */
#include "harness/run/measured_json.h"

#include <math.h>

#include "tests/support/cunit_run.h"

/* Every record turns into JSON: json_pack gives NULL where a format and its arguments disagree. */
static void records_become_json(void)
{
    struct zg_pin *pin = NULL;
    const struct zg_pin_request request = {.n_threads = 1};
    CU_ASSERT_EQUAL_FATAL(zg_pin_open(&pin, &request, NULL), ZG_OK);
    json_t *const pins = zg_pin_json(pin);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(pins, "workers")), 1);
    CU_ASSERT(json_is_null(
        json_object_get(json_array_get(json_object_get(pins, "workers"), 0), "cpu_read")));
    json_decref(pins);
    zg_pin_close(&pin);

    struct zg_counters *counters = NULL;
    const struct zg_counters_request all = {.n_threads = 1};
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(&counters, &all, NULL), ZG_OK);
    json_t *const events = zg_counters_json(counters);
    CU_ASSERT_EQUAL((int64_t)json_array_size(json_object_get(events, "events")),
                    zg_counters_n(counters) + zg_counters_n_left_out(counters));
    CU_ASSERT(json_is_false(json_object_get(events, "multiplexed")));
    json_decref(events);
    zg_counters_close(&counters);

    const struct zg_peak peak = {.gflops[ZG_FP32].all.best = 1, .read_gb_per_s.one.best = NAN};
    json_t *const peaks = zg_peak_json(&peak);
    CU_ASSERT(json_is_null(json_object_get(peaks, "read_gb_per_s_one")));
    CU_ASSERT_EQUAL(json_real_value(json_object_get(peaks, "fp32_gflops_all")), 1);
    json_decref(peaks);
}

static enum zg_status nothing(void *context, int64_t n_steps, struct zg_error *err)
{
    (void)context;
    (void)n_steps;
    (void)err;
    return ZG_OK;
}

static void a_sampler_becomes_json(void)
{
    const struct zg_subject subject = {"nothing", nothing, NULL};
    struct zg_sampler_policy policy = zg_sampler_policy_default();
    struct zg_sampler *sampler = NULL;
    policy.blocks = 1;
    policy.min_span_s = 0;
    policy.steps = 1;
    CU_ASSERT_EQUAL_FATAL(zg_sampler_open(&sampler, &subject, 1, &policy, NULL), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_sampler_run(sampler, NULL), ZG_OK);
    json_t *const report = zg_sampler_json(sampler);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(report, "n_blocks")), 1);
    const json_t *const first = json_array_get(json_object_get(report, "subjects"), 0);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "name")), "nothing");
    CU_ASSERT(json_is_real(json_object_get(json_object_get(report, "clock"), "wall_read_s")));
    json_decref(report);
    zg_sampler_close(&sampler);
}

int main(void)
{
    const struct zg_test tests[] = {{"records become JSON", records_become_json},
                                    {"a sampler becomes JSON", a_sampler_becomes_json},
                                    {0}};
    return zg_test_run("measured JSON", tests);
}
