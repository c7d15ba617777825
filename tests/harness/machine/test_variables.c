/* test_variables.c - environment_table.c, variables.c: what is taken out, recorded, warned of. */
#include "harness/machine/variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/machine/environment_table.h"
#include "tests/support/cunit_run.h"

static void expect_action(const char *name, enum zg_variable_action action)
{
    const struct zg_variable *const of = zg_variable_find(name);
    CU_ASSERT_PTR_NOT_NULL(of);
    if (of && of->action != action)
        printf("%s has another action\n", name);
    CU_ASSERT(of && of->action == action);
}

static void names_have_their_entry(void)
{
    static const char *const both[] = {"VERBOSE", "JIT_DUMP"};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        char name[64];
        snprintf(name, sizeof name, "ONEDNN_%s", both[i]);
        expect_action(name, ZG_VARIABLE_TAKEN_OUT);
        snprintf(name, sizeof name, "DNNL_%s", both[i]);
        expect_action(name, ZG_VARIABLE_TAKEN_OUT);
    }
    expect_action("OMP_WAIT_POLICY", ZG_VARIABLE_WARNED);
    expect_action("GOMP_STACKSIZE", ZG_VARIABLE_WARNED);
    expect_action("DNNL_DEFAULT_FPMATH_MODE", ZG_VARIABLE_WARNED);
    expect_action("DNNL_MAX_CPU_ISA", ZG_VARIABLE_KERNELS);
    expect_action("OMP_DISPLAY_ENV", ZG_VARIABLE_TAKEN_OUT);
    expect_action("OMP_NUM_THREADS", ZG_VARIABLE_SILENT);
    expect_action("ZOGAP_PEAKS", ZG_VARIABLE_SILENT);
    expect_action("ZOGAP_SYSROOT", ZG_VARIABLE_WARNED);
    expect_action("HWLOC_XMLFILE", ZG_VARIABLE_TAKEN_OUT); /* by its family */
    expect_action("HWLOC_HIDE_ERRORS", ZG_VARIABLE_SILENT);
    expect_action("MALLOC_ARENA_MAX", ZG_VARIABLE_WARNED);
    expect_action("MALLOC_", ZG_VARIABLE_UNKNOWN);
    expect_action("OMP_WAIT_POLICY_ALL", ZG_VARIABLE_UNKNOWN); /* longer than a name */
    expect_action("OMP_WAIT", ZG_VARIABLE_UNKNOWN);            /* and shorter */
    static const char *const others[] = {"PATH", "HOME",         "OMP",  "ZOGAP",
                                         "",     "LD_SOMETHING", "omp_x"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT_PTR_NULL(zg_variable_find(others[i]));
}

/* The value under group.name as recorded now; NULL: it is not. */
static const char *recorded(json_t **process, const char *group, const char *name)
{
    json_decref(*process);
    *process = json_object();
    zg_variables_record(*process);
    return json_string_value(json_object_get(json_object_get(*process, group), name));
}

static void expect_text(const char *got, const char *want)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static void what_has_an_effect_is_recorded(void)
{
    json_t *process = NULL;
    setenv("GLIBC_TUNABLES", "glibc.malloc.perturb=1:glibc.malloc.mxfast=0", 1);
    expect_text(recorded(&process, "environment", "GLIBC_TUNABLES"),
                "glibc.malloc.perturb=1:glibc.malloc.mxfast=0");
    unsetenv("GLIBC_TUNABLES");
    CU_ASSERT_PTR_NULL(recorded(&process, "environment", "GLIBC_TUNABLES"));
    setenv("OMP_CANCELLATION", "FALSE", 1); /* what it is without */
    CU_ASSERT_PTR_NULL(recorded(&process, "environment", "OMP_CANCELLATION"));
    setenv("OMP_CANCELLATION", "true", 1);
    expect_text(recorded(&process, "environment", "OMP_CANCELLATION"), "true");
    unsetenv("OMP_CANCELLATION");
    setenv("OMP_SCHEDULE", "dynamic", 1); /* without effect, and only in the whole list */
    CU_ASSERT_PTR_NULL(recorded(&process, "environment", "OMP_SCHEDULE"));
    json_t *const all = zg_variables_all();
    expect_text(json_string_value(json_object_get(all, "OMP_SCHEDULE")), "dynamic");
    json_decref(all);
    unsetenv("OMP_SCHEDULE");
    setenv("MALLOC_HOME", "/opt", 1); /* of whoever builds, not of who runs */
    CU_ASSERT_PTR_NULL(recorded(&process, "environment", "MALLOC_HOME"));
    unsetenv("MALLOC_HOME");
    setenv("ZOGAP_ISA", "portable", 1);
    expect_text(recorded(&process, "environment_kernels", "ZOGAP_ISA"), "portable");
    CU_ASSERT_PTR_NULL(json_object_get(json_object_get(process, "environment"), "ZOGAP_ISA"));
    unsetenv("ZOGAP_ISA");
    json_decref(process);
}

