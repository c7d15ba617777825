/* direction_check.c - takes samples of all weights around updates of its own, and holds what moved
 * against what was announced (direction_check.h). */
#include "harness/bench/direction_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/philox.h"
#include "engines/base/size.h"
#include "engines/interface/direction.h"
#include "harness/rows/precision.h"

enum { MAX_ROWS = 128, MAX_COLS = 16 }; /* of a tensor's sample */
enum { FIRST, SECOND, NEXT, AFTER_NEXT, N_MOVES };

/* What an update adds along D: far above rounding, and exact in fp32. */
#define MOVE 0.0625f
/* A probe's size for the losses, in eps: its loss moves far more than it rounds. */
#define FAR 8.0f

#define MOST_ERROR     1e-4
#define MOST_LOW_ERROR 5e-2
#define MOST_OVERLAP   0.5 /* all tensors together */
#define MOST_PAIR      0.95
#define DEVIATIONS     6.0

struct sampled {
    int32_t id;
    int64_t n_rows, n_cols; /* of the tensor */
    int64_t rows, cols;     /* of the sample, evenly spread */
    int64_t begin;          /* its place among all samples */
};

struct check {
    struct zg_contender *contender;
    const struct zg_model_shape *shape;
    struct sampled *tensors;
    int64_t n_tensors, n; /* n: elements of all samples */
    float *row;           /* one row of any tensor */
    float *before, *between, *after;
    double *d[N_MOVES]; /* what the update added, over its size */
    double *defined;
    char *reason;
    size_t size;
    struct zg_verify_row *out;
};

static bool is_found(const struct check *c)
{
    return c->reason[0] != '\0';
}

/* ---- samples --------------------------------------------------------------------------------- */

static int64_t spread(int64_t i, int64_t n, int64_t of)
{
    return i * of / n;
}

static enum zg_status list_tensors(struct check *c, struct zg_error *err)
{
    const int32_t end = zg_tensor_end(zg_shape_n_resident(c->shape));
    c->tensors = calloc((size_t)end, sizeof *c->tensors);
    if (!c->tensors)
        return zg_fail(err, ZG_ENV, "no memory to look at directions");
    for (int32_t id = 0; id < end; id++) {
        struct sampled *const t = &c->tensors[c->n_tensors];
        *t = (struct sampled){.id = id, .begin = c->n};
        if (!zg_model_tensor_size(c->shape, id, &t->n_rows, &t->n_cols) ||
            zg_tensor_owner(c->shape, id) != id)
            continue;
        t->rows = zg_min64(MAX_ROWS, t->n_rows);
        t->cols = zg_min64(MAX_COLS, t->n_cols);
        c->n += t->rows * t->cols;
        c->n_tensors++;
    }
    return ZG_OK;
}

static enum zg_status check_open(struct check *c, struct zg_error *err)
{
    enum zg_status status = list_tensors(c, err);
    if (status)
        return status;
    const size_t n = (size_t)c->n;
    float **const floats[] = {&c->before, &c->between, &c->after};
    bool fits = (c->row = calloc((size_t)zg_model_max_cols(c->shape), sizeof *c->row)) != NULL &&
                (c->defined = calloc(n, sizeof *c->defined)) != NULL;
    for (int i = 0; i < 3; i++)
        fits = fits && (*floats[i] = calloc(n, sizeof **floats[i])) != NULL;
    for (int i = 0; i < N_MOVES; i++)
        fits = fits && (c->d[i] = calloc(n, sizeof *c->d[i])) != NULL;
    return fits ? ZG_OK : zg_fail(err, ZG_ENV, "no memory to look at directions");
}

static void check_close(struct check *c)
{
    free(c->tensors);
    free(c->row);
    free(c->before);
    free(c->between);
    free(c->after);
    free(c->defined);
    for (int i = 0; i < N_MOVES; i++)
        free(c->d[i]);
}

static enum zg_status read_all(struct check *c, float *to, struct zg_error *err)
{
    const struct zg_engine *const engine = c->contender->item->engine;
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < c->n_tensors; i++) {
        const struct sampled *const t = &c->tensors[i];
        for (int64_t row = 0; row < t->rows && !status; row++) {
            status = engine->read(c->contender->state, t->id, spread(row, t->rows, t->n_rows), 1,
                                  c->row, t->n_cols, err);
            for (int64_t col = 0; col < t->cols && !status; col++)
                to[t->begin + row * t->cols + col] = c->row[spread(col, t->cols, t->n_cols)];
        }
    }
    return status;
}

/* ---- D as zo.h defines it -------------------------------------------------------------------- */

