/* file.c - reads a regular file whole, in one buffer of the size that fstat() tells.  What is no
 * such file (a pipe, a device) is refused before it can block or never end. */
#include "workloads/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/base/file_kind.h"

static enum zg_status read_all(int fd, char **bytes, int64_t *n_bytes, const char *path,
                               int64_t max_bytes, struct zg_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return zg_fail(err, ZG_ENV, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return zg_fail(err, ZG_INPUT, "%s: not a regular file", path);
    if (info.st_size > max_bytes)
        return zg_fail(err, ZG_INPUT, "%s: %lld bytes, at most %lld are read", path,
                       (long long)info.st_size, (long long)max_bytes);
    const size_t size = (size_t)info.st_size;
    char *buffer = malloc(size + 1);
    if (!buffer)
        return zg_fail(err, ZG_ENV, "%s: no memory for %zu bytes", path, size);
    size_t used = 0;
    while (used < size) { /* a file that shrinks meanwhile just ends early */
        const ssize_t n = read(fd, buffer + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(buffer);
            return zg_fail(err, ZG_ENV, "%s: %s", path, strerror(errno));
        }
        if (n == 0)
            break;
        used += (size_t)n;
    }
    if (zg_file_expect_text(buffer, used, path, err)) {
        free(buffer);
        return ZG_INPUT;
    }
    const size_t mark = zg_utf8_mark(buffer, used);
    memmove(buffer, buffer + mark, used -= mark);
    buffer[used] = '\0';
    *bytes = buffer;
    *n_bytes = (int64_t)used;
    return ZG_OK;
}

enum zg_status zg_file_read(char **bytes, int64_t *n_bytes, const char *path, int64_t max_bytes,
                            struct zg_error *err)
{
    *bytes = NULL;
    *n_bytes = 0;
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return zg_fail(err, ZG_INPUT, "%s: %s", path, strerror(errno));
    const enum zg_status status = read_all(fd, bytes, n_bytes, path, max_bytes, err);
    close(fd);
    return status;
}

char *zg_path_join(const char *dir, const char *name)
{
    if (name[0] == '/')
        return strdup(name);
    const size_t n_dir = strlen(dir), n_name = strlen(name);
    char *path = malloc(n_dir + n_name + 2);
    if (!path)
        return NULL;
    memcpy(path, dir, n_dir);
    path[n_dir] = '/';
    memcpy(path + n_dir + 1, name, n_name + 1);
    return path;
}
