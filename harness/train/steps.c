/* steps.c - the file: read whole, appended record by record. */
#include "harness/train/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/base/plural.h"
#include "harness/base/clock.h"
#include "harness/base/file_out.h"

/* What a power cut may cost: the steps of so many seconds.  (A kill costs none: what was written is
 * the kernel's.) */
static const double sync_every_s = 5;

/* A training of 2^22 steps of 128 probes has less. */
static const int64_t max_bytes = INT64_C(1) << 32;

struct zg_steps {
    char path[PATH_MAX];
    int fd; /* to append; -1: read only */
    bool failed;
    int64_t synced_ns;
    unsigned char *bytes; /* as read */
    struct zg_steps_image image;
    int64_t *step_at; /* [image.n_steps] byte of each step */
};

/* ---- reading --------------------------------------------------------------------------------- */

static enum zg_status read_bytes(struct zg_steps *steps, int fd, int64_t *n, struct zg_error *err)
{
    struct stat info;
    if (fstat(fd, &info))
        return zg_fail(err, ZG_ENV, "%s: cannot read: %s", steps->path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return zg_fail(err, ZG_INPUT, "%s: must be a file that `zogap train` wrote", steps->path);
    if (info.st_size > max_bytes)
        return zg_fail(err, ZG_INPUT, "%s: has %lld bytes; no training has more than %" PRId64,
                       steps->path, (long long)info.st_size, max_bytes);
    const int64_t size = (int64_t)info.st_size;
    steps->bytes = malloc((size_t)size + 1);
    if (!steps->bytes)
        return zg_fail(err, ZG_ENV, "%s: no memory for its %" PRId64 " bytes", steps->path, size);
    *n = 0;
    while (*n < size) {
        const ssize_t got = read(fd, steps->bytes + *n, (size_t)(size - *n));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return zg_fail(err, ZG_ENV, "%s: cannot read: %s", steps->path, strerror(errno));
        if (got == 0)
            break;
        *n += got;
    }
    return ZG_OK;
}

static int64_t record_at(const struct zg_steps *steps, int64_t index)
{
    return steps->image.n_head_bytes + index * steps->image.n_record_bytes;
}

static enum zg_status index_steps(struct zg_steps *steps, struct zg_error *err)
{
    int64_t n = 0;
    struct zg_steps_record record;
    steps->step_at = calloc((size_t)steps->image.n_steps + 1, sizeof *steps->step_at);
    if (!steps->step_at)
        return zg_fail(err, ZG_ENV, "%s: no memory for its steps", steps->path);
    for (int64_t i = 0; i < steps->image.n_records; i++) {
        zg_steps_record_read(steps->bytes + record_at(steps, i), 0, &record);
        if (!record.is_weights)
            steps->step_at[n++] = record_at(steps, i);
    }
    return ZG_OK;
}

static enum zg_status make(struct zg_steps **out, const char *dir, const char *name,
                           struct zg_error *err)
{
    struct zg_steps *const steps = calloc(1, sizeof *steps);
    *out = NULL;
    if (!steps)
        return zg_fail(err, ZG_ENV, "no memory for %s", name);
    steps->fd = -1;
    if (snprintf(steps->path, sizeof steps->path, "%s/%s", dir, name) >= PATH_MAX) {
        free(steps);
        return zg_fail(err, ZG_ENV, "%.200s...: the path is too long", dir);
    }
    *out = steps;
    return ZG_OK;
}

static void tell_torn(const struct zg_steps *steps, bool cut, char *note, size_t size)
{
    const struct zg_steps_image *const image = &steps->image;
    note[0] = '\0';
    if (image->n_torn > 0)
        snprintf(note, size,
                 "%s: %" PRId64 " byte%s at its end, no whole record, %s %s; it has %" PRId64
                 " step%s",
                 steps->path, image->n_torn, zg_plural(image->n_torn),
                 image->n_torn == 1 ? "was" : "were", cut ? "cut off" : "left out", image->n_steps,
                 zg_plural(image->n_steps));
}

static enum zg_status open_file(struct zg_steps *steps, bool go_on, struct zg_error *err)
{
    int64_t n = 0;
    const int flags = (go_on ? O_RDWR | O_APPEND : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
    const int fd = open(steps->path, flags);
    if (fd < 0)
        return zg_fail(err, errno == ENOENT || errno == EISDIR ? ZG_INPUT : ZG_ENV,
                       "%s: cannot %s: %s", steps->path, go_on ? "go on with it" : "read",
                       strerror(errno));
    enum zg_status status = read_bytes(steps, fd, &n, err);
    if (!status)
        status = zg_steps_image_read(&steps->image, steps->bytes, n, steps->path, err);
    if (!status)
        status = index_steps(steps, err);
    if (!status && go_on && steps->image.n_torn > 0 &&
        ftruncate(fd, record_at(steps, steps->image.n_records)))
        status = zg_fail(err, ZG_ENV, "%s: cannot cut off its torn end: %s", steps->path,
                         strerror(errno));
    if (!status && go_on)
        steps->fd = fd;
    else
        close(fd);
    return status;
}

enum zg_status zg_steps_open(struct zg_steps **out, const char *dir, const char *name, bool go_on,
                             char *note, size_t size, struct zg_error *err)
{
    note[0] = '\0';
    enum zg_status status = make(out, dir, name, err);
    if (!status)
        status = open_file(*out, go_on, err);
    if (status) {
        zg_steps_close(out);
        return status;
    }
    tell_torn(*out, go_on, note, size);
    (*out)->synced_ns = zg_clock_wall_ns();
    return ZG_OK;
}

void zg_steps_close(struct zg_steps **steps)
{
    if (!steps || !*steps)
        return;
    if ((*steps)->fd >= 0)
        close((*steps)->fd);
    zg_steps_image_free(&(*steps)->image);
    free((*steps)->step_at);
    free((*steps)->bytes);
    free(*steps);
    *steps = NULL;
}

/* ---- what it holds --------------------------------------------------------------------------- */

const struct zg_steps_head *zg_steps_head(const struct zg_steps *steps)
{
    return &steps->image.head;
}

enum zg_status zg_steps_check(const struct zg_steps *steps, const struct zg_steps_head *now,
                              struct zg_error *err)
{
    return zg_steps_head_check(&steps->image.head, now, steps->path, err);
}

int64_t zg_steps_n(const struct zg_steps *steps)
{
    return steps->image.n_steps;
}

void zg_steps_at(const struct zg_steps *steps, int64_t t, struct zg_steps_record *out)
{
    zg_steps_record_read(steps->bytes + steps->step_at[t], steps->image.head.n_losses, out);
}

bool zg_steps_weights(const struct zg_steps *steps, int64_t n_steps, uint64_t *hash)
{
    struct zg_steps_record record;
    if (n_steps < 0 || n_steps > steps->image.n_steps)
        return false;
    const int64_t begin = n_steps == 0 ? record_at(steps, 0)
                                       : steps->step_at[n_steps - 1] + steps->image.n_record_bytes;
    if (begin >= record_at(steps, steps->image.n_records))
        return false;
    zg_steps_record_read(steps->bytes + begin, 0, &record); /* it stands behind its step */
    *hash = record.weights;
    return record.is_weights;
}

enum zg_status zg_steps_check_weights(const struct zg_steps *steps, int64_t n_steps, uint64_t hash,
                                      struct zg_error *err)
{
    uint64_t then;
    if (!zg_steps_weights(steps, n_steps, &then) || then == hash)
        return ZG_OK;
    return zg_fail(err, ZG_CHECK,
                   "%s: after step %" PRId64 " the weights have XXH3 %016" PRIx64
                   ", in the training they had %016" PRIx64
                   "; another build, library or machine computed it",
                   steps->path, n_steps, hash, then);
}

enum zg_status zg_steps_replay(const struct zg_steps *steps,
                               const struct zg_algorithm_choice *choice,
                               const struct zg_engine *engine, struct zg_engine_state *state,
                               int64_t t, double *memory, struct zg_step *out, struct zg_error *err)
{
    struct zg_steps_record record; /* losses past n_losses are 0: no probe reads past the end */
    zg_steps_at(steps, t, &record);
    choice->algorithm->announce(choice, (uint64_t)t, memory, &out->question);
    if (out->question.n_probes != steps->image.head.n_losses)
        return zg_fail(err, ZG_INPUT,
                       "%s: has %" PRId64 " losses a step; step %" PRId64 " of %s has %" PRId64
                       " probes",
                       steps->path, steps->image.head.n_losses, t, choice->algorithm->name,
                       out->question.n_probes);
    return zg_step_replay(choice, engine, state, (uint64_t)t, record.loss, record.n_passes, memory,
                          out, err);
}

/* ---- writing --------------------------------------------------------------------------------- */

enum zg_status zg_steps_create(struct zg_steps **out, const char *dir, const char *name,
                               const struct zg_steps_head *head, struct zg_error *err)
{
    char note[8];
    unsigned char *bytes = NULL;
    int64_t n = 0;
    uint64_t chain;
    *out = NULL;
    enum zg_status status = zg_steps_head_write(head, &bytes, &n, &chain, err);
    if (!status)
        status = zg_file_replace(dir, name, bytes, (size_t)n, err);
    free(bytes);
    /* what a reader would refuse shows before the first step */
    return status ? status : zg_steps_open(out, dir, name, true, note, sizeof note, err);
}

enum zg_status zg_steps_sync(struct zg_steps *steps, struct zg_error *err)
{
    steps->synced_ns = zg_clock_wall_ns();
    return zg_file_sync(steps->fd, steps->path, err);
}

enum zg_status zg_steps_add(struct zg_steps *steps, const struct zg_steps_record *record,
                            struct zg_error *err)
{
    unsigned char bytes[24 + 8 * ZG_MAX_PROBES];
    const int64_t n_losses = steps->image.head.n_losses;
    if (steps->fd < 0 || steps->failed)
        return zg_fail(err, ZG_ENV, "%s: cannot write: %s", steps->path,
                       steps->failed ? "an earlier record failed" : "it is open for reading");
    zg_steps_record_write(record, n_losses, &steps->image.chain, bytes);
    enum zg_status status =
        zg_file_write(steps->fd, steps->path, bytes, (size_t)zg_steps_record_bytes(n_losses), err);
    if (!status && zg_ns_to_s(zg_clock_wall_ns() - steps->synced_ns) >= sync_every_s)
        status = zg_steps_sync(steps, err);
    steps->failed |= status != ZG_OK;
    return status;
}
