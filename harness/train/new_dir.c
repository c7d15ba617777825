/* new_dir.c - mkdir under a temporary name, then rename(), which takes the place of an empty
 * directory and of nothing else. */
#include "harness/train/new_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "harness/base/file_out.h"

static bool is_empty(const char *path)
{
    DIR *const entries = opendir(path);
    const struct dirent *entry;
    int n = 0;
    while (entries && (entry = readdir(entries)))
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (entries)
        closedir(entries);
    return entries && n == 0;
}

static enum zg_status check_free(const char *what, const char *path, struct zg_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return errno == ENOENT ? ZG_OK
                               : zg_fail(err, ZG_ENV, "%s %s: %s", what, path, strerror(errno));
    if (S_ISDIR(info.st_mode) && is_empty(path))
        return ZG_OK;
    return zg_fail(err, ZG_USAGE,
                   "%s %s: is already there; must be a new name or an empty directory", what, path);
}

static enum zg_status check_disk(const struct zg_new_dir *dir, const char *what, int64_t n_bytes,
                                 struct zg_error *err)
{
    struct statvfs disk;
    if (statvfs(dir->parent, &disk) != 0) /* making the directory says why */
        return ZG_OK;
    const double have = (double)disk.f_bavail * (double)disk.f_frsize;
    if (have >= (double)n_bytes)
        return ZG_OK;
    return zg_fail(err, ZG_ENV, "%s %s: needs %.0f MiB, and %.0f MiB are free on that disk", what,
                   dir->path, (double)n_bytes / 1048576.0, have / 1048576.0);
}

/* Path without slashes at its end, the directory that it is in, and a name of our own there. */
static enum zg_status make_names(struct zg_new_dir *out, const char *what, const char *path,
                                 struct zg_error *err)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n == 0 || n > PATH_MAX - 64)
        return zg_fail(err, ZG_USAGE, "%s %.200s: must be the name of a directory", what,
                       n ? path : "\"\"");
    memcpy(out->path, path, n);
    out->path[n] = '\0';
    const char *const slash = strrchr(out->path, '/');
    const char *const base = slash ? slash + 1 : out->path;
    if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return zg_fail(err, ZG_USAGE, "%s %s: must be the name of a new directory", what, path);
    const size_t n_parent = slash == out->path ? 1 : slash ? (size_t)(slash - out->path) : 0;
    memcpy(out->parent, n_parent ? out->path : ".", n_parent ? n_parent : 1);
    out->parent[n_parent ? n_parent : 1] = '\0';
    const int length = snprintf(out->filling, sizeof out->filling, "%s/.%s.%ld.tmp", out->parent,
                                base, (long)getpid());
    if (length < (int)sizeof out->filling)
        return ZG_OK;
    out->filling[0] = '\0';
    return zg_fail(err, ZG_ENV, "%s %.200s...: the path is too long", what, path);
}

enum zg_status zg_new_dir_check(const char *what, const char *path, struct zg_error *err)
{
    struct zg_new_dir names = {0};
    const enum zg_status status = make_names(&names, what, path, err);
    return status ? status : check_free(what, names.path, err);
}

enum zg_status zg_new_dir_open(struct zg_new_dir *out, const char *what, const char *path,
                               int64_t n_bytes, struct zg_error *err)
{
    *out = (struct zg_new_dir){0};
    enum zg_status status = make_names(out, what, path, err);
    if (!status)
        status = check_free(what, out->path, err);
    if (!status)
        status = check_disk(out, what, n_bytes, err);
    if (!status && mkdir(out->filling, 0777) != 0)
        status = zg_fail(err, ZG_ENV, "%s %s: cannot make a directory in %s: %s", what, out->path,
                         out->parent, strerror(errno));
    if (status)
        out->filling[0] = '\0'; /* nothing to remove */
    return status;
}

void zg_new_dir_drop(struct zg_new_dir *dir)
{
    char path[PATH_MAX + 256];
    if (!dir->filling[0])
        return;
    DIR *const entries = opendir(dir->filling);
    const struct dirent *entry;
    while (entries && (entry = readdir(entries))) {
        snprintf(path, sizeof path, "%s/%s", dir->filling, entry->d_name);
        unlink(path); /* refuses . and .. */
    }
    if (entries)
        closedir(entries);
    rmdir(dir->filling);
    dir->filling[0] = '\0';
}

enum zg_status zg_new_dir_commit(struct zg_new_dir *dir, struct zg_error *err)
{
    enum zg_status status = zg_dir_sync(dir->filling, err);
    if (!status && rename(dir->filling, dir->path) != 0)
        status = zg_fail(err, ZG_ENV, "%s: cannot be made: %s", dir->path, strerror(errno));
    if (status) {
        zg_new_dir_drop(dir);
        return status;
    }
    dir->filling[0] = '\0';
    return zg_dir_sync(dir->parent, err);
}
