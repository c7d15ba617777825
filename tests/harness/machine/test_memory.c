/* test_memory.c - memory.c. */
#include "harness/machine/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/support/cunit_run.h"

enum { MIB = 1 << 20 };

/* Touches n MiB and gives them back. */
static void touch_mib(size_t n)
{
    char *const memory =
        mmap(NULL, n * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(memory != MAP_FAILED);
    memset(memory, 1, n * MIB);
    munmap(memory, n * MIB);
}

/* The kernel counts resident pages per cpu and folds them in batches: a few MiB of slack. */
static void the_mark_forgets_what_was_before(void)
{
    struct zg_memory_mark mark;
    touch_mib(64);
    zg_memory_mark(&mark);
    CU_ASSERT(mark.resident_mib > 0);
    CU_ASSERT_DOUBLE_EQUAL(mark.resident_mib, zg_memory_resident_mib(), 8);
    if (!mark.reset) {
        CU_ASSERT(mark.reason[0] != '\0');
        CU_ASSERT(isnan(zg_memory_peak_mib(&mark, 0)));
        printf("skipped: %s\n", mark.reason);
        return;
    }
    CU_ASSERT_DOUBLE_EQUAL(zg_memory_peak_mib(&mark, mark.resident_mib), 0, 8);
    touch_mib(32);
    CU_ASSERT_DOUBLE_EQUAL(zg_memory_peak_mib(&mark, mark.resident_mib), 32, 8);
    CU_ASSERT_DOUBLE_EQUAL(zg_memory_resident_mib(), mark.resident_mib, 8);
}

/* A mark that the kernel refused gives no number. */
static void a_refused_mark_gives_nothing(void)
{
    const struct zg_memory_mark refused = {.reset = false};
    CU_ASSERT(isnan(zg_memory_peak_mib(&refused, 0)));
}

int main(void)
{
    const struct zg_test tests[] = {
        {"the mark forgets what was before", the_mark_forgets_what_was_before},
        {"a refused mark gives nothing", a_refused_mark_gives_nothing},
        {0}};
    return zg_test_run("memory", tests);
}