static enum zg_status define_lowrank(const struct sampled *t, const struct zg_direction *d,
                                     double *to, struct zg_error *err)
{
    const int64_t rank = d->rank;
    float *const factors = calloc((size_t)(rank * (MAX_COLS + 1)), sizeof *factors);
    if (!factors)
        return zg_fail(err, ZG_ENV, "no memory to look at directions");
    float *const u = factors + MAX_COLS * rank;
    for (int64_t col = 0; col < t->cols; col++)
        zg_direction_v(d, t->id, spread(col, t->cols, t->n_cols), 1, factors + col * rank);
    for (int64_t row = 0; row < t->rows; row++) {
        zg_direction_u(d, t->id, spread(row, t->rows, t->n_rows), 1, u);
        for (int64_t col = 0; col < t->cols; col++) {
            double sum = 0;
            for (int64_t e = 0; e < rank; e++)
                sum += (double)u[e] * (double)factors[col * rank + e];
            to[row * t->cols + col] = (double)d->scale * sum;
        }
    }
    free(factors);
    return ZG_OK;
}

static void define_elements(const struct sampled *t, const struct zg_direction *direction,
                            double *to)
{
    struct zg_direction d = *direction;
    if (zg_direction_rank(&d) > 0)
        d.kind = ZG_DIRECTION_DENSE; /* of a 1-D tensor */
    for (int64_t row = 0; row < t->rows; row++)
        for (int64_t col = 0; col < t->cols; col++) {
            float z;
            zg_direction_row_dense(&d, t->id, spread(row, t->rows, t->n_rows),
                                   spread(col, t->cols, t->n_cols), 1, t->n_cols, &z);
            to[row * t->cols + col] = (double)z;
        }
}

static enum zg_status define_all(struct check *c, const struct zg_direction *direction,
                                 struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    memset(c->defined, 0, (size_t)c->n * sizeof *c->defined);
    for (int64_t i = 0; i < c->n_tensors && !status; i++) {
        const struct sampled *const t = &c->tensors[i];
        if (!zg_direction_includes(direction, c->shape, t->id))
            continue;
        if (t->n_cols > 1 && zg_direction_rank(direction) > 0)
            status = define_lowrank(t, direction, c->defined + t->begin, err);
        else
            define_elements(t, direction, c->defined + t->begin);
    }
    return status;
}

/* ---- an update, and back --------------------------------------------------------------------- */

/* A loop adds a low-rank direction column by column: each rounds the weight, there and back, and
 * errors of 2 rank roundings add up as their root does. */
static void judge_inverse(struct check *c, int64_t rank)
{
    const struct zg_engine_options *const o = &c->contender->options;
    const double u = zg_dtype_rounding(zg_dtype_coarser(o->dtype, o->dtype_d));
    for (int64_t i = 0; i < c->n_tensors && !is_found(c); i++) {
        const struct sampled *const t = &c->tensors[i];
        const bool exact = t->n_cols > 1 && o->mechanisms & ZG_MECHANISM_BIT(ZG_M_LAZY);
        double difference = 0, largest = 0;
        for (int64_t e = t->begin; e < t->begin + t->rows * t->cols; e++) {
            const double gap = fabs((double)c->after[e] - (double)c->before[e]);
            difference = gap <= difference ? difference : gap; /* a NaN stays */
            largest = fmax(largest, fmax(fabs((double)c->before[e]), fabs((double)c->between[e])));
        }
        const double allowed = exact ? 0 : (4 + 2 * sqrt((double)rank)) * u * largest;
        char name[96];
        if (!(difference <= c->out->inverse_difference))
            c->out->inverse_difference = difference;
        zg_model_tensor_name(c->shape, t->id, name, sizeof name);
        if (!(difference <= allowed))
            snprintf(c->reason, c->size,
                     "a step and its inverse leave %s changed by %.3g, more than %.3g", name,
                     difference, allowed);
    }
}

