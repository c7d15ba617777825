/*
 * reader.c - reads the files whole, sorts the samples by case and block, and copies them into
 * columns, each case's values together.  Texts stay with the CSV readers, which live as long as
 * the reader.
 */
#include "harness/store/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "engines/base/size.h"
#include "harness/base/grow.h"
#include "harness/rows/case_row.h"
#include "harness/rows/csv_in.h"
#include "harness/stats/stats.h"
#include "harness/store/reader_files.h"

enum { PATH_SIZE = 1200 };

struct zg_result_files {
    struct zg_csv_in *samples, *summary, *verify; /* the texts of rows live here */
    const char **counter_names;
    int64_t *integers; /* [2][n samples]: blocks, then steps, each case's together */
    double *reals;     /* [1 + n_counters][n samples]: times, then counters */
};

static void path_of(const struct zg_result_reader *reader, const char *file, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", reader->dir, file);
}

static enum zg_status no_memory(const struct zg_result_reader *reader, struct zg_error *err)
{
    return zg_fail(err, ZG_ENV, "%s: no memory to read it", reader->dir);
}

static enum zg_status warn(struct zg_result_reader *reader, const char *text, struct zg_error *err)
{
    char *const line = strdup(text);
    if (!line || !zg_grow(&reader->warnings, reader->n_warnings, sizeof *reader->warnings)) {
        free(line);
        return no_memory(reader, err);
    }
    for (char *c = line; *c; c++) /* one line, whatever a cell holds */
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
    reader->warnings[reader->n_warnings++] = line;
    return ZG_OK;
}

/* ---- meta.json ------------------------------------------------------------------------------- */

static const json_t *at(const json_t *object, const char *group, const char *key)
{
    return json_object_get(json_object_get(object, group), key);
}