/* Results are published. */
static void directories_are_left_out(void)
{
    static const char *const cases[][2] = {
        {"/home/me/lib/libjemalloc.so.2", "libjemalloc.so.2"},
        {"/a/b.so:/c/d.so e.so", "b.so:d.so e.so"},
        {"/home/me/", "me"},
        {"/", "/"},
        {"x=/home/me/y", "y"},
        {"plain", "plain"},
    };
    json_t *process = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("MALLOC_TRACE", cases[i][0], 1);
        expect_text(recorded(&process, "environment", "MALLOC_TRACE"), cases[i][1]);
    }
    setenv("MALLOC_TRACE", "caf\xe9", 1); /* not UTF-8: no failure, and valid JSON */
    const char *const text = recorded(&process, "environment", "MALLOC_TRACE");
    CU_ASSERT(text && !strncmp(text, "caf", 3));
    unsetenv("MALLOC_TRACE");
    /* no library came from there */
    setenv("LD_LIBRARY_PATH", "/nowhere:/tmp", 1);
    CU_ASSERT_PTR_NULL(recorded(&process, "environment", "LD_LIBRARY_PATH"));
    unsetenv("LD_LIBRARY_PATH");
    json_decref(process);
}

/* Once out it stays out, and is known to the process that starts anew and to its children. */
static void what_prints_is_taken_out(void)
{
    json_t *process = NULL;
    unsetenv("ZOGAP_TAKEN_OUT");
    setenv("OMP_DISPLAY_AFFINITY", "false", 1);
    setenv("LD_DEBUG", "libs", 1);
    setenv("OMP_DISPLAY_ENV", "verbose", 1);
    zg_variables_take_out();
    CU_ASSERT_PTR_NULL(getenv("LD_DEBUG"));
    CU_ASSERT_PTR_NULL(getenv("OMP_DISPLAY_ENV"));
    CU_ASSERT_PTR_NOT_NULL(getenv("OMP_DISPLAY_AFFINITY")); /* changes nothing */
    CU_ASSERT(zg_variables_were_taken_out());
    zg_variables_take_out();
    expect_text(recorded(&process, "environment_taken_out", "LD_DEBUG"), "libs");
    expect_text(recorded(&process, "environment_taken_out", "OMP_DISPLAY_ENV"), "verbose");
    CU_ASSERT_EQUAL(json_object_size(json_object_get(process, "environment_taken_out")), 2);
    unsetenv("OMP_DISPLAY_AFFINITY");

    /* what anybody may write there */
    static const char *const odd[] = {"",    "{", "[1]", "{\"LD_DEBUG\": 1}", "{\"HOME\": \"x\"}",
                                      "null"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        setenv("ZOGAP_TAKEN_OUT", odd[i], 1);
        CU_ASSERT(!zg_variables_were_taken_out());
    }
    unsetenv("ZOGAP_TAKEN_OUT");
    CU_ASSERT(!zg_variables_were_taken_out());
    json_decref(process);
}

static void long_values_are_cut_in_sentences(void)
{
    char value[5000];
    memset(value, 'x', sizeof value - 1);
    memcpy(value + 78, "\xc3\xa9\xc3\xa9\xc3\xa9", 6); /* cut in the middle of a letter */
    value[sizeof value - 1] = '\0';
    setenv("LD_PRELOAD", value, 1);
    setenv("MALLOC_UNHEARD_OF", value, 1);
    json_t *const process = json_object(), *const warnings = json_array();
    zg_variables_record(process);
    unsetenv("LD_PRELOAD");
    unsetenv("MALLOC_UNHEARD_OF");
    json_object_del(json_object_get(process, "environment"), "OMP_WAIT_POLICY"); /* of the tests */
    zg_variables_warn(process, warnings);
    CU_ASSERT_EQUAL(json_array_size(warnings), 2);
    for (size_t i = 0; i < json_array_size(warnings); i++)
        CU_ASSERT(json_string_length(json_array_get(warnings, i)) > 80 &&
                  json_string_length(json_array_get(warnings, i)) < 300);
    json_decref(process);
    json_decref(warnings);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"names have their entry", names_have_their_entry},
        {"what has an effect is recorded", what_has_an_effect_is_recorded},
        {"directories are left out", directories_are_left_out},
        {"what prints is taken out", what_prints_is_taken_out},
        {"long values are cut in sentences", long_values_are_cut_in_sentences},
        {NULL, NULL}};
    return zg_test_run("harness/variables", tests);
}
