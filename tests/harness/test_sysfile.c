/* test_sysfile.c - harness/sysfile.c. */
#include "harness/sysfile.h"

#include <math.h>
#include <string.h>

#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static void texts_and_numbers(void)
{
    char dir[64], text[8];
    make_temp_dir(dir);
    write_temp_file(dir, "a", "  12.5 kB \n\n", 12);
    CU_ASSERT_EQUAL(zg_sysfile_real(temp_path(dir, "a")), 12.5);
    CU_ASSERT(zg_sysfile_text(temp_path(dir, "a"), text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "  12.5"); /* seven bytes, cut, without trailing space */
    write_temp_file(dir, "b", "max", 3);
    CU_ASSERT(isnan(zg_sysfile_real(temp_path(dir, "b"))));
    CU_ASSERT(isnan(zg_sysfile_real(temp_path(dir, "absent"))));
    CU_ASSERT(!zg_sysfile_text(dir, text, sizeof text)); /* a directory opens but does not read */
    remove_temp_dir(dir);
}

static void fields(void)
{
    static const char content[] =
        "usage 1\nnr_throttled_more 9\nnr_throttled 7\nVmHWM:\t  1234 kB\nlast 5";
    char dir[64];
    make_temp_dir(dir);
    write_temp_file(dir, "stat", content, sizeof content - 1);
    const char *const path = temp_path(dir, "stat");
    CU_ASSERT_EQUAL(zg_sysfile_field(path, "usage"), 1);
    CU_ASSERT_EQUAL(zg_sysfile_field(path, "nr_throttled"), 7);
    CU_ASSERT_EQUAL(zg_sysfile_field(path, "VmHWM:"), 1234);
    CU_ASSERT_EQUAL(zg_sysfile_field(path, "last"), 5);
    CU_ASSERT(isnan(zg_sysfile_field(path, "absent")));
    CU_ASSERT(isnan(zg_sysfile_field(path, "age"))); /* only at the start of a line */
    remove_temp_dir(dir);
}

/* Whatever the machine: a limit is positive or none. */
static void limits_are_positive_or_none(void)
{
    const double quota = zg_cgroup_cpu_quota(), memory = zg_cgroup_memory_limit_bytes();
    CU_ASSERT(isnan(quota) || quota > 0);
    CU_ASSERT(isnan(memory) || memory > 0);
    CU_ASSERT(isnan(zg_cgroup_cpu_stat("no_such_field")));
}

int main(void)
{
    const struct zg_test tests[] = {{"texts and numbers", texts_and_numbers},
                                    {"fields", fields},
                                    {"limits are positive or none", limits_are_positive_or_none},
                                    {0}};
    return zg_test_run("sysfile", tests);
}
