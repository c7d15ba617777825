/* test_sysfile.c - sysfile.c. */
#include "harness/machine/sysfile.h"

#include <math.h>
#include <string.h>

#include "tests/support/cunit_run.h"
#include "tests/support/fake_root.h"
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

/* v2: the tightest limit on the way up; throttling by any group above counts. */
static void cgroups_of_version_2(void)
{
    fake_root_open();
    CU_ASSERT(isnan(zg_cgroup_cpu_quota()));
    fake_root_write("/proc/self/cgroup", "0::/pod/box\n");
    CU_ASSERT(isnan(zg_cgroup_cpu_quota()));
    fake_root_write("/sys/fs/cgroup/pod/box/cpu.max", "max 100000\n");
    CU_ASSERT(isnan(zg_cgroup_cpu_quota()));
    fake_root_write("/sys/fs/cgroup/pod/cpu.max", "150000 100000\n");
    CU_ASSERT_EQUAL(zg_cgroup_cpu_quota(), 1.5);
    fake_root_write("/sys/fs/cgroup/pod/box/cpu.max", "400000 100000\n");
    CU_ASSERT_EQUAL(zg_cgroup_cpu_quota(), 1.5);
    fake_root_write("/sys/fs/cgroup/pod/box/memory.max", "max\n");
    CU_ASSERT(isnan(zg_cgroup_memory_limit_bytes()));
    fake_root_write("/sys/fs/cgroup/pod/memory.max", "1048576\n");
    CU_ASSERT_EQUAL(zg_cgroup_memory_limit_bytes(), 1048576);
    fake_root_write("/sys/fs/cgroup/pod/box/cpu.stat", "usage_usec 5\nnr_throttled 2\n");
    fake_root_write("/sys/fs/cgroup/pod/cpu.stat", "nr_throttled 7\nthrottled_usec 900\n");
    fake_root_write("/sys/fs/cgroup/cpu.stat", "usage_usec 5\n");
    CU_ASSERT_EQUAL(zg_cgroup_cpu_stat("nr_throttled"), 9);
    CU_ASSERT_EQUAL(zg_cgroup_cpu_stat("throttled_usec"), 900);
    CU_ASSERT(isnan(zg_cgroup_cpu_stat("throttled_time")));
    fake_root_close();
}

/* v1 beside v2: the controller's own hierarchy wins; the path may be the host's and absent here. */
static void cgroups_of_version_1(void)
{
    fake_root_open();
    fake_root_write("/proc/self/cgroup", "4:memory:/host/only\n3:cpuacct,cpu:/box\n0::/\n");
    fake_root_write("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    fake_root_write("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "-1\n");
    fake_root_write("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
    CU_ASSERT(isnan(zg_cgroup_cpu_quota()));
    fake_root_write("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "250000\n");
    CU_ASSERT_EQUAL(zg_cgroup_cpu_quota(), 2.5);
    fake_root_write("/sys/fs/cgroup/cpu/box/cpu.stat", "nr_throttled 4\nthrottled_time 8\n");
    CU_ASSERT_EQUAL(zg_cgroup_cpu_stat("throttled_time"), 8);
    fake_root_write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    CU_ASSERT(isnan(zg_cgroup_memory_limit_bytes()));
    fake_root_write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "4096\n");
    CU_ASSERT_EQUAL(zg_cgroup_memory_limit_bytes(), 4096);
    fake_root_close();
}

int main(void)
{
    const struct zg_test tests[] = {{"texts and numbers", texts_and_numbers},
                                    {"fields", fields},
                                    {"limits are positive or none", limits_are_positive_or_none},
                                    {"cgroups of version 2", cgroups_of_version_2},
                                    {"cgroups of version 1", cgroups_of_version_1},
                                    {0}};
    return zg_test_run("sysfile", tests);
}
