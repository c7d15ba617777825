/* finish.c - the end of a training, whole, cut off or failed: what is known of it is written, and
 * then told. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/plural.h"
#include "harness/base/json.h"
#include "harness/base/line.h"
#include "harness/base/page.h"
#include "harness/base/signals.h"
#include "harness/run/going_on_text.h"
#include "harness/run/manifest.h"
#include "harness/store/meta.h"
#include "harness/store/sessions.h"
#include "harness/train/plot.h"
#include "harness/train/summary.h"
#include "harness/train/training.h"

enum { HASH_TEXT = 17 };

static bool for_people(const struct zg_training *t)
{
    return zg_format_is_for_people((enum zg_format)t->request->format);
}

static FILE *notes_of(const struct zg_training *t)
{
    return t->request->format == ZG_FORMAT_TABLE ? stdout : stderr;
}

/* Steps of this session or one before. */
static bool has_steps(const struct zg_training *t)
{
    bool has = false;
    for (int64_t e = 0; e < t->n_engines; e++)
        has |= t->engines[e].used.n_steps > 0 || t->engines[e].record.n > 0;
    return has;
}

/* ---- train.csv ------------------------------------------------------------------------------- */

static void summarise(const struct zg_training *t, const char *word, struct zg_train_endings *out)
{
    for (int64_t e = 0; e < t->n_engines; e++) {
        const struct zg_train_engine *const engine = &t->engines[e];
        char *const rows = out->hashes[e][0], *const weights = out->hashes[e][1];
        snprintf(rows, HASH_TEXT, "%016" PRIx64, engine->rows);
        snprintf(weights, HASH_TEXT, "%016" PRIx64, engine->weights);
        const struct zg_train_ending ending = {
            .id = &engine->contender->id,
            .history = &engine->history,
            .reference = &t->engines[0].history,
            .reference_name = t->engines[0].contender->item->label,
            .curve = &t->curve.all,
            .ended = engine->ended ? engine->ended : word,
            .metric = t->data.has_metric ? zg_task_metric_name(t->data.metric) : NULL,
            .rows = rows,
            .weights = engine->has_weights ? weights : NULL,
            .n_train = t->data.rows.n_train,
            .n_dev = t->data.rows.n_dev,
            .n_eval = t->data.rows.n_eval,
            .epochs = (double)zg_train_data_n_drawn(&t->data, engine->used.n_steps) /
                      (double)t->data.rows.n_train,
            .target = t->request->train.target};
        zg_train_summarise(&ending, e > 0 ? &out->rows[0] : NULL, &out->rows[e]);
    }
}

/* ---- pictures -------------------------------------------------------------------------------- */

static void make_title(const struct zg_training *t, char *text, size_t size)
{
    const struct zg_case_row *const id = &t->engines[0].contender->id;
    snprintf(text, size, "%.200s%s, %.200s, %s, scope %s, batch %lld, seed %lld, %lld thread%s",
             id->model, id->synthetic == 1 ? " (synthetic weights)" : "", id->task, id->algorithm,
             id->scope, (long long)id->batch, (long long)id->seed, (long long)id->threads,
             zg_plural(id->threads));
}

static struct zg_train_picture picture_of(const struct zg_training *t, const char *title,
                                          const char *labels[ZG_MAX_ENGINES])
{
    for (int64_t e = 0; e < t->n_engines; e++)
        labels[e] = t->engines[e].contender->item->label;
    return (struct zg_train_picture){
        .title = title,
        .metric = t->data.has_metric ? zg_task_metric_name(t->data.metric) : NULL,
        .engines = labels,
        .n_engines = t->n_engines,
        .curve = &t->curve.all};
}

static enum zg_status write_results(struct zg_training *t, struct zg_train_endings *endings,
                                    struct zg_error *err)
{
    char title[1024];
    const char *labels[ZG_MAX_ENGINES];
    make_title(t, title, sizeof title);
    const struct zg_train_picture picture = picture_of(t, title, labels);
    enum zg_status status =
        zg_csv_write(t->dir.path, &zg_schema_train, endings->rows, t->n_engines, err);
    if (!status && !t->interrupted) /* gnuplot would get the signal, too */
        status = zg_train_plot_svg(&picture, t->dir.path, t->plot_note, sizeof t->plot_note, err);
    return status;
}

/* ---- told ------------------------------------------------------------------------------------ */

static void print_notes(const struct zg_training *t)
{
    FILE *const notes = notes_of(t);
    if (t->data.rows.note[0])
        zg_page_print(notes, "note: %s", t->data.rows.note);
    if (t->note[0])
        zg_page_print(notes, "note: %s", t->note);
    zg_session_tell_tokenizer(&t->session, notes);
    zg_meta_print_warnings(t->meta, notes);
    zg_sessions_print(t->meta, notes);
    zg_session_tell_models(&t->session, false, notes);
    if (t->plot_note[0])
        zg_page_print(notes, "note: %s", t->plot_note);
    zg_line_print(notes, "results in %s", t->dir.path);
}

