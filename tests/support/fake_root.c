/* fake_root.c - makes and removes a tree of files that stands for /proc and /sys. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw, mkdtemp */
#endif
#include "tests/support/fake_root.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/cunit_run.h"

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

void fake_root_close(void)
{
    const char *const root = getenv("ZOGAP_SYSROOT");
    if (!root)
        return;
    CU_ASSERT_EQUAL(nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    unsetenv("ZOGAP_SYSROOT");
}

void fake_root_open(void)
{
    char root[] = "/tmp/zogap-root-XXXXXX";
    fake_root_close();
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
    setenv("ZOGAP_SYSROOT", root, 1);
}

void fake_root_write(const char *path, const char *text)
{
    char full[1024];
    const int n = snprintf(full, sizeof full, "%s%s", getenv("ZOGAP_SYSROOT"), path);
    CU_ASSERT_FATAL(n > 0 && (size_t)n < sizeof full);
    for (char *slash = full + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(full, 0700); /* it may be there */
        *slash = '/';
    }
    FILE *const file = fopen(full, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT(fputs(text, file) >= 0);
    CU_ASSERT_EQUAL(fclose(file), 0);
}