static double number(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static enum zg_status read_meta(struct zg_result_reader *reader, struct zg_error *err)
{
    struct zg_result_meta *const meta = &reader->meta;
    char path[PATH_SIZE];
    json_error_t error;
    path_of(reader, "meta.json", path);
    json_t *const json = meta->json = zg_json_read_file(path, &error);
    if (!json && error.line < 1) /* cannot be opened; the text names the file */
        return zg_fail(err, ZG_INPUT, "%s", error.text);
    if (!json)
        return zg_fail(err, ZG_INPUT, "%s: line %d: %s", path, error.line, error.text);
    const json_t *const version = json_object_get(json, "schema_version");
    if (!json_is_integer(version))
        return zg_fail(err, ZG_INPUT, "%s: has no schema_version: not a result of zogap", path);
    if (json_integer_value(version) < 1 || json_integer_value(version) > ZG_SCHEMA_VERSION)
        return zg_fail(err, ZG_INPUT, "%s: schema_version is %lld; this zogap reads 1 to %d", path,
                       (long long)json_integer_value(version), ZG_SCHEMA_VERSION);
    const json_t *const threads = at(json, "pins", "n_threads");
    meta->command = json_string_value(json_object_get(json, "command"));
    meta->status = json_string_value(json_object_get(json, "status"));
    meta->version = json_string_value(at(json, "zogap", "version"));
    meta->git = json_string_value(at(json, "zogap", "git"));
    meta->started_utc = json_string_value(json_object_get(json, "started_utc"));
    meta->baseline = json_string_value(json_object_get(json, "baseline"));
    meta->cpu_name = json_string_value(at(json_object_get(json, "machine"), "cpu", "name"));
    meta->isa = json_string_value(json_object_get(json, "isa"));
    meta->threads = json_is_integer(threads) ? json_integer_value(threads) : ZG_NO_INTEGER;
    meta->fp32_gflops = number(at(json, "peak", "fp32_gflops_all"));
    meta->bf16_gflops = number(at(json, "peak", "bf16_gflops_all"));
    meta->int8_gflops = number(at(json, "peak", "int8_gflops_all"));
    meta->read_gb_per_s = number(at(json, "peak", "read_gb_per_s_all"));
    const json_t *const warnings = json_object_get(json, "warnings");
    meta->warnings = json_is_array(warnings) ? warnings : NULL;
    return ZG_OK;
}

/* ---- the CSV files --------------------------------------------------------------------------- */

static enum zg_status read_csv(struct zg_result_reader *reader, struct zg_csv_in **csv,
                               const struct zg_schema *schema, struct zg_error *err)
{
    char path[PATH_SIZE];
    path_of(reader, schema->file, path);
    enum zg_status status = zg_csv_in_open(csv, path, schema, err);
    if (!status && (*csv)->n == 0)
        status = zg_fail(err, ZG_INPUT, "%s: has a header but no row", path);
    if (!status && (*csv)->warning) {
        reader->torn = true;
        status = warn(reader, (*csv)->warning, err);
    }
    return status;
}

/* The row of verify.csv on this engine and case, NULL if there is none, or no such file. */
static const struct zg_verify_row *find_verify(const struct zg_csv_in *csv,
                                               const struct zg_case_row *id)
{
    const struct zg_verify_row *const rows = csv ? csv->rows : NULL;
    for (int64_t i = 0; csv && i < csv->n; i++)
        if (zg_case_row_same(&rows[i].id, id))
            return &rows[i];
    return NULL;
}

/* The entry of the n-th case of meta.json: cases are measured, and have their rows written, in its
 * order.  What an entry says of the case must be what the row does. */
static const json_t *find_entry(const struct zg_result_reader *reader, int64_t n,
                                const struct zg_case_row *id)
{
    const json_t *const entry =
        json_array_get(json_object_get(reader->meta.json, "cases"), (size_t)n);
    const json_t *const seed = json_object_get(entry, "seed");
    return json_is_integer(seed) && json_integer_value(seed) != id->seed ? NULL : entry;
}

static enum zg_status make_cases(struct zg_result_reader *reader, struct zg_error *err)
{
    const struct zg_summary_row *const rows = reader->files->summary->rows;
    const int64_t n = reader->files->summary->n;
    reader->cases = calloc((size_t)n, sizeof *reader->cases);
    if (!reader->cases)
        return no_memory(reader, err);
    int64_t group = -1, end = 0;
    for (int64_t i = 0; i < n; i++) {
        struct zg_result_case *const c = &reader->cases[i];
        c->id = rows[i].id;
        if (!c->id.engine)
            return zg_fail(err, ZG_INPUT, "%s/summary.csv: row %lld names no engine", reader->dir,
                           (long long)i + 1);
        if (zg_result_reader_find(reader, &c->id))
            return zg_fail(err, ZG_INPUT, "%s/summary.csv: row %lld repeats engine %s on a case",
                           reader->dir, (long long)i + 1, c->id.engine);
        if (i == end) {
            group++;
            end = zg_case_rows_end(rows, n, i);
        }
        c->group = group;
        c->meta = find_entry(reader, group, &c->id);
        c->summary = &rows[i];
        c->verify = find_verify(reader->files->verify, &c->id);
        c->verified = rows[i].verified;
        /* empty where an engine was alone: it agreed with nothing but itself */
        if (c->verify && c->verify->passed == 0 && c->verified == ZG_NO_INTEGER)
            c->verified = 0;
        if (c->verify && c->verified != ZG_NO_INTEGER && c->verify->passed != c->verified)
            return zg_fail(err, ZG_INPUT,
                           "%s/summary.csv: row %lld: verified of engine %s is not what verify.csv "
                           "has in passed",
                           reader->dir, (long long)i + 1, c->id.engine);
        reader->n_cases++;
    }
    return ZG_OK;
}

/* ---- samples --------------------------------------------------------------------------------- */

static enum zg_status check_sample(const struct zg_result_reader *reader, int64_t i,
                                   int64_t instructions, struct zg_error *err)
{
    const struct zg_csv_in *const samples = reader->files->samples;
    const struct zg_sample_row *const row = (const struct zg_sample_row *)samples->rows + i;
    const bool counted =
        instructions >= 0 && samples->extra[i * samples->n_extra + instructions] > 0;
    if (row->block < 0 || row->steps < 1)
        return zg_fail(err, ZG_INPUT,
                       "%s/samples.csv: row %lld: needs a block of at least 0 and at least 1 step",
                       reader->dir, (long long)i + 1);
    if (isnan(row->wall_s_per_step) && !counted)
        return zg_fail(err, ZG_INPUT, "%s/samples.csv: row %lld: wall_s_per_step is empty",
                       reader->dir, (long long)i + 1);
    if (row->wall_s_per_step <= 0)
        return zg_fail(err, ZG_INPUT,
                       "%s/samples.csv: row %lld: wall_s_per_step is %g; a time is positive",
                       reader->dir, (long long)i + 1, row->wall_s_per_step);
    return ZG_OK;
}

struct place { /* of a sample: where it belongs, and which row it is */
    int64_t c, block, row;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *const x = a, *const y = b;
    if (x->c != y->c)
        return x->c < y->c ? -1 : 1;
    return (x->block > y->block) - (x->block < y->block);
}

/* Which case each sample is of, sorted by case and block; *n_kept of them have one. */
static enum zg_status place_samples(struct zg_result_reader *reader, struct place *places,
                                    int64_t *n_kept, struct zg_error *err)
{
    const struct zg_sample_row *const rows = reader->files->samples->rows;
    const int64_t n = reader->files->samples->n;
    const int64_t instructions = zg_result_reader_counter(reader, ZG_INSTRUCTIONS_COLUMN);
    enum zg_status status = ZG_OK;
    *n_kept = 0;
    for (int64_t i = 0; i < n && !status; i++) {
        const struct zg_result_case *const c = zg_result_reader_find(reader, &rows[i].id);
        status = check_sample(reader, i, instructions, err);
        if (c)
            places[(*n_kept)++] = (struct place){c - reader->cases, rows[i].block, i};
    }
    if (!status && *n_kept < n) {
        char text[PATH_SIZE + 128];
        snprintf(text, sizeof text,
                 "%s/samples.csv: %lld samples of a case that was cut off are left out",
                 reader->dir, (long long)(n - *n_kept));
        status = warn(reader, text, err);
    }
    if (!status)
        qsort(places, (size_t)*n_kept, sizeof *places, compare_places);
    for (int64_t i = 1; i < *n_kept && !status; i++)
        if (compare_places(&places[i - 1], &places[i]) == 0)
            status = zg_fail(err, ZG_INPUT,
                             "%s/samples.csv: block %lld of engine %s is there twice", reader->dir,
                             (long long)places[i].block, reader->cases[places[i].c].id.engine);
    return status;
}

/* Copies the samples into columns, each case's together. */
static enum zg_status copy_samples(struct zg_result_reader *reader, const struct place *places,
                                   int64_t n, struct zg_error *err)
{
    struct zg_result_files *const files = reader->files;
    const struct zg_sample_row *const rows = files->samples->rows;
    const int64_t n_counters = reader->n_counters;
    int64_t n_reals;
    if (!zg_size_mul(n, n_counters + 1, &n_reals))
        return no_memory(reader, err);
    files->integers = calloc(2 * (size_t)n + 1, sizeof *files->integers);
    files->reals = calloc((size_t)n_reals + 1, sizeof *files->reals);
    if (!files->integers || !files->reals)
        return no_memory(reader, err);
    int64_t *const blocks = files->integers, *const steps = files->integers + n;
    double *const times = files->reals, *const counters = files->reals + n;
    for (int64_t i = 0; i < n; i++) {
        const struct zg_sample_row *const row = &rows[places[i].row];
        struct zg_result_case *const c = &reader->cases[places[i].c];
        if (c->n++ == 0) {
            c->block = blocks + i;
            c->steps = steps + i;
            c->wall_s = times + i;
            c->counters = counters + i * n_counters;
        }
        blocks[i] = row->block;
        steps[i] = row->steps;
        times[i] = row->wall_s_per_step;
        for (int64_t e = 0; e < n_counters; e++)
            counters[i * n_counters + e] =
                files->samples->extra[places[i].row * n_counters + e] / (double)row->steps;
    }
    return ZG_OK;
}

/* Has every engine that summary.csv says was timed the samples that it says? */
static enum zg_status check_counts(struct zg_result_reader *reader, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < reader->n_cases && !status; i++) {
        const struct zg_result_case *const c = &reader->cases[i];
        const int64_t want = zg_max64(c->summary->n, 0); /* empty: not timed */
        char text[PATH_SIZE + 256];
        if (c->n == want)
            continue;
        snprintf(text, sizeof text,
                 "%s/samples.csv: has %lld samples of engine %.100s where summary.csv counts %lld",
                 reader->dir, (long long)c->n, c->id.engine, (long long)want);
        status = c->n == 0 ? zg_fail(err, ZG_INPUT, "%s", text) : warn(reader, text, err);
    }
    return status;
}

