/*
 * directory.c - makes what is missing of the path, locks the directory (flock) and tries whether a
 * small run's bytes fit.  What was made goes again where nothing was measured.
 */
#include "harness/store/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/file_out.h"

/* What a small run writes: a disk that does not take this is full. */
enum { TRIAL_BYTES = 65536, MOST_A_SECOND = 9999 };

/* Engines that train side by side at most: ZG_MAX_ENGINES. */
enum { MOST_STEP_FILES = 16 };

static const char *const result_files[] = {
    "meta.json", "samples.csv", "phases.csv", "summary.csv",  "verify.csv", "fidelity.csv",
    "score.csv", "ladder.csv",  "ladder.gp",  "ladder.svg",   "curve.csv",  "curve.gp",
    "curve.svg", "train.csv",   "steps.zo",   "roofline.csv", "gate.json",  NULL};

bool zg_result_dir_has(const struct zg_result_dir *dir, const char *name)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", dir->path, name);
    return access(path, F_OK) == 0;
}

static enum zg_status make_dirs(struct zg_result_dir *dir, struct zg_error *err)
{
    char part[sizeof dir->path];
    const size_t n = strlen(dir->path);
    for (size_t i = 1; i <= n; i++) {
        if (dir->path[i] != '/' && dir->path[i] != '\0')
            continue;
        memcpy(part, dir->path, i);
        part[i] = '\0';
        const bool made = mkdir(part, 0777) == 0;
        if (!made && errno == EEXIST)
            dir->n_kept = (int64_t)i;
        else if (!made)
            return zg_fail(err, ZG_ENV,
                           "--out %s: cannot make %s: %s; must be a writable directory", dir->path,
                           part, strerror(errno));
    }
    struct stat status;
    if (stat(dir->path, &status) != 0 || !S_ISDIR(status.st_mode))
        return zg_fail(err, ZG_ENV, "--out %s: is not a directory", dir->path);
    return ZG_OK;
}

