/* test_machine.c - machine.c, machine_warnings.c, libraries.c. */
#include "harness/machine/machine.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/machine/frequency.h"
#include "tests/support/cunit_run.h"
#include "tests/support/fake_root.h"

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
    CU_ASSERT(json_array_size(at(machine, "process", "openmp_runtimes")) >= 1);
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

/* A whole machine of files, seen through the record and through two watches. */
static void a_machine_of_files_is_read(void)
{
    struct zg_machine_watch before, after;
    fake_root_open();
    fake_root_write("/sys/devices/system/cpu/present", "0-2\n");
    fake_root_write("/sys/devices/system/cpu/smt/active", "1\n");
    fake_root_write("/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    fake_root_write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    fake_root_write("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
    fake_root_write("/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "powersave\n");
    fake_root_write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", "intel_pstate\n");
    fake_root_write("/sys/devices/system/cpu/cpu0/cpufreq/energy_performance_preference",
                    "balance_performance\n");
    fake_root_write("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3500000\n");
    fake_root_write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq", "3500000\n");
    fake_root_write("/sys/devices/system/cpu/cpu2/cpufreq/cpuinfo_max_freq", "3000000\n");
    fake_root_write("/sys/devices/system/cpu/cpu2/cpufreq/scaling_max_freq", "2000000\n");
    fake_root_write("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "3\n");
    fake_root_write("/sys/devices/system/cpu/cpu2/thermal_throttle/package_throttle_count", "4\n");
    fake_root_write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    fake_root_write("/sys/kernel/mm/transparent_hugepage/defrag", "always defer [never]\n");
    fake_root_write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    fake_root_write("/proc/sys/kernel/numa_balancing", "1\n");
    fake_root_write("/proc/sys/kernel/perf_event_paranoid", "4\n");
    fake_root_write("/proc/meminfo", "MemTotal:  2048 kB\nSwapTotal: 1024 kB\n");
    fake_root_write("/proc/self/status", "Name:\tzogap\nTracerPid:\t17\n");
    fake_root_write("/proc/self/cgroup", "0::/box\n");
    fake_root_write("/sys/fs/cgroup/box/cpu.max", "300000 100000\n");
    fake_root_write("/sys/fs/cgroup/box/cpu.stat", "nr_throttled 1\nthrottled_usec 500000\n");
    fake_root_write("/proc/stat", "cpu 100 0 100 700 100 0 0 0 0 0\ncpu0 1 1\n");
    fake_root_write("/proc/loadavg", "0.25 0.5 0.75 1/100 4242\n");
    fake_root_write("/proc/cpuinfo", "cpu MHz\t\t: 2000.0\nx : y\ncpu MHz\t\t: 3000.0\n");

    json_t *const machine = zg_machine_json();
    CU_ASSERT(json_is_null(at(machine, "virtualisation", "hypervisor")));
    CU_ASSERT(json_is_true(at(machine, "topology", "smt_active")));
    CU_ASSERT_STRING_EQUAL(json_string_value(at(machine, "frequency", "governor")),
                           "performance and powersave");
    CU_ASSERT_STRING_EQUAL(json_string_value(at(machine, "frequency", "energy_preference")),
                           "balance_performance");
    CU_ASSERT(json_is_true(at(machine, "frequency", "turbo")));
    CU_ASSERT_EQUAL(json_number_value(at(machine, "frequency", "max_mhz")), 3500);
    CU_ASSERT_EQUAL(json_number_value(at(machine, "frequency", "slowest_max_mhz")), 3000);
    CU_ASSERT_EQUAL(json_number_value(at(machine, "frequency", "limit_mhz")), 2000);
    CU_ASSERT_EQUAL(json_number_value(at(machine, "memory", "total_mib")), 2);
    CU_ASSERT_STRING_EQUAL(
        json_string_value(at(machine, "memory", "transparent_huge_pages_defrag")), "never");
    CU_ASSERT_EQUAL(json_number_value(at(machine, "cgroup", "cpu_quota")), 3);
    CU_ASSERT_EQUAL(json_number_value(json_object_get(machine, "perf_event_paranoid")), 4);
    CU_ASSERT(json_is_true(at(machine, "process", "traced")));

    zg_machine_watch(&before);
    fake_root_write("/sys/fs/cgroup/box/cpu.stat", "nr_throttled 4\nthrottled_usec 2500000\n");
    fake_root_write("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "5\n");
    fake_root_write("/proc/stat", "cpu 190 0 100 700 100 0 0 10 0 0\ncpu0 1 1\n");
    zg_machine_watch(&after);
    CU_ASSERT_EQUAL(before.cpu_mhz, 2500);
    json_t *const during = zg_machine_during_json(&before, &after);
    CU_ASSERT_EQUAL(json_number_value(json_object_get(during, "n_throttled")), 3);
    CU_ASSERT_EQUAL(json_number_value(json_object_get(during, "throttled_s")), 2);
    CU_ASSERT_EQUAL(json_number_value(json_object_get(during, "n_overheated")), 2);
    CU_ASSERT_DOUBLE_EQUAL(json_number_value(json_object_get(during, "steal_share")), 0.1, 1e-12);
    CU_ASSERT_EQUAL(json_number_value(json_object_get(during, "load_1m_before")), 0.25);
    json_decref(during);
    json_decref(machine);
    fake_root_close();
}

/* Nothing is there: every value is null, none 0. */
static void a_machine_without_files_is_unknown(void)
{
    fake_root_open();
    json_t *const frequency = zg_frequency_json();
    const char *key;
    json_t *value;
    CU_ASSERT_PTR_NOT_NULL_FATAL(frequency);
    json_object_foreach(frequency, key, value) CU_ASSERT(json_is_null(value));
    CU_ASSERT(isnan(zg_frequency_overheated()));
    struct zg_machine_watch watch;
    zg_machine_watch(&watch);
    CU_ASSERT(isnan(watch.steal_s) && isnan(watch.n_throttled) && isnan(watch.load_1m) &&
              isnan(watch.cpu_mhz));
    json_decref(frequency);
    fake_root_close();
}

static int64_t count_warnings(const char *machine_text, const char *during_text, const char *says)
{
    json_t *const machine = json_loads(machine_text, 0, NULL);
    json_t *const during = during_text ? json_loads(during_text, 0, NULL) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(machine);
    json_t *const warnings = zg_machine_warnings_json(machine, NULL, during);
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
    CU_ASSERT_EQUAL(count_warnings("{\"virtualisation\": {\"valgrind\": true}}", NULL, "valgrind"),
                    1);
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
    CU_ASSERT_EQUAL(count_warnings(quiet, "{\"sampling\": {\"wall_s\": 2, \"major_faults\": 20}}",
                                   "10 pages a second were read from disk while sampling"),
                    1);
    /* the program itself comes from disk at its first start, before there is a sample */
    CU_ASSERT_EQUAL(count_warnings(quiet,
                                   "{\"wall_s\": 2, \"involuntary_switches\": 20, "
                                   "\"major_faults\": 2000, "
                                   "\"sampling\": {\"wall_s\": 2, \"major_faults\": 1}}",
                                   ""),
                    0);
    CU_ASSERT_EQUAL(count_warnings("{\"memory\": {\"total_mib\": 4000}}",
                                   "{\"sampling\": {\"wall_s\": 2, \"major_faults\": 20}, "
                                   "\"available_mib_after\": 60}",
                                   "memory is short, 60 of 4000 MiB are available"),
                    1);
    CU_ASSERT_EQUAL(count_warnings("{\"memory\": {\"total_mib\": 4000}}",
                                   "{\"sampling\": {\"wall_s\": 2, \"major_faults\": 20}, "
                                   "\"available_mib_after\": 3000}",
                                   "were read from disk"),
                    1);
    CU_ASSERT_EQUAL(count_warnings(quiet, "{\"load_1m_before\": 2.5}", "load was 2.50"), 1);
    CU_ASSERT_EQUAL(
        count_warnings(quiet, "{\"mhz_before\": 3000, \"mhz_after\": 2000}", "3000 MHz"), 1);
}

static void causes_in_frequency_and_process_have_theirs(void)
{
    static const char *const cases[][2] = {
        {"{\"frequency\": {\"governor\": \"performance and powersave\"}}",
         "governor is performance and powersave"},
        {"{\"frequency\": {\"max_mhz\": 3500, \"slowest_max_mhz\": 3500, \"limit_mhz\": 2000}}",
         "limited to 2000 MHz of 3500"},
        {"{\"frequency\": {\"max_mhz\": 3500, \"slowest_max_mhz\": 2000}}",
         "not alike, their highest frequency is 2000 to 3500 MHz"},
        {"{\"system\": {\"clock_source\": \"hpet\"}}", "clock source is hpet"},
        {"{\"process\": {\"nice\": 10}}", "nice 10"},
        {"{\"process\": {\"scheduler\": \"idle\"}}", "policy idle"},
        {"{\"process\": {\"traced\": true}}", "traces"},
        {"{\"process\": {\"optimised\": false}}", "-DCMAKE_BUILD_TYPE=Release"},
        {"{\"process\": {\"sanitizer\": \"address\"}}", "address sanitizer"},
        {"{\"process\": {\"kernels\": {\"zogap\": \"avx2\"}, "
         "\"kernels_of_processor\": {\"zogap\": \"avx512\"}}}",
         "ZOGAP_ISA caps zogap's kernels at avx2, the processor has avx512"},
        {"{\"process\": {\"kernels\": {\"onednn\": \"avx2\"}, "
         "\"kernels_of_processor\": {\"onednn\": \"avx512_core\"}, "
         "\"environment_kernels\": {\"DNNL_MAX_CPU_ISA\": \"AVX2\"}}}",
         "oneDNN runs its avx2 kernels, and those for avx512_core suit this processor: too slow to "
         "be a fair baseline; unset DNNL_MAX_CPU_ISA"},
        {"{\"process\": {\"kernels\": {\"openblas\": \"Prescott\"}, "
         "\"kernels_of_processor\": {\"openblas\": \"SkylakeX\"}}}",
         "OpenBLAS runs its Prescott kernels, and those for SkylakeX"},
        {"{\"process\": {\"environment\": {\"OMP_WAIT_POLICY\": \"passive\"}}}",
         "OMP_WAIT_POLICY=passive: whether waiting threads spin or sleep"},
        {"{\"process\": {\"environment\": {\"OMP_NEW\": \"1\", \"MALLOC_NEW\": \"2\"}}}",
         "OMP_NEW=1, MALLOC_NEW=2: zogap does not know what it changes"},
        {"{\"process\": {\"environment_taken_out\": {\"DNNL_VERBOSE\": \"1\"}}}",
         "DNNL_VERBOSE=1 was taken out of the environment: oneDNN would print a line"},
        {"{\"process\": {\"openmp_runtimes\": [\"libomp.so.5\", \"libgomp.so.1\"]}}",
         "two OpenMP runtimes are loaded (libomp.so.5, libgomp.so.1)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(count_warnings(cases[i][0], NULL, cases[i][1]), 1);
    CU_ASSERT_EQUAL(
        count_warnings(
            "{\"frequency\": {\"max_mhz\": 3500, \"slowest_max_mhz\": 3490}, "
            "\"system\": {\"clock_source\": \"tsc\"}, \"cpu\": {\"isa\": \"avx2\"}, "
            "\"process\": {\"nice\": -5, \"scheduler\": \"fifo\", \"traced\": false, "
            "\"optimised\": true, \"sanitizer\": null, \"kernels\": {\"zogap\": \"avx2\", "
            "\"onednn\": \"avx2\", \"openblas\": null}, \"kernels_of_processor\": "
            "{\"zogap\": \"avx2\", \"onednn\": \"avx2\", \"openblas\": null}, "
            "\"environment\": {}, \"environment_taken_out\": {}, "
            "\"openmp_runtimes\": [\"libgomp.so.1\"]}}",
            NULL, ""),
        0);
    CU_ASSERT_EQUAL(count_warnings("{}", "{\"n_overheated\": 2}", "for heat 2 times"), 1);
}

static int64_t count_pin_warnings(const char *text, const char *says)
{
    json_t *const machine = json_object(), *const pins = json_loads(text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pins);
    json_t *const warnings = zg_machine_warnings_json(machine, pins, NULL);
    const int64_t n = (int64_t)json_array_size(warnings);
    if (n > 0)
        zg_test_expect_words(json_string_value(json_array_get(warnings, 0)), says);
    json_decref(warnings);
    json_decref(pins);
    json_decref(machine);
    return n;
}

static void pins_are_warned_of(void)
{
    CU_ASSERT_EQUAL(count_pin_warnings("{\"method\": \"none\", \"reason\": \"no permission\"}",
                                       "threads are not pinned (no permission)"),
                    1);
    CU_ASSERT_EQUAL(count_pin_warnings("{\"method\": \"hwloc\", \"workers\": [{\"core\": 0}, "
                                       "{\"core\": 1}, {\"core\": 0}]}",
                                       "1 of 3 threads share a core"),
                    1);
    CU_ASSERT_EQUAL(count_pin_warnings("{\"method\": \"hwloc\", \"workers\": [{\"core\": 0}, "
                                       "{\"core\": 1}, {\"core\": null}, {\"core\": null}]}",
                                       ""),
                    0);
}

int main(void)
{
    const struct zg_test tests[] = {
        {"the record is complete and anonymous", the_record_is_complete_and_anonymous},
        {"libraries have versions", libraries_have_versions},
        {"differences are taken", differences_are_taken},
        {"watching reads the system", watching_reads_the_system},
        {"a machine of files is read", a_machine_of_files_is_read},
        {"a machine without files is unknown", a_machine_without_files_is_unknown},
        {"each cause has its sentence", each_cause_has_its_sentence},
        {"causes in frequency and process have theirs",
         causes_in_frequency_and_process_have_theirs},
        {"pins are warned of", pins_are_warned_of},
        {0}};
    return zg_test_run("machine", tests);
}
