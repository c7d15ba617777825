/* split.c - how many rows each part has, then the permutations that it is cut from. */
#include "workloads/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/plural.h"
#include "engines/base/size.h"
#include "workloads/mt19937.h"

/* Rows and sizes: products of two stay inside int64_t. */
#define MAX_ROWS INT64_C(0x7fffffff)

struct parts { /* rows of each */
    int64_t train, dev, eval;
};

static enum zg_status check(const struct zg_protocol_request *request, struct zg_error *err)
{
    const struct {
        const char *name;
        int64_t value, least;
    } parts[] = {
        {"train", request->train, 1}, {"dev", request->dev, 0}, {"eval", request->eval, 0}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].value < parts[i].least || parts[i].value > MAX_ROWS)
            return zg_fail(err, ZG_USAGE, "%lld %s rows, give %lld .. %lld",
                           (long long)parts[i].value, parts[i].name, (long long)parts[i].least,
                           (long long)MAX_ROWS);
    if (request->seed > UINT32_MAX)
        return zg_fail(err, ZG_USAGE, "seed %llu of the rows, give 0 .. %llu",
                       (unsigned long long)request->seed, (unsigned long long)UINT32_MAX);
    if (request->n_train_rows < 1 || request->n_train_rows > MAX_ROWS || request->n_dev_rows < 0 ||
        request->n_dev_rows > MAX_ROWS)
        return zg_fail(err, ZG_INPUT, "files of %lld and %lld rows cannot be split, 1 .. %lld can",
                       (long long)request->n_train_rows, (long long)request->n_dev_rows,
                       (long long)MAX_ROWS);
    return ZG_OK;
}

/* What a part of `size` of all `asked` gets of n rows. */
static int64_t share(int64_t n, int64_t size, int64_t asked)
{
    return size == 0 ? 0 : zg_max64(1, n * size / asked);
}

/* How many rows train and dev have of n, and eval where it is of the same file. */
static struct parts divide(int64_t n, struct parts asked, bool one_file)
{
    const int64_t all = asked.train + asked.dev + (one_file ? asked.eval : 0);
    struct parts part = asked;
    if (n >= all)
        return part;
    if (one_file) {
        part.dev = share(n, asked.dev, all);
        part.eval = share(n, asked.eval, all);
        part.train = zg_min64(asked.train, n - part.dev - part.eval);
        /* One row at least trains: the larger of the others gives it. */
        int64_t *const larger = part.dev > part.eval ? &part.dev : &part.eval;
        if (part.train < 1 && *larger > 1) {
            *larger += part.train - 1;
            part.train = 1;
        }
    } else {
        if (n <= asked.dev)
            part.dev = share(n, asked.dev, all);
        part.train = n - part.dev;
    }
    return part;
}

/* "train 306 of 1000 rows, dev 152 of 500: the file has 458" */
static void note(struct zg_protocol *out, const struct zg_protocol_request *asked)
{
    const bool one_file = out->eval_in_train_file;
    const bool train = out->n_train < asked->train || out->n_dev < asked->dev;
    const bool eval = out->n_eval < asked->eval;
    size_t used = 0;
    if (train)
        used =
            (size_t)snprintf(out->note, sizeof out->note,
                             "train %lld of %lld rows, dev %lld of %lld", (long long)out->n_train,
                             (long long)asked->train, (long long)out->n_dev, (long long)asked->dev);
    if (train && !one_file)
        used += (size_t)snprintf(out->note + used, sizeof out->note - used,
                                 ": the training file has %lld", (long long)asked->n_train_rows);
    if (eval)
        used += (size_t)snprintf(out->note + used, sizeof out->note - used, "%seval %lld of %lld%s",
                                 !train     ? ""
                                 : one_file ? ", "
                                            : "; ",
                                 (long long)out->n_eval, (long long)asked->eval,
                                 train && one_file ? "" : " rows");
    if (eval && !one_file)
        snprintf(out->note + used, sizeof out->note - used, ": its file has %lld",
                 (long long)asked->n_dev_rows);
    else if (one_file && (train || eval))
        snprintf(out->note + used, sizeof out->note - used, ": the one file has %lld",
                 (long long)asked->n_train_rows);
}

static int64_t *part_of(const int64_t *order, int64_t n)
{
    int64_t *part = malloc((size_t)zg_max64(n, 1) * sizeof *part);
    if (part && n > 0)
        memcpy(part, order, (size_t)n * sizeof *part);
    return part;
}

/* Parts of the sizes that are in *out. */
static enum zg_status draw(struct zg_protocol *out, const struct zg_protocol_request *request,
                           struct zg_error *err)
{
    const int64_t n = request->n_train_rows, m = request->n_dev_rows;
    const uint32_t seed = (uint32_t)request->seed;
    int64_t *order = malloc((size_t)zg_max64(n, m) * sizeof *order);
    if (order) {
        zg_mt19937_permutation(seed, order, n);
        out->train = part_of(order, out->n_train);
        out->dev = part_of(order + out->n_train, out->n_dev);
        if (!out->eval_in_train_file)
            zg_mt19937_permutation(seed, order, m);
        out->eval =
            part_of(order + (out->eval_in_train_file ? out->n_train + out->n_dev : 0), out->n_eval);
    }
    free(order);
    if (!out->train || !out->dev || !out->eval)
        return zg_fail(err, ZG_ENV, "no memory to split %lld rows", (long long)zg_max64(n, m));
    return ZG_OK;
}

enum zg_status zg_split_protocol(struct zg_protocol *out, const struct zg_protocol_request *request,
                                 struct zg_error *err)
{
    *out = (struct zg_protocol){0};
    enum zg_status status = check(request, err);
    if (status)
        return status;
    const bool one_file = request->n_dev_rows == 0;
    struct parts part =
        divide(request->n_train_rows, (struct parts){request->train, request->dev, request->eval},
               one_file);
    if (!one_file)
        part.eval = zg_min64(part.eval, request->n_dev_rows);
    if (part.train < 1)
        return zg_fail(err, ZG_INPUT, "%lld row%s cannot be parted into train, dev%s: give more",
                       (long long)request->n_train_rows, zg_plural(request->n_train_rows),
                       one_file && request->eval > 0 ? " and eval" : "");
    *out = (struct zg_protocol){.n_train = part.train,
                                .n_dev = part.dev,
                                .n_eval = part.eval,
                                .eval_in_train_file = one_file};
    status = draw(out, request, err);
    if (status)
        zg_protocol_free(out);
    else
        note(out, request);
    return status;
}

void zg_protocol_free(struct zg_protocol *rows)
{
    free(rows->train);
    free(rows->dev);
    free(rows->eval);
    *rows = (struct zg_protocol){0};
}