static enum zg_status print_results(struct zg_training *t, const struct zg_train_row *rows,
                                    int64_t n, struct zg_error *err)
{
    char title[1024];
    const char *labels[ZG_MAX_ENGINES];
    enum zg_status status = ZG_OK;
    make_title(t, title, sizeof title);
    const struct zg_train_picture picture = picture_of(t, title, labels);
    if (for_people(t))
        zg_page_print(stdout, "%s", title);
    if (t->request->format == ZG_FORMAT_TABLE)
        status = zg_train_plot_text(&picture, stdout, err);
    printf("%s", for_people(t) ? "\n" : "");
    return status ? status : zg_train_table_print(rows, n, (enum zg_format)t->request->format, err);
}

static void tell_going_on(const struct zg_training *t)
{
    FILE *const notes = notes_of(t);
    fputs("to go on: ", notes);
    zg_going_on_print(t->request, t->dir.path, notes);
}

/* ---- the end --------------------------------------------------------------------------------- */

static json_t *ended_json(const struct zg_train_endings *endings, int64_t n)
{
    json_t *const list = json_array();
    for (int64_t e = 0; e < n; e++)
        json_array_append_new(list, json_pack("{s:o, s:s, s:I}", "engine",
                                              zg_json_text(endings->rows[e].id.engine), "ended",
                                              endings->rows[e].ended, "steps",
                                              (json_int_t)endings->rows[e].steps));
    return list;
}

static void note_memory(struct zg_training *t)
{
    for (int64_t e = 0; e < t->n_engines; e++) /* of those that did no new step */
        if (isnan(t->engines[e].contender->peak_rss_mib))
            zg_bench_note_memory(t->engines[e].contender);
    json_t *const of = zg_meta_find_case(t->meta, 0);
    json_t *const made = zg_manifest_case(
        &t->bench, 0, zg_models_fingerprint(&t->session.models, t->data.train.model), t->n_engines);
    json_object_set(of, "memory", json_object_get(made, "memory"));
    json_decref(made);
    json_object_set_new(of, "engines", zg_manifest_engines(&t->bench, t->n_engines));
}

/* The first failure counts; what can be written still is. */
static enum zg_status write_all(struct zg_training *t, enum zg_status status, const char *word,
                                struct zg_train_endings *endings, struct zg_error *err)
{
    struct zg_error *const own = status ? NULL : err;
    enum zg_status written = ZG_OK;
    summarise(t, word, endings);
    if (has_steps(t))
        written = write_results(t, endings, own);
    json_object_set_new(json_object_get(t->meta, "train"), "ended",
                        ended_json(endings, t->n_engines));
    if (!written && strcmp(word, "complete") == 0)
        zg_meta_finish_case(t->meta, 0);
    note_memory(t);
    const enum zg_status last =
        zg_meta_write(t->meta, t->dir.path, written && !status ? "failed" : word, &t->before,
                      status || written ? NULL : err);
    return written ? written : last;
}

static enum zg_status fail_interrupted(const struct zg_training *t, struct zg_error *err)
{
    int64_t most = 0;
    for (int64_t e = 0; e < t->n_engines; e++)
        if (t->engines[e].used.n_steps > most)
            most = t->engines[e].used.n_steps;
    return zg_fail(err, ZG_ENV, "interrupted after %lld step%s; what was trained is in %s",
                   (long long)most, zg_plural(most), t->dir.path);
}

enum zg_status zg_training_finish(struct zg_training *t, enum zg_status status,
                                  struct zg_error *err)
{
    struct zg_train_endings *const endings = &t->endings;
    const bool cut_off = t->interrupted && !status;
    const char *const word = cut_off ? "interrupted" : status ? "failed" : "complete";
    if (status)
        json_object_set_new(t->meta, "failure", zg_json_text(err->text));
    const enum zg_status written = write_all(t, status, word, endings, err);
    status = status ? status : written;
    if (!status && has_steps(t))
        status = print_results(t, endings->rows, t->n_engines, err);
    if (!status && !ferror(stdout))
        print_notes(t);
    if (cut_off && !written)
        tell_going_on(t);
    if (!status && cut_off)
        return fail_interrupted(t, err);
    if (!status && t->request->policy.strict)
        return zg_meta_fail_strict(t->meta, t->dir.path, err);
    return status;
}

enum zg_status zg_training_tell_all_there(struct zg_training *t, struct zg_error *err)
{
    char path[1200];
    struct zg_csv_in *in = NULL;
    snprintf(path, sizeof path, "%s/%s", t->dir.path, zg_schema_train.file);
    enum zg_status status = zg_csv_in_open(&in, path, &zg_schema_train, err);
    for (int64_t i = 0; !status && i < t->curve.n_old; i++)
        status = zg_row_list_add(&t->curve.all, (const struct zg_curve_row *)t->curve.old->rows + i,
                                 err);
    if (!status)
        status = print_results(t, in->rows, in->n, err);
    zg_csv_in_close(&in);
    if (!status)
        fprintf(notes_of(t),
                "note: all was trained already: --resume had nothing left to do\nresults in %s\n",
                t->dir.path);
    return status;
}