static enum zg_status read_samples(struct zg_result_reader *reader, struct zg_error *err)
{
    struct zg_csv_in *const csv = reader->files->samples;
    const int64_t n = csv->n;
    int64_t n_kept = 0;
    reader->n_counters = csv->n_extra;
    reader->files->counter_names =
        calloc((size_t)reader->n_counters + 1, sizeof *reader->files->counter_names);
    struct place *const places = calloc((size_t)n, sizeof *places);
    enum zg_status status = places && reader->files->counter_names ? ZG_OK : no_memory(reader, err);
    if (!status)
        reader->counter_names = reader->files->counter_names;
    for (int64_t i = 0; i < reader->n_counters && !status; i++)
        reader->files->counter_names[i] = csv->extra_names[i];
    if (!status)
        status = place_samples(reader, places, &n_kept, err);
    if (!status)
        status = copy_samples(reader, places, n_kept, err);
    if (!status)
        status = check_counts(reader, err);
    free(places);
    return status;
}

/* ---- the reader ------------------------------------------------------------------------------ */

enum zg_status zg_result_reader_open_meta(struct zg_result_reader **out, const char *dir,
                                          struct zg_error *err)
{
    *out = NULL;
    enum zg_status status = zg_result_directory_check(dir, err);
    if (status)
        return status;
    struct zg_result_reader *reader = calloc(1, sizeof *reader);
    if (reader) {
        reader->files = calloc(1, sizeof *reader->files);
        reader->dir = strdup(dir);
    }
    if (!reader || !reader->files || !reader->dir) {
        zg_result_reader_close(&reader);
        return zg_fail(err, ZG_ENV, "%s: no memory to read it", dir);
    }
    for (size_t n = strlen(reader->dir); n > 1 && reader->dir[n - 1] == '/'; n--)
        reader->dir[n - 1] = '\0';
    status = zg_result_meta_check(dir, err);
    if (!status)
        status = read_meta(reader, err);
    if (status)
        zg_result_reader_close(&reader);
    *out = reader;
    return status;
}

