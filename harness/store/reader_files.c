/* reader_files.c - is that a directory, and has it the files of a run? */
#include "harness/store/reader_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 1200 };

enum zg_status zg_result_directory_check(const char *dir, struct zg_error *err)
{
    struct stat info;
    if (strlen(dir) > PATH_SIZE - 32)
        return zg_fail(err, ZG_INPUT, "%.64s...: the path is longer than %d bytes", dir,
                       PATH_SIZE - 32);
    if (!*dir || stat(dir, &info) != 0)
        return zg_fail(err, ZG_INPUT, "%s: cannot read: %s", *dir ? dir : "\"\"",
                       strerror(*dir ? errno : ENOENT));
    if (!S_ISDIR(info.st_mode))
        return zg_fail(err, ZG_INPUT, "%s: is not a directory; want one that `zogap run` wrote",
                       dir);
    return ZG_OK;
}

static bool has_file(const char *dir, const char *name)
{
    char path[2400];
    const int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    return n < (int)sizeof path && access(path, F_OK) == 0;
}

/* A folder of result directories is easily named in the place of one of them: the first of them. */
static bool find_below(const char *dir, char name[256], bool *is_empty)
{
    struct dirent **entries;
    const int n = scandir(dir, &entries, NULL, alphasort);
    bool found = false;
    *is_empty = n == 2; /* . and .. */
    for (int i = 0; i < n; i++) {
        char file[300];
        snprintf(file, sizeof file, "%s/meta.json", entries[i]->d_name);
        if (!found && entries[i]->d_name[0] != '.' && has_file(dir, file)) {
            snprintf(name, 256, "%s", entries[i]->d_name);
            found = true;
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return found;
}

/* "meta.json: No such file, summary.csv" of those that are not there. */
static bool find_missing(const char *dir, char *missing, size_t size)
{
    static const char *const files[] = {"meta.json", "summary.csv", "verify.csv", "samples.csv"};
    missing[0] = '\0';
    for (int i = 0; i < 4; i++) {
        const size_t n = strlen(missing);
        if (!has_file(dir, files[i]))
            snprintf(missing + n, size - n, "%s%s%s", n ? ", " : "", files[i],
                     n ? "" : ": No such file");
    }
    return missing[0] != '\0';
}

enum zg_status zg_result_meta_check(const char *dir, struct zg_error *err)
{
    char missing[128], below[256] = "";
    bool is_empty = false;
    if (has_file(dir, "meta.json"))
        return ZG_OK;
    find_missing(dir, missing, sizeof missing);
    if (find_below(dir, below, &is_empty))
        return zg_fail(err, ZG_INPUT,
                       "%s/%s; it is no result directory, but holds some, like %s/%s", dir, missing,
                       dir, below);
    return zg_fail(err, ZG_INPUT, "%s/%s%s; want a directory that `zogap run` wrote", dir, missing,
                   is_empty ? " (the directory is empty)" : "");
}

enum zg_status zg_result_files_check(const char *dir, const char *command, struct zg_error *err)
{
    char missing[128];
    const bool times = command && (!strcmp(command, "run") || !strcmp(command, "ladder"));
    if (!find_missing(dir, missing, sizeof missing))
        return ZG_OK;
    if (!command)
        return zg_fail(err, ZG_INPUT, "%s/%s; want a directory that `zogap run` wrote", dir,
                       missing);
    return zg_fail(err, ZG_INPUT, "%s/%s; `zogap %s` %s", dir, missing, command,
                   times ? "timed nothing there, or files were taken away"
                         : "wrote it, which times no engines");
}
