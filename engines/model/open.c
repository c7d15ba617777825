/* open.c - from a name to a model: a shape of that name, a model that comes with zogap, else the
 * directory that it is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engines/base/nearest.h"
#include "engines/model/source.h"

/* A directory, or a name of the Hugging Face hub, facebook/opt-125m. */
static enum zg_status unknown_path(const char *name, struct zg_error *err)
{
    const char *const last = strrchr(name, '/') + 1;
    const char *shape_name;
    for (int64_t i = 0; (shape_name = zg_model_shape_name(i, NULL)); i++)
        if (strcmp(last, shape_name) == 0)
            return zg_fail(err, ZG_INPUT,
                           "model %s: no such directory; nothing is downloaded, and %s alone is "
                           "that shape with synthetic weights",
                           name, last);
    return zg_fail(err, ZG_INPUT, "model %s: no such directory", name);
}

static enum zg_status unknown_name(const char *name, struct zg_error *err)
{
    if (strcmp(name, "opt-350m") == 0)
        return zg_fail(err, ZG_USAGE,
                       "model opt-350m is post-norm with projected embeddings; the pre-norm sizes "
                       "are opt-125m and "
                       "opt-1.3b to opt-30b");
    if (strchr(name, '/')) /* a path, and so input that is missing */
        return unknown_path(name, err);
    char *known = NULL;
    size_t n = 0;
    FILE *const list = open_memstream(&known, &n);
    const char *shape_name;
    if (!list)
        return zg_fail(err, ZG_ENV, "model %s: no memory", name);
    for (int64_t i = 0; (shape_name = zg_model_shape_name(i, NULL)); i++)
        fprintf(list, "%s%s", i ? ", " : "", shape_name);
    for (int64_t i = 0; (shape_name = zg_model_shipped_name(i)); i++)
        fprintf(list, ", %s", shape_name);
    fclose(list);
    const enum zg_status status = zg_fail(
        err, ZG_USAGE, "model %s: no such directory and no shape of that name; shapes are %s%s",
        name, known ? known : "not known for want of memory",
        known ? zg_nearest_word(name, known).hint : "");
    free(known);
    return status;
}

static enum zg_status open_shipped(struct zg_model **out, const char *name, struct zg_error *err)
{
    char *directory;
    enum zg_status status = zg_model_find_shipped(&directory, name, err);
    if (status)
        return status;
    status = zg_model_open_directory(out, directory, err);
    free(directory);
    if (status)
        return status;
    char *const copy = strdup(name);
    if (!copy) {
        zg_model_close(out);
        return zg_fail(err, ZG_ENV, "model %s: no memory", name);
    }
    free((*out)->name);
    (*out)->name = copy;
    return ZG_OK;
}

enum zg_status zg_model_open(struct zg_model **out, const char *name, uint64_t seed,
                             struct zg_error *err)
{
    const struct zg_model_shape *shape;
    const char *shape_name;
    *out = NULL;
    for (int64_t i = 0; (shape_name = zg_model_shape_name(i, &shape)); i++)
        if (strcmp(name, shape_name) == 0)
            return zg_model_open_shape(out, name, shape, seed, err);
    for (int64_t i = 0; (shape_name = zg_model_shipped_name(i)); i++)
        if (strcmp(name, shape_name) == 0)
            return open_shipped(out, name, err);
    struct stat info;
    if (stat(name, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return unknown_name(name, err);
    if (stat(name, &info) != 0)
        return zg_fail(err, ZG_INPUT, "model %s: %s", name, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return zg_fail(err, ZG_INPUT, "model %s is a file; give the directory with its config.json",
                       name);
    return zg_model_open_directory(out, name, err);
}
