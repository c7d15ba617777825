/* test_csv_out.c - csv_out.c on a disk that fails: each call that writes fails once, in the middle
 * of what it writes; rows that were whole before are whole after. */
#include "harness/rows/csv_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/rows/csv_in.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static int calls_left; /* up to the one that fails; 0: none does */
static bool failed, for_good;

static bool fails(void)
{
    if (failed && for_good)
        return true;
    if (calls_left == 0 || --calls_left > 0)
        return false;
    errno = ENOSPC;
    return failed = true;
}

ssize_t __real_pread(int fd, void *to, size_t n, off_t at);
ssize_t __wrap_pread(int fd, void *to, size_t n, off_t at);
ssize_t __wrap_pread(int fd, void *to, size_t n, off_t at)
{
    return fails() ? -1 : __real_pread(fd, to, n, at);
}

ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    if (!fails())
        return __real_write(fd, bytes, n);
    if (__real_write(fd, bytes, n / 2) < 0) /* a part of it is there */
        abort();
    errno = ENOSPC;
    return -1;
}

int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size)
{
    return fails() ? -1 : __real_ftruncate(fd, size);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    return fails() ? -1 : __real_fsync(fd);
}

int __real_fstat(int fd, struct stat *info);
int __wrap_fstat(int fd, struct stat *info);
int __wrap_fstat(int fd, struct stat *info)
{
    return fails() ? -1 : __real_fstat(fd, info);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    const int real = __real_close(fd);
    return fails() ? -1 : real;
}

enum { N_BEFORE = 300 }; /* rows of a former run: more than one block to look for line ends in */

static struct zg_curve_row row_of(int64_t step)
{
    struct zg_curve_row row;
    zg_row_clear(&zg_schema_curve, &row);
    row.id.engine = "naive";
    row.step = step;
    row.loss_plus = 0.25;
    return row;
}

/* Opens the curve, adds two rows, closes it. */
static enum zg_status add_rows(const char *dir, enum zg_csv_mode mode, struct zg_error *err)
{
    struct zg_csv_out *out = NULL;
    enum zg_status status = zg_csv_out_open(&out, dir, &zg_schema_curve, mode, NULL, 0, err);
    for (int64_t i = 0; i < 2 && !status; i++) {
        const struct zg_curve_row row = row_of(N_BEFORE + i);
        status = zg_csv_out_row(out, &row, NULL, err);
        if (status) { /* and from then on */
            CU_ASSERT_EQUAL(zg_csv_out_row(out, &row, NULL, NULL), ZG_ENV);
            CU_ASSERT_EQUAL(zg_csv_out_close(&out, NULL), ZG_ENV);
            CU_ASSERT_PTR_NULL(out);
        }
    }
    if (!status)
        status = zg_csv_out_close(&out, err);
    zg_csv_out_abort(&out);
    return status;
}

/* A former run's file: a torn row at its end, longer than a block if `wide`. */
static void write_before(const char *dir, bool wide)
{
    static struct zg_curve_row rows[N_BEFORE];
    for (int64_t i = 0; i < N_BEFORE; i++)
        rows[i] = row_of(i);
    CU_ASSERT_EQUAL_FATAL(zg_csv_write(dir, &zg_schema_curve, rows, N_BEFORE, NULL), ZG_OK);
    FILE *const file = fopen(temp_path(dir, "curve.csv"), "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "naive,%*s", wide ? 9000 : 10, "torn");
    fclose(file);
}

static void sweep(enum zg_csv_mode mode, bool wide)
{
    for (int n = 1;; n++) {
        char dir[64];
        struct zg_csv_in *in = NULL;
        struct zg_error err = {0};
        make_temp_dir(dir);
        write_before(dir, wide);
        failed = false;
        calls_left = n;
        const enum zg_status status = add_rows(dir, mode, &err);
        calls_left = 0;
        const bool has_failed = failed;
        failed = false;
        /* one of the calls may be of what is only tidied up */
        CU_ASSERT(has_failed ? status == ZG_ENV || status == ZG_INPUT || !status : !status);
        CU_ASSERT_EQUAL(err.text[0] != '\0', status != ZG_OK);
        CU_ASSERT_EQUAL_FATAL(
            zg_csv_in_open(&in, temp_path(dir, "curve.csv"), &zg_schema_curve, NULL), ZG_OK);
        if (mode == ZG_CSV_REPLACE) /* the new file or the old one, whole */
            CU_ASSERT(in->n == 2 || (status && in->n == N_BEFORE));
        CU_ASSERT(mode == ZG_CSV_REPLACE || in->n >= N_BEFORE);
        CU_ASSERT(status || mode == ZG_CSV_REPLACE || in->n == N_BEFORE + 2);
        const struct zg_curve_row *const rows = in->rows;
        for (int64_t i = 0; i < in->n; i++)
            CU_ASSERT(rows[i].step == (in->n == 2 ? N_BEFORE + i : i) && rows[i].loss_plus == 0.25);
        zg_csv_in_close(&in);
        remove_temp_dir(dir);
        if (!has_failed)
            return;
    }
}

static void streams(void)
{
    sweep(ZG_CSV_STREAM, false);
    sweep(ZG_CSV_STREAM, true);
    for_good = true;
    sweep(ZG_CSV_STREAM, false);
    for_good = false;
}

static void replacing(void)
{
    sweep(ZG_CSV_REPLACE, false);
}

int main(void)
{
    static const struct zg_test tests[] = {{"streams", streams}, {"replacing", replacing}, {0}};
    return zg_test_run("csv out", tests);
}