enum zg_status zg_result_reader_open(struct zg_result_reader **out, const char *dir,
                                     struct zg_error *err)
{
    enum zg_status status = zg_result_reader_open_meta(out, dir, err);
    if (status)
        return status;
    struct zg_result_reader *reader = *out;
    status = zg_result_files_check(dir, reader->meta.command, err);
    if (!status)
        status = read_csv(reader, &reader->files->summary, &zg_schema_summary, err);
    /* a process of a gate checks nothing: another one of its build did */
    if (!status && !json_is_string(json_object_get(reader->meta.json, "gate_child")))
        status = read_csv(reader, &reader->files->verify, &zg_schema_verify, err);
    if (!status)
        status = read_csv(reader, &reader->files->samples, &zg_schema_samples, err);
    if (!status)
        status = make_cases(reader, err);
    if (!status)
        status = read_samples(reader, err);
    if (status)
        zg_result_reader_close(&reader);
    *out = reader;
    return status;
}

void zg_result_reader_close(struct zg_result_reader **reader)
{
    if (!reader || !*reader)
        return;
    struct zg_result_files *const files = (*reader)->files;
    for (int64_t i = 0; i < (*reader)->n_warnings; i++)
        free((*reader)->warnings[i]);
    if (files) {
        zg_csv_in_close(&files->samples);
        zg_csv_in_close(&files->summary);
        zg_csv_in_close(&files->verify);
        free(files->counter_names);
        free(files->integers);
        free(files->reals);
    }
    free(files);
    json_decref((*reader)->meta.json);
    free((*reader)->cases);
    free((*reader)->warnings);
    free((*reader)->dir);
    free(*reader);
    *reader = NULL;
}

