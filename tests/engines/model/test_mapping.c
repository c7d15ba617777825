/* test_mapping.c - mapping.c: which address is of which file, what is noticed of a file that
 * changes, what cannot be mapped. */
#include "engines/model/mapping.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/cunit_run.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/temp_dir.h"

static bool no_maps; /* mmap() of a file fails */

void *__real_mmap(void *address, size_t n, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *address, size_t n, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *address, size_t n, int protection, int flags, int fd, off_t offset)
{
    if (no_maps && fd >= 0)
        return MAP_FAILED;
    return __real_mmap(address, n, protection, flags, fd, offset);
}

static char dir[64], path[128];

static void addresses(void)
{
    struct zg_mapping one = {0}, empty = {0};
    struct zg_error err = {0};
    write_temp_file(dir, "one", "abcde", 5);
    write_temp_file(dir, "empty", "", 0);
    CU_ASSERT_EQUAL_FATAL(zg_mapping_open(&one, path, &err), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(zg_mapping_open(&empty, temp_path(dir, "empty"), &err), ZG_OK);
    CU_ASSERT(one.size == 5 && memcmp(one.bytes, "abcde", 5) == 0);
    CU_ASSERT(empty.size == 0 && !empty.bytes && !empty.entry);
    CU_ASSERT_STRING_EQUAL(zg_mapping_path(one.bytes), path);
    CU_ASSERT_STRING_EQUAL(zg_mapping_path(one.bytes + 4), path);
    CU_ASSERT_PTR_NULL(zg_mapping_path(one.bytes + 5));
    CU_ASSERT_PTR_NULL(zg_mapping_path(one.bytes - 1));
    CU_ASSERT_PTR_NULL(zg_mapping_path(NULL));
    CU_ASSERT_EQUAL(zg_mapping_check(&empty, &err), ZG_OK);
    zg_mapping_release(&empty, 0, 0);
    zg_mapping_release(&one, 0, 5);
    zg_mapping_release(&one, 1, 3); /* no whole page */
    CU_ASSERT_EQUAL(one.bytes[4], 'e');
    const unsigned char *const gone = one.bytes;
    zg_mapping_close(&empty);
    zg_mapping_close(&one);
    zg_mapping_close(&one);
    zg_mapping_close(NULL);
    CU_ASSERT_PTR_NULL(zg_mapping_path(gone));
}

/* Another size, another second, another nanosecond. */
static void changes(void)
{
    static const struct timespec times[][2] = {
        {{5, 7}, {5, 7}}, {{5, 8}, {5, 8}}, {{6, 7}, {6, 7}}};
    for (int way = 0; way < 4; way++) {
        struct zg_mapping file = {0};
        struct zg_error err = {0};
        write_temp_file(dir, "one", "abcde", 5);
        CU_ASSERT_EQUAL_FATAL(utimensat(AT_FDCWD, path, times[0], 0), 0);
        CU_ASSERT_EQUAL_FATAL(zg_mapping_open(&file, path, &err), ZG_OK);
        CU_ASSERT_EQUAL(zg_mapping_check(&file, &err), ZG_OK);
        if (way == 3)
            CU_ASSERT_EQUAL(truncate(path, 4), 0);
        CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, times[way % 3], 0), 0);
        CU_ASSERT_EQUAL(zg_mapping_check(&file, &err), way ? ZG_ENV : ZG_OK);
        if (way)
            zg_test_expect_words(err.text, "one: the file was written to while it was in use");
        zg_mapping_close(&file);
    }
}

static void what_cannot_be_mapped(void)
{
    struct zg_mapping file = {0};
    struct zg_error err = {0};
    write_temp_file(dir, "one", "abcde", 5);
    no_maps = true;
    CU_ASSERT_EQUAL(zg_mapping_open(&file, path, &err), ZG_ENV);
    no_maps = false;
    zg_test_expect_words(err.text, "one: ");
    CU_ASSERT_PTR_NULL(file.bytes);
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_mapping_open(&file, temp_path(dir, "absent"), &err), ZG_INPUT);
    zg_test_expect_words(err.text, "absent: ");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_mapping_open(&file, dir, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "not a regular file");
    for (int n = 1;; n++) {
        zg_error_clear(&err);
        fail_allocation(n);
        const enum zg_status status = zg_mapping_open(&file, path, &err);
        const bool failed = allocation_failed();
        CU_ASSERT_EQUAL(status, failed ? ZG_ENV : ZG_OK);
        CU_ASSERT_EQUAL(file.bytes == NULL, failed);
        zg_mapping_close(&file);
        if (!failed)
            break;
    }
    /* thousands at a time, and one more */
    enum { MOST = 4096 };
    struct zg_mapping *const all = calloc(MOST + 1, sizeof *all);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    enum zg_status status = ZG_OK;
    int64_t n = 0;
    zg_error_clear(&err);
    while (n <= MOST && !(status = zg_mapping_open(&all[n], path, &err)))
        n++;
    CU_ASSERT_EQUAL(status == ZG_OK, n > MOST);
    CU_ASSERT_NOT_EQUAL(status, ZG_OK); /* of entries, or of descriptors before */
    for (int64_t i = 0; i < n; i++)
        zg_mapping_close(&all[i]);
    CU_ASSERT_EQUAL(zg_mapping_open(&file, path, NULL), ZG_OK); /* works again */
    zg_mapping_close(&file);
    free(all);
}

int main(void)
{
    make_temp_dir(dir);
    snprintf(path, sizeof path, "%s/one", dir);
    static const struct zg_test tests[] = {{"addresses", addresses},
                                           {"changes", changes},
                                           {"what cannot be mapped", what_cannot_be_mapped},
                                           {NULL, NULL}};
    const int failed = zg_test_run("mapping", tests);
    remove_temp_dir(dir);
    return failed;
}
