/*
 * shipped.c - models that come with zogap: the directory share/zogap/NAME, found from where the
 * program or libzogap lies.
 *
 * A build has it beside the binary (build/share), an installation beside bin and lib.  No path is
 * compiled in, so that either may be moved.
 */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/model/shards.h"
#include "engines/model/source.h"

static const char *const names[] = {"opt-tiny"};

const char *zg_model_shipped_name(int64_t index)
{
    return index >= 0 && index < (int64_t)(sizeof names / sizeof names[0]) ? names[index] : NULL;
}

/* Stops at the object that this code is part of, and takes its file: "" for the program. */
static int take_our_file(struct dl_phdr_info *info, size_t size, void *file)
{
    (void)size;
    const uintptr_t here = (uintptr_t)&names;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const uintptr_t begin = (uintptr_t)info->dlpi_addr + (uintptr_t)info->dlpi_phdr[i].p_vaddr;
        if (info->dlpi_phdr[i].p_type == PT_LOAD &&
            here - begin < (uintptr_t)info->dlpi_phdr[i].p_memsz) {
            snprintf(file, PATH_MAX, "%s", info->dlpi_name);
            return 1;
        }
    }
    return 0;
}

/* Is there share/zogap/NAME in the file's folder, or in one above it? */
static bool find_above(char directory[PATH_MAX], const char *file, const char *name)
{
    char at[PATH_MAX];
    char *slash;
    if (!realpath(file, at))
        snprintf(at, sizeof at, "%s", file); /* a program that was replaced: its folder counts */
    while ((slash = strrchr(at, '/'))) {
        *slash = '\0';
        const int n = snprintf(directory, PATH_MAX, "%s/share/zogap/%s", at, name);
        if (n > 0 && n < PATH_MAX && zg_model_has_file(directory, "config.json"))
            return true;
    }
    return false;
}

enum zg_status zg_model_find_shipped(char **out, const char *name, struct zg_error *err)
{
    char directory[PATH_MAX], program[PATH_MAX], ours[PATH_MAX] = "";
    *out = NULL;
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    dl_iterate_phdr(take_our_file, ours);
    if (!(ours[0] && find_above(directory, ours, name)) && !find_above(directory, program, name))
        return zg_fail(err, ZG_ENV,
                       "model %s comes with zogap, but no folder above %s has share/zogap/%s; "
                       "install zogap again, or give the model's directory",
                       name,
                       ours[0]      ? ours
                       : program[0] ? program
                                    : "the program",
                       name);
    *out = strdup(directory);
    return *out ? ZG_OK : zg_fail(err, ZG_ENV, "model %s: no memory", name);
}