/* From the innermost one outwards; what holds files stays. */
static void remove_made_dirs(const struct zg_result_dir *dir)
{
    char path[sizeof dir->path];
    memcpy(path, dir->path, sizeof path);
    while ((int64_t)strlen(path) > dir->n_kept && (rmdir(path) == 0 || errno == ENOENT)) {
        char *const slash = strrchr(path, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
}

static enum zg_status try_to_write(const struct zg_result_dir *dir, struct zg_error *err)
{
    static const char bytes[TRIAL_BYTES];
    char path[1200];
    snprintf(path, sizeof path, "%s/.zogap-trial-%ld", dir->path, (long)getpid());
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return zg_fail(err, ZG_ENV, "--out %s: %s; must be a writable directory", dir->path,
                       strerror(errno));
    enum zg_status status = zg_file_write(fd, dir->path, bytes, sizeof bytes, err);
    if (!status && fsync(fd) != 0)
        status = zg_fail(err, ZG_ENV, "--out %s: %s", dir->path, strerror(errno));
    close(fd);
    unlink(path);
    return status;
}

/* Two runs in one directory would mix their rows.  The lock goes with the process, however it ends.
 * A file system that cannot lock does not keep anybody from measuring. */
static enum zg_status lock(const struct zg_result_dir *dir, struct zg_error *err)
{
    const int fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return ZG_OK;
    close(fd);
    return zg_fail(err, ZG_USAGE,
                   "--out %s: another zogap is writing there; choose another "
                   "directory, or wait for it",
                   dir->path);
}

/* A file that was being written when its process was killed: file_out.h, and the trial above. */
static bool is_left_over(const char *name)
{
    const char *const end = strrchr(name, '.');
    bool ours = strncmp(name, ".zogap-trial-", 13) == 0;
    for (int i = 0; result_files[i] && *name == '.' && end && strcmp(end, ".tmp") == 0; i++)
        ours |= strncmp(name + 1, result_files[i], strlen(result_files[i])) == 0 ||
                strncmp(name + 1, "steps-", 6) == 0;
    return ours;
}

static void remove_left_overs(const struct zg_result_dir *dir)
{
    char path[1200];
    DIR *const entries = opendir(dir->path);
    const struct dirent *entry;
    while (entries && (entry = readdir(entries)))
        if (is_left_over(entry->d_name) &&
            snprintf(path, sizeof path, "%s/%s", dir->path, entry->d_name) < (int)sizeof path)
            unlink(path);
    if (entries)
        closedir(entries);
}

static enum zg_status check_new(const struct zg_result_dir *dir, struct zg_error *err)
{
    for (int i = 0; result_files[i]; i++)
        if (zg_result_dir_has(dir, result_files[i]))
            return zg_fail(err, ZG_USAGE,
                           "--out %s: already holds results (%s); choose another directory",
                           dir->path, result_files[i]);
    return ZG_OK;
}

static enum zg_status make_given(struct zg_result_dir *dir, const char *given, bool resume,
                                 struct zg_error *err)
{
    if (strcmp(given, "-") == 0)
        return zg_fail(err, ZG_USAGE,
                       "--out -: must be a directory; without it the standard output has the "
                       "results, in the form that --format names; ./- is a directory of that name");
    if (strlen(given) >= sizeof dir->path)
        return zg_fail(err, ZG_USAGE, "--out: the path must be shorter than %d bytes",
                       (int)sizeof dir->path);
    strcpy(dir->path, given);
    for (size_t n = strlen(dir->path); n > 1 && dir->path[n - 1] == '/'; n--)
        dir->path[n - 1] = '\0';
    const enum zg_status status = resume ? ZG_OK : check_new(dir, err);
    return status ? status : make_dirs(dir, err);
}

/* Of several runs in one second each takes the first name that it makes itself: what a process
 * finds free another may have by the next moment. */
static enum zg_status make_named(struct zg_result_dir *dir, struct zg_error *err)
{
    const time_t now = time(NULL);
    struct tm local;
    char stamp[32];
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    snprintf(dir->path, sizeof dir->path, "zogap-results");
    const enum zg_status status = make_dirs(dir, err);
    for (int i = 1; !status && i <= MOST_A_SECOND; i++) {
        char number[16] = "";
        if (i > 1)
            snprintf(number, sizeof number, "-%d", i);
        snprintf(dir->path, sizeof dir->path, "zogap-results/%s%s", stamp, number);
        if (mkdir(dir->path, 0777) == 0)
            return ZG_OK;
        if (errno != EEXIST)
            return zg_fail(err, ZG_ENV, "%s: cannot make it: %s; --out DIR names another directory",
                           dir->path, strerror(errno));
    }
    return status ? status
                  : zg_fail(err, ZG_ENV,
                            "zogap-results/%s: this second's names are all taken; --out DIR names "
                            "a directory",
                            stamp);
}

enum zg_status zg_result_dir_open(struct zg_result_dir *out, const char *given, bool resume,
                                  struct zg_error *err)
{
    *out = (struct zg_result_dir){0};
    enum zg_status status = given ? make_given(out, given, resume, err) : make_named(out, err);
    if (!status) {
        status = lock(out, err);
        if (status)
            return status; /* what there is is the other's, whoever made it */
    }
    if (!status && !resume) /* again: whoever had it may have written */
        status = check_new(out, err);
    if (!status && resume)
        remove_left_overs(out);
    if (!status)
        status = try_to_write(out, err);
    if (status) {
        remove_made_dirs(out);
        return status;
    }
    out->is_new = !resume;
    return ZG_OK;
}

/* steps-2.zo and so on: an engine's steps. */
static void remove_steps(const struct zg_result_dir *dir)
{
    char path[1200];
    for (int i = 2; i <= MOST_STEP_FILES; i++) {
        snprintf(path, sizeof path, "%s/steps-%d.zo", dir->path, i);
        unlink(path);
    }
}

void zg_result_dir_discard(const struct zg_result_dir *dir)
{
    char path[1200];
    if (!dir->is_new)
        return;
    remove_steps(dir);
    for (int i = 0; result_files[i]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir->path, result_files[i]);
        unlink(path);
    }
    remove_made_dirs(dir);
}