const struct zg_result_case *zg_result_reader_find(const struct zg_result_reader *reader,
                                                   const struct zg_case_row *id)
{
    for (int64_t i = 0; i < reader->n_cases; i++)
        if (zg_case_row_same(&reader->cases[i].id, id))
            return &reader->cases[i];
    return NULL;
}

const struct zg_result_case *zg_result_reader_baseline(const struct zg_result_reader *reader,
                                                       const struct zg_result_case *c)
{
    for (int64_t i = 0; i < reader->n_cases; i++)
        if (reader->cases[i].group == c->group &&
            zg_cell_same_text(reader->cases[i].id.engine, c->summary->baseline))
            return &reader->cases[i];
    return NULL;
}

int64_t zg_result_case_ratios(const struct zg_result_case *a, const struct zg_result_case *b,
                              double *ratios)
{
    int64_t n = 0;
    for (int64_t i = 0, j = 0; i < a->n && j < b->n;)
        if (a->block[i] != b->block[j])
            a->block[i] < b->block[j] ? i++ : j++;
        else
            zg_stats_ratios(&a->wall_s[i++], &b->wall_s[j++], 1, &ratios[n++]);
    return n;
}

int64_t zg_result_reader_counter(const struct zg_result_reader *reader, const char *name)
{
    for (int64_t i = 0; i < reader->n_counters; i++)
        if (strcmp(reader->counter_names[i], name) == 0)
            return i;
    return -1;
}

static int64_t add_difference(char *text, size_t size, const char *name, const struct zg_cell *a,
                              const struct zg_cell *b)
{
    char x[32], y[32];
    return zg_difference_add(text, size, name, zg_cell_show(a, x, sizeof x),
                             zg_cell_show(b, y, sizeof y));
}

int64_t zg_result_case_differences(const struct zg_result_case *a, const struct zg_result_case *b,
                                   const struct zg_case_across *across, char *text, size_t size)
{
    int64_t n = zg_case_row_differences(&a->id, &b->id, across, text, size);
    if (a->n == 0 || b->n == 0)
        return n;
    n += add_difference(text, size, "steps",
                        &(struct zg_cell){ZG_COLUMN_INTEGER, .integer = a->summary->steps},
                        &(struct zg_cell){ZG_COLUMN_INTEGER, .integer = b->summary->steps});
    const double flops[] = {a->summary->useful_flops_per_step, b->summary->useful_flops_per_step};
    return n + add_difference(text, size, "useful_flops_per_step",
                              &(struct zg_cell){ZG_COLUMN_REAL, .real = flops[0]},
                              &(struct zg_cell){ZG_COLUMN_REAL, .real = flops[1]});
}