static double product(const double *x, const double *y, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* 0 where one of them is. */
static double correlation(const double *x, const double *y, int64_t n)
{
    const double size = sqrt(product(x, x, n) * product(y, y, n));
    return size > 0 || isnan(size) ? product(x, y, n) / size : 0;
}

/* Of every tensor: is what moved D? */
static void judge_direction(struct check *c, const double *d)
{
    const struct zg_engine_options *const o = &c->contender->options;
    const bool low = o->dtype != ZG_FP32 || o->dtype_d != ZG_FP32;
    const double most = low ? MOST_LOW_ERROR : MOST_ERROR;
    for (int64_t i = 0; i < c->n_tensors && !is_found(c); i++) {
        const struct sampled *const t = &c->tensors[i];
        const int64_t n = t->rows * t->cols;
        const double *const x = d + t->begin, *const y = c->defined + t->begin;
        const double squares = product(y, y, n), moved = product(x, x, n);
        char name[96];
        zg_model_tensor_name(c->shape, t->id, name, sizeof name);
        if (!(squares > 0)) {
            if (!(moved <= 0))
                snprintf(c->reason, c->size, "an update moves %s, which its scope does not have",
                         name);
            continue;
        }
        const double r = correlation(x, y, n);
        const double error = sqrt(fmax(0, moved - 2 * product(x, y, n) + squares) / squares);
        if (!(r >= c->out->direction_correlation))
            c->out->direction_correlation = r;
        if (!(error <= most))
            snprintf(c->reason, c->size,
                     "an update moves %s by another direction than announced: correlation %.3g, "
                     "relative difference %.3g, more than %.3g",
                     name, r, error, most);
    }
}

/* W += MOVE D along directions[j], and back; D becomes c->d[move]. */
static enum zg_status move_along(struct check *c, const struct zg_direction *directions, int64_t n,
                                 int32_t j, int move, struct zg_error *err)
{
    const struct zg_engine *const engine = c->contender->item->engine;
    struct zg_engine_state *const state = c->contender->state;
    const struct zg_update there = {j, -MOVE}, back = {j, MOVE};
    enum zg_status status = engine->begin(state, directions, n, err);
    status = status ? status : read_all(c, c->before, err);
    status = status ? status : engine->apply(state, &there, 1, 0, err);
    status = status ? status : read_all(c, c->between, err);
    status = status ? status : engine->apply(state, &back, 1, 0, err);
    status = status ? status : read_all(c, c->after, err);
    status = status ? status : define_all(c, &directions[j], err);
    if (status)
        return status;
    for (int64_t e = 0; e < c->n; e++)
        c->d[move][e] = ((double)c->between[e] - (double)c->before[e]) / (double)MOVE;
    judge_inverse(c, zg_direction_rank(&directions[j]));
    if (!is_found(c))
        judge_direction(c, c->d[move]);
    return ZG_OK;
}

/* ---- what should be unrelated ---------------------------------------------------------------- */

static void note_overlap(struct check *c, double r)
{
    if (!(fabs(r) <= c->out->direction_overlap))
        c->out->direction_overlap = fabs(r);
}

static void judge_steps(struct check *c, int a, int b, const char *what)
{
    if (is_found(c))
        return;
    const double r = correlation(c->d[a], c->d[b], c->n);
    note_overlap(c, r);
    if (!(fabs(r) <= MOST_OVERLAP))
        snprintf(c->reason, c->size, "the directions of %s correlate by %.3g, more than %.3g", what,
                 r, MOST_OVERLAP);
}

static void judge_pair(struct check *c, const struct sampled *a, const struct sampled *b,
                       double rank)
{
    const int64_t n = a->rows * a->cols;
    const double *const d = c->d[FIRST];
    const double r = correlation(d + a->begin, d + b->begin, n);
    const double deviation =
        a->cols > 1 ? sqrt((1 + rank / MAX_COLS) / (rank * (double)a->rows)) : 1 / sqrt((double)n);
    const double most = fmin(MOST_PAIR, DEVIATIONS * deviation);
    char names[2][96];
    note_overlap(c, r);
    if (fabs(r) <= most)
        return;
    zg_model_tensor_name(c->shape, a->id, names[0], sizeof names[0]);
    zg_model_tensor_name(c->shape, b->id, names[1], sizeof names[1]);
    snprintf(c->reason, c->size, "the directions of %s and %s correlate by %.3g, more than %.3g",
             names[0], names[1], r, most);
}

/* Every two tensors of one shape. */
static void judge_tensors(struct check *c, const struct zg_direction *direction)
{
    const double rank = (double)zg_max64(zg_direction_rank(direction), 1);
    for (int64_t i = 0; i < c->n_tensors; i++)
        for (int64_t k = i + 1; k < c->n_tensors && !is_found(c); k++) {
            const struct sampled *const a = &c->tensors[i], *const b = &c->tensors[k];
            if (a->n_rows == b->n_rows && a->n_cols == b->n_cols &&
                zg_direction_includes(direction, c->shape, a->id) &&
                zg_direction_includes(direction, c->shape, b->id))
                judge_pair(c, a, b, rank);
        }
}

/* ---- losses ---------------------------------------------------------------------------------- */

static enum zg_status clean_loss(struct check *c, const struct zg_direction *directions, int64_t n,
                                 float coefficient, const struct zg_batch *batch, double *loss,
                                 struct zg_error *err)
{
    const struct zg_engine *const engine = c->contender->item->engine;
    const struct zg_update update = {0, coefficient};
    const struct zg_probe clean = {0, 0};
    struct zg_scores out = {.loss = loss};
    enum zg_status status = engine->apply(c->contender->state, &update, 1, 0, err);
    status = status ? status : engine->begin(c->contender->state, directions, n, err);
    return status ? status : engine->score(c->contender->state, batch, &clean, 1, &out, err);
}

/* A probe at +-far, and the clean loss where an update has gone as far. */
static enum zg_status compare_losses(struct check *c, const struct zg_direction *directions,
                                     int64_t n, float far, struct zg_error *err)
{
    const struct zg_engine *const engine = c->contender->item->engine;
    const struct zg_engine_options *const o = &c->contender->options;
    const struct zg_batch batch =
        zg_data_batch(&c->contender->bench->data, c->contender->next_batch);
    const struct zg_probe pair[] = {{0, far}, {0, -far}};
    const struct zg_update back = {0, -far};
    double probed[2], applied[2];
    struct zg_scores out = {.loss = probed};
    enum zg_status status = engine->begin(c->contender->state, directions, n, err);
    status = status ? status : engine->score(c->contender->state, &batch, pair, 2, &out, err);
    status = status ? status : clean_loss(c, directions, n, -far, &batch, &applied[0], err);
    status = status ? status : clean_loss(c, directions, n, 2 * far, &batch, &applied[1], err);
    status = status ? status : engine->apply(c->contender->state, &back, 1, 0, err);
    if (status)
        return status;
    const double tolerance = zg_loss_tolerance(zg_dtype_coarser(o->dtype, o->dtype_d)) *
                             fmax(1, fmax(fabs(probed[0]), fabs(probed[1])));
    for (int i = 0; i < 2; i++)
        if (!(fabs(probed[i] - applied[i]) <= c->out->probe_difference))
            c->out->probe_difference = fabs(probed[i] - applied[i]);
    if (!is_found(c) && !(c->out->probe_difference <= tolerance))
        snprintf(c->reason, c->size,
                 "a probe and an update that goes as far differ by %.3g in their loss, more than "
                 "%.3g: they go along different directions",
                 c->out->probe_difference, tolerance);
    return ZG_OK;
}

/* ---- the check ------------------------------------------------------------------------------- */

/* The directions of a step that it probes, or its first and one of another U where that is all. */
static int64_t announce(const struct check *c, const struct zg_algorithm_choice *choice,
                        uint64_t step, struct zg_direction *out)
{
    struct zg_question question;
    choice->algorithm->announce(choice, step, c->contender->memory, &question);
    const int64_t n = zg_question_n_probed(&question);
    memcpy(out, question.directions, (size_t)n * sizeof *out);
    if (n > 1 || c->contender->options.limits.max_directions < 2)
        return n;
    out[1] = out[0];
    out[1].seed_u = zg_seed_derive(out[0].seed_u, 2);
    return 2;
}

/* The first step from here on that draws V, where V is drawn at all. */
static uint64_t first_step(const struct zg_contender *contender,
                           const struct zg_algorithm_choice *choice)
{
    const uint64_t period = (uint64_t)zg_algorithm_period(choice), next = contender->next_step;
    return period == (uint64_t)INT64_MAX ? next + 1 : (next / period + 1) * period;
}

static enum zg_status run(struct check *c, const struct zg_trial_options *options,
                          struct zg_error *err)
{
    const struct zg_algorithm_choice *const choice = &options->algorithm;
    const uint64_t t = first_step(c->contender, choice);
    const float eps = (float)zg_algorithm_real(choice, "eps");
    struct zg_direction first[ZG_MAX_DIRECTIONS], next[ZG_MAX_DIRECTIONS];
    const int64_t n = announce(c, choice, t, first);
    enum zg_status status = move_along(c, first, n, 0, FIRST, err);
    if (!status && n > 1)
        status = move_along(c, first, n, 1, SECOND, err);
    for (int i = NEXT; i <= AFTER_NEXT && !status; i++) {
        const int64_t n_next = announce(c, choice, t + (uint64_t)(i - NEXT) + 1, next);
        status = move_along(c, next, n_next, 0, i, err);
    }
    if (status)
        return status;
    if (!is_found(c))
        judge_tensors(c, &first[0]);
    if (n > 1)
        judge_steps(c, FIRST, SECOND, "one step");
    judge_steps(c, FIRST, NEXT, "a step and the next");
    judge_steps(c, NEXT, AFTER_NEXT, "a step and the next");
    return compare_losses(c, first, n, FAR * eps, err);
}

enum zg_status zg_direction_check(struct zg_contender *contender,
                                  const struct zg_trial_options *options, struct zg_verify_row *row,
                                  char *reason, size_t size, struct zg_error *err)
{
    struct check c = {.contender = contender,
                      .shape = zg_model_shape(contender->bench->data.model),
                      .reason = reason,
                      .size = size,
                      .out = row};
    reason[0] = '\0';
    row->direction_correlation = 1;
    row->direction_overlap = row->probe_difference = row->inverse_difference = 0;
    enum zg_status status = check_open(&c, err);
    if (!status)
        status = run(&c, options, err);
    check_close(&c);
    return status ? zg_fail_within(err, status, "engine %s", contender->item->label) : ZG_OK;
}
