/* standard_output.c - a stream over file descriptor 1 whose writes note how they failed. */
#define _GNU_SOURCE /* fopencookie */
#include "harness/base/standard_output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the first write that failed.  A global, for there is one standard output. */
static int first_error;

static ssize_t put(void *context, const char *bytes, size_t n)
{
    size_t done = 0;
    (void)context;
    while (done < n) {
        const ssize_t wrote = write(STDOUT_FILENO, bytes + done, n - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            const int error = wrote ? errno : ENOSPC;
            first_error = first_error ? first_error : error;
            errno = error;
            return 0; /* what fopencookie() calls a failure */
        }
        done += (size_t)wrote;
    }
    return (ssize_t)n;
}

void zg_standard_output_watch(void)
{
    signal(SIGPIPE, SIG_IGN);
    FILE *const stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = put});
    if (!stream)
        return; /* no memory: reasons are lost, no text */
    setvbuf(stream, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
    stdout = stream;
}

bool zg_standard_output_is(const char *path)
{
    struct stat there, own;
    return stat(path, &there) == 0 && fstat(STDOUT_FILENO, &own) == 0 &&
           there.st_dev == own.st_dev && there.st_ino == own.st_ino &&
           (!S_ISCHR(own.st_mode) || isatty(STDOUT_FILENO));
}

bool zg_standard_output_has_no_reader(void)
{
    return first_error == EPIPE;
}

enum zg_status zg_standard_output_flush(struct zg_error *err)
{
    const bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || zg_standard_output_has_no_reader())
        return ZG_OK;
    return zg_fail(err, ZG_ENV, "standard output: %s",
                   first_error == EBADF ? "it is closed"
                   : first_error        ? strerror(first_error)
                                        : "cannot be written");
}
