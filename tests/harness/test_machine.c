/* test_machine.c - harness/machine.c, machine_warnings.c, libraries.c, measure_json.c. */
#include "harness/machine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/measure_json.h"
#include "tests/support/cunit_run.h"

static const json_t *at(const json_t *object, const char *group, const char *key)
{
    return json_object_get(json_object_get(object, group), key);
}

static void the_record_is_complete_and_anonymous(void)
{
    json_t *const machine = zg_machine_json();
    CU_ASSERT_PTR_NOT_NULL_FATAL(machine);
    CU_ASSERT(json_is_string(at(machine, "cpu", "name")));
    CU_ASSERT(json_is_string(at(machine, "cpu", "isa")));
    CU_ASSERT(json_integer_value(at(machine, "topology", "cpus")) >= 1);
    CU_ASSERT(json_is_array(at(machine, "topology", "caches")));
    CU_ASSERT(json_number_value(at(machine, "memory", "total_mib")) > 1);
    CU_ASSERT(json_is_string(at(machine, "system", "kernel")));
    /* Every group and key is there, null where unreadable. */
    CU_ASSERT_PTR_NOT_NULL(at(machine, "frequency", "governor"));
    CU_ASSERT_PTR_NOT_NULL(at(machine, "virtualisation", "hypervisor"));
    CU_ASSERT_PTR_NOT_NULL(at(machine, "cgroup", "cpu_quota"));
    char host[256] = "";
    char *const text = json_dumps(machine, 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    if (!gethostname(host, sizeof host - 1) && strlen(host) > 3)
        CU_ASSERT_PTR_NULL(strstr(text, host));
    free(text);
    json_decref(machine);
}

static void libraries_have_versions(void)
{
    json_t *const libraries = zg_libraries_json();
    CU_ASSERT_PTR_NOT_NULL_FATAL(libraries);
    const char *name;
    json_t *library;
    json_object_foreach(libraries, name, library)
        CU_ASSERT(json_is_string(json_object_get(library, "version")) ||
                  json_is_string(json_object_get(library, "api_version")) ||
                  !strncmp(json_string_value(json_object_get(library, "missing")), "install ", 8));
    CU_ASSERT_STRING_EQUAL(json_string_value(at(libraries, "jansson", "version")),
                           jansson_version_str());
    json_decref(libraries);
}

static void differences_are_taken(void)
{
    const struct zg_machine_watch before = {.wall_ns = 1000000000,
                                            .cpu_total_s = 100,
                                            .steal_s = 1,
                                            .iowait_s = NAN,
                                            .throttled_s = 0,
                                            .n_throttled = 2,
                                            .load_1m = 0.5,
                                            .cpu_mhz = 2000};
    struct zg_machine_watch after = before;
    after.wall_ns = 3500000000;
    after.cpu_total_s = 110;
    after.steal_s = 2;
    after.n_throttled = 5;
    after.involuntary_switches = 100;
    json_t *const during = zg_machine_during_json(&before, &after);
    CU_ASSERT_EQUAL(json_real_value(json_object_get(during, "wall_s")), 2.5);
    CU_ASSERT_EQUAL(json_real_value(json_object_get(during, "steal_share")), 0.1);
    CU_ASSERT_EQUAL(json_real_value(json_object_get(during, "n_throttled")), 3);
    CU_ASSERT_EQUAL(json_real_value(json_object_get(during, "involuntary_switches")), 100);
    CU_ASSERT(json_is_null(json_object_get(during, "iowait_s")));
    json_decref(during);
}

static void watching_reads_the_system(void)
{
    struct zg_machine_watch watch;
    zg_machine_watch(&watch);
    CU_ASSERT(watch.wall_ns > 0);
    CU_ASSERT(isnan(watch.cpu_total_s) || watch.cpu_total_s > 0);
    CU_ASSERT(isnan(watch.load_1m) || watch.load_1m >= 0);
}

static int64_t count_warnings(const char *machine_text, const char *during_text, const char *says)
{
    json_t *const machine = json_loads(machine_text, 0, NULL);
    json_t *const during = during_text ? json_loads(during_text, 0, NULL) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(machine);
    json_t *const warnings = zg_machine_warnings_json(machine, during);
    const int64_t n = (int64_t)json_array_size(warnings);
    bool said = false;
    for (size_t i = 0; i < json_array_size(warnings); i++)
        said |= strstr(json_string_value(json_array_get(warnings, i)), says) != NULL;
    CU_ASSERT(said || !says[0]);
    json_decref(warnings);
    json_decref(machine);
    json_decref(during);
    return n;
}

/* One cause, one sentence; a quiet machine, none. */
static void each_cause_has_its_sentence(void)
{
    const char *const quiet = "{\"virtualisation\": {\"hypervisor\": null}, \"topology\": "
                              "{\"smt_active\": false, \"cpus\": 4},"
                              " \"frequency\": {\"governor\": \"performance\", \"turbo\": false},"
                              " \"memory\": {\"transparent_huge_pages\": \"madvise\"}, \"cgroup\": "
                              "{\"cpu_quota\": null}}";
    CU_ASSERT_EQUAL(count_warnings(quiet, "{\"steal_share\": 0.001, \"load_1m_before\": 0.1}", ""),
                    0);
    CU_ASSERT_EQUAL(count_warnings("{}", NULL, ""), 0);
    CU_ASSERT_EQUAL(count_warnings("{\"virtualisation\": {\"hypervisor\": \"KVM\"}}", NULL,
                                   "virtualised (KVM)"),
                    1);
    CU_ASSERT_EQUAL(count_warnings("{\"topology\": {\"smt_active\": true}}", NULL, "SMT"), 1);
    CU_ASSERT_EQUAL(
        count_warnings("{\"frequency\": {\"governor\": \"powersave\"}}", NULL, "powersave"), 1);
    CU_ASSERT_EQUAL(count_warnings("{\"frequency\": {\"turbo\": true}}", NULL, "turbo"), 1);
    CU_ASSERT_EQUAL(
        count_warnings("{\"memory\": {\"transparent_huge_pages\": \"never\"}}", NULL, "huge pages"),
        1);
    CU_ASSERT_EQUAL(count_warnings("{\"cgroup\": {\"cpu_quota\": 1.5}}", NULL, "1.50 cpus"), 1);
    CU_ASSERT_EQUAL(count_warnings(quiet, "{\"steal_share\": 0.02}", "2.0 %"), 1);
    CU_ASSERT_EQUAL(count_warnings(quiet, "{\"n_throttled\": 3}", "3 times"), 1);
    CU_ASSERT_EQUAL(count_warnings(quiet, "{\"wall_s\": 2, \"involuntary_switches\": 300}",
                                   "150 times a second"),
                    1);
    CU_ASSERT_EQUAL(
        count_warnings(quiet, "{\"wall_s\": 2, \"major_faults\": 20}", "10 pages a second"), 1);
    CU_ASSERT_EQUAL(
        count_warnings(quiet, "{\"wall_s\": 2, \"involuntary_switches\": 20, \"major_faults\": 1}",
                       ""),
        0);
    CU_ASSERT_EQUAL(count_warnings(quiet, "{\"load_1m_before\": 2.5}", "load was 2.50"), 1);
    CU_ASSERT_EQUAL(
        count_warnings(quiet, "{\"mhz_before\": 3000, \"mhz_after\": 2000}", "3000 MHz"), 1);
}

static void not_a_number_is_null(void)
{
    json_t *const null = zg_json_real(NAN), *const infinite = zg_json_real(INFINITY),
                  *const real = zg_json_real(0.5);
    CU_ASSERT(json_is_null(null) && json_is_null(infinite));
    CU_ASSERT_EQUAL(json_real_value(real), 0.5);
    json_decref(real);
}

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
    CU_ASSERT_EQUAL_FATAL(zg_counters_open(&counters, "default", 1, NULL), ZG_OK);
    json_t *const events = zg_counters_json(counters);
    CU_ASSERT_EQUAL((int64_t)json_array_size(json_object_get(events, "events")),
                    zg_counters_n(counters));
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
    CU_ASSERT(json_is_real(at(report, "clock", "wall_read_s")));
    json_decref(report);
    zg_sampler_close(&sampler);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"the record is complete and anonymous", the_record_is_complete_and_anonymous},
        {"libraries have versions", libraries_have_versions},
        {"differences are taken", differences_are_taken},
        {"watching reads the system", watching_reads_the_system},
        {"each cause has its sentence", each_cause_has_its_sentence},
        {"not a number is null", not_a_number_is_null},
        {"records become JSON", records_become_json},
        {"a sampler becomes JSON", a_sampler_becomes_json},
        {0}};
    return zg_test_run("machine", tests);
}
