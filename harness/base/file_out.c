/*
 * file_out.c - write, sync, rename, sync the directory.  What is no regular file (a device, a
 * pipe) is written in place, for it cannot be replaced.
 */
#include "harness/base/file_out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum zg_status zg_file_write(int fd, const char *path, const void *bytes, size_t n,
                             struct zg_error *err)
{
    const char *at = bytes;
    while (n) {
        const ssize_t wrote = write(fd, at, n);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return zg_fail(err, ZG_ENV, "%s: cannot write: %s", path,
                           strerror(wrote ? errno : ENOSPC));
        at += wrote;
        n -= (size_t)wrote;
    }
    return ZG_OK;
}

/* Devices, pipes and some file systems cannot sync; they have nothing to lose by it. */
static bool cannot_sync(int error)
{
    return error == EINVAL || error == ENOTSUP || error == EROFS;
}

enum zg_status zg_file_sync(int fd, const char *path, struct zg_error *err)
{
    if (fsync(fd) && !cannot_sync(errno))
        return zg_fail(err, ZG_ENV, "%s: cannot write to the disk: %s", path, strerror(errno));
    return ZG_OK;
}

enum zg_status zg_dir_sync(const char *dir, struct zg_error *err)
{
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return zg_fail(err, ZG_ENV, "%s: cannot open the directory: %s", dir, strerror(errno));
    const enum zg_status status = zg_file_sync(fd, dir, err);
    close(fd);
    return status;
}

enum zg_status zg_file_begin(struct zg_file_out *file, const char *dir, const char *name,
                             struct zg_error *err)
{
    const long pid = (long)getpid();
    const int a = snprintf(file->path, sizeof file->path, "%s/%s", dir, name);
    const int b =
        snprintf(file->temporary, sizeof file->temporary, "%s/.%s.%ld.tmp", dir, name, pid);
    const int c = snprintf(file->dir, sizeof file->dir, "%s", dir);
    file->fd = -1;
    if (a < 0 || b < 0 || c < 0 || a >= PATH_MAX || b >= PATH_MAX || c >= PATH_MAX)
        return zg_fail(err, ZG_ENV, "%.200s...: the path is too long", dir);
    unlink(file->temporary); /* of a dead process with our number */
    file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->fd < 0)
        return zg_fail(err, ZG_ENV, "%s: cannot create: %s", file->path, strerror(errno));
    return ZG_OK;
}

enum zg_status zg_file_commit(struct zg_file_out *file, struct zg_error *err)
{
    enum zg_status status = zg_file_sync(file->fd, file->path, err);
    if (close(file->fd) && !status)
        status = zg_fail(err, ZG_ENV, "%s: cannot write: %s", file->path, strerror(errno));
    file->fd = -1;
    if (!status && rename(file->temporary, file->path))
        status = zg_fail(err, ZG_ENV, "%s: cannot replace: %s", file->path, strerror(errno));
    if (status)
        unlink(file->temporary);
    return status ? status : zg_dir_sync(file->dir, err);
}

void zg_file_drop(struct zg_file_out *file)
{
    if (file->fd < 0)
        return;
    close(file->fd);
    unlink(file->temporary);
    file->fd = -1;
}

enum zg_status zg_file_replace(const char *dir, const char *name, const void *bytes, size_t n,
                               struct zg_error *err)
{
    struct zg_file_out file;
    enum zg_status status = zg_file_begin(&file, dir, name, err);
    if (status)
        return status;
    status = zg_file_write(file.fd, file.path, bytes, n, err);
    if (!status)
        return zg_file_commit(&file, err);
    zg_file_drop(&file);
    return status;
}

static enum zg_status open_and_write(const char *path, int flags, const void *bytes, size_t n,
                                     struct zg_error *err)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        return zg_fail(err, ZG_ENV, "%s: cannot write: %s", path, strerror(errno));
    const enum zg_status status = zg_file_write(fd, path, bytes, n, err);
    if (close(fd) && !status)
        return zg_fail(err, ZG_ENV, "%s: cannot write: %s", path, strerror(errno));
    return status;
}

/* The directory of a path into dir[PATH_MAX]. */
static enum zg_status dir_of(const char *path, char *dir, struct zg_error *err)
{
    const char *const slash = strrchr(path, '/');
    if (strlen(path) >= PATH_MAX)
        return zg_fail(err, ZG_ENV, "%.200s...: the path is too long", path);
    const size_t length = slash == path ? 1 : slash ? (size_t)(slash - path) : 0; /* of "/": 1 */
    memcpy(dir, path, length);
    memcpy(dir + length, slash ? "" : ".", slash ? 1 : 2);
    return ZG_OK;
}

/* What is there, and is no regular file. */
static bool is_special(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

enum zg_status zg_file_can_put(const char *path, struct zg_error *err)
{
    char dir[PATH_MAX];
    struct stat info;
    if (strcmp(path, "-") == 0)
        return zg_fail(err, ZG_USAGE, "-: must be a file; /dev/stdout is the standard output");
    const enum zg_status status = dir_of(path, dir, err);
    if (status)
        return status;
    const bool is_dir = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    const bool good = is_special(path) ? access(path, W_OK) == 0 : access(dir, W_OK | X_OK) == 0;
    return good && !is_dir ? ZG_OK
                           : zg_fail(err, ZG_ENV, "%s: cannot write: %s", path,
                                     strerror(is_dir ? EISDIR : errno));
}

enum zg_status zg_file_put(const char *path, const void *bytes, size_t n, struct zg_error *err)
{
    char dir[PATH_MAX];
    const enum zg_status status = dir_of(path, dir, err);
    if (status)
        return status;
    if (is_special(path))
        return open_and_write(path, 0, bytes, n, err);
    const char *const slash = strrchr(path, '/');
    return zg_file_replace(dir, slash ? slash + 1 : path, bytes, n, err);
}

enum zg_status zg_file_append(const char *path, const void *bytes, size_t n, struct zg_error *err)
{
    return open_and_write(path, O_APPEND | O_CREAT, bytes, n, err);
}
