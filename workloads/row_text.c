/*
 * row_text.c - fills templates with a row's texts, through filters, and finds the right options.
 */
#include "workloads/row_text.h"

#include <stdlib.h>
#include <string.h>

#include "engines/base/nearest.h"
#include "engines/base/size.h"

/* What a part of a template is: a literal, the option's own text, or a field of the rows. */
enum { LITERAL = -1, CANDIDATE = -2 };

struct zg_row_form {
    const struct zg_task_template *t;
    int64_t *fields; /* of each part, and of each of its filters, in order */
};

static enum zg_status no_memory(const struct zg_row_text *r)
{
    return zg_fail(r->err, ZG_ENV, "task '%s': no memory for its data", r->task->name);
}

/* ---- templates ------------------------------------------------------------------------------- */

/* In "options_each" the name `option` is the candidate's own text. */
static enum zg_status bind_name(const struct zg_row_text *r, const char *name, bool of_candidate,
                                int64_t *field)
{
    *field = CANDIDATE;
    return of_candidate && strcmp(name, "option") == 0
               ? ZG_OK
               : zg_row_source_bind(r->rows, name, field, r->err);
}

static enum zg_status bind(const struct zg_row_text *r, const struct zg_task_template *t,
                           bool of_candidate, struct zg_row_form *out)
{
    int64_t n = 0;
    for (int64_t i = 0; i < t->n_parts; i++)
        n += 1 + t->parts[i].n_filters;
    *out = (struct zg_row_form){t, malloc((size_t)(n + 1) * sizeof *out->fields)};
    if (!out->fields)
        return no_memory(r);
    enum zg_status status = ZG_OK;
    int64_t *field = out->fields;
    for (int64_t i = 0; i < t->n_parts && !status; i++) {
        const struct zg_task_part *const part = &t->parts[i];
        *field = LITERAL;
        if (part->is_column)
            status = bind_name(r, part->text, of_candidate, field);
        field++;
        for (int64_t f = 0; f < part->n_filters && !status; f++, field++) {
            *field = LITERAL;
            if (part->filters[f].column)
                status = bind_name(r, part->filters[f].column, of_candidate, field);
        }
    }
    return status;
}

static enum zg_status get_text(const struct zg_row_text *r, int64_t field,
                               struct zg_slice candidate, struct zg_slice *out)
{
    *out = candidate;
    const enum zg_status status =
        field == CANDIDATE ? ZG_OK : zg_row_source_text(r->rows, field, out, r->err);
    if (!status && field != CANDIDATE && r->task->strip)
        *out = zg_slice_strip(*out);
    return status;
}

/* r->filtered = what the part's filters, whose columns are fields[], make of the text. */
static enum zg_status filter(struct zg_row_text *r, const struct zg_task_part *part,
                             const int64_t *fields, struct zg_slice candidate, struct zg_slice text)
{
    r->filtered.n = 0;
    enum zg_status status = zg_text_append(&r->filtered, text.bytes, text.n, r->err);
    for (int64_t f = 0; f < part->n_filters && !status; f++) {
        struct zg_slice argument = {"", 0};
        if (fields[f] != LITERAL)
            status = get_text(r, fields[f], candidate, &argument);
        if (!status)
            status = zg_filter_apply(part->filters[f].kind, &r->filtered, argument, r->task->words,
                                     r->task->n_words, r->err);
    }
    return status;
}

static enum zg_status fill(struct zg_row_text *r, const struct zg_row_form *form,
                           struct zg_slice candidate, struct zg_text *out)
{
    enum zg_status status = ZG_OK;
    const int64_t *field = form->fields;
    out->n = 0;
    for (int64_t i = 0; i < form->t->n_parts && !status; i++) {
        const struct zg_task_part *const part = &form->t->parts[i];
        struct zg_slice text = {part->text, 0};
        if (*field == LITERAL)
            text.n = (int64_t)strlen(text.bytes);
        else
            status = get_text(r, *field, candidate, &text);
        field++;
        if (!status && part->n_filters > 0) {
            status = filter(r, part, field, candidate, text);
            text = (struct zg_slice){r->filtered.bytes, r->filtered.n};
            field += part->n_filters;
        }
        if (!status)
            status = zg_text_append(out, text.bytes, text.n, r->err);
    }
    return status;
}

/* ---- options and labels ---------------------------------------------------------------------- */

static bool same(struct zg_slice a, struct zg_slice b)
{
    return a.n == b.n && memcmp(a.bytes, b.bytes, (size_t)a.n) == 0;
}

/* The cell as a plain number 0 .. n - 1, else -1. */
static int64_t parse_index(struct zg_slice cell, int64_t n)
{
    int64_t value = 0;
    if (cell.n < 1 || cell.n > 9)
        return -1;
    for (int64_t i = 0; i < cell.n; i++) {
        if (cell.bytes[i] < '0' || cell.bytes[i] > '9')
            return -1;
        value = 10 * value + (cell.bytes[i] - '0');
    }
    return value < n ? value : -1;
}

/* "labels" alone decides where it is given; else the cell is an option's text or its index. */
static enum zg_status find_gold(const struct zg_row_text *r, int64_t *gold)
{
    *gold = 0;
    if (r->label < 0)
        return ZG_OK;
    const struct zg_task *task = r->task;
    struct zg_slice cell;
    const enum zg_status status = zg_row_source_text(r->rows, r->label, &cell, r->err);
    if (status)
        return status;
    const char *const typed = cell.bytes; /* a NUL ends every text of a row */
    cell = zg_slice_strip(cell);
    for (int64_t i = 0; i < task->n_labels; i++) {
        const struct zg_slice text = {task->labels[i].text, (int64_t)strlen(task->labels[i].text)};
        if (same(zg_slice_strip(text), cell)) {
            *gold = task->labels[i].option;
            return ZG_OK;
        }
    }
    if (task->n_labels > 0) {
        struct zg_nearest nearest = zg_nearest_begin(typed);
        for (int64_t i = 0; i < task->n_labels; i++)
            zg_nearest_try(&nearest, task->labels[i].text, strlen(task->labels[i].text));
        return zg_fail(r->err, ZG_INPUT, "label '%.80s' is not among the keys of \"labels\"%s",
                       typed, zg_nearest_hint(&nearest));
    }

    int64_t by_text = -1;
    const int64_t by_index = parse_index(cell, task->n_options);
    for (int64_t o = 0; o < task->n_options; o++)
        if (same(zg_slice_strip(r->options.items[o]), cell)) {
            if (by_text >= 0)
                return zg_fail(r->err, ZG_INPUT,
                               "label '%.80s' is the text of options %lld and %lld", typed,
                               (long long)by_text, (long long)o);
            by_text = o;
        }
    if (by_text >= 0 && by_index >= 0 && by_text != by_index)
        return zg_fail(
            r->err, ZG_INPUT,
            "label '%.80s' is the text of option %lld and the index of another: give \"labels\"",
            typed, (long long)by_text);
    *gold = by_text >= 0 ? by_text : by_index;
    if (*gold < 0)
        return zg_fail(r->err, ZG_INPUT,
                       "label '%.80s' is not among the options: give an option's text or 0 .. %lld",
                       typed, (long long)task->n_options - 1);
    return ZG_OK;
}

static int compare_slices(const void *a, const void *b)
{
    const struct zg_slice *const x = a, *const y = b;
    const int order = memcmp(x->bytes, y->bytes, (size_t)zg_min64(x->n, y->n));
    return order ? order : zg_compare64(x->n, y->n);
}

/* The row's own list, in the order of code points, which is that of UTF-8's bytes; each once. */
static enum zg_status take_candidates(struct zg_row_text *r)
{
    struct zg_slices *const list = &r->candidates;
    struct zg_slice text = {"", 0};
    enum zg_status status = ZG_OK;
    if (r->list_text >= 0) {
        status = zg_row_source_text(r->rows, r->list_text, &text, r->err);
        if (!status)
            status = zg_row_source_spans(r->rows, r->list, text, list, r->err);
    } else {
        status = zg_row_source_texts(r->rows, r->list, list, r->err);
    }
    if (status)
        return status;
    const int64_t least = r->task->loss == ZG_LOSS_CLASSIFICATION ? 2 : 1;
    if (list->n > 0)
        qsort(list->items, (size_t)list->n, sizeof *list->items, compare_slices);
    int64_t n = 0;
    for (int64_t i = 0; i < list->n; i++)
        if (n == 0 || !same(list->items[n - 1], list->items[i]))
            list->items[n++] = list->items[i];
    list->n = n;
    return n >= least
               ? ZG_OK
               : zg_fail(r->err, ZG_INPUT, "'%.80s' has %lld distinct text%s, %lld needed",
                         r->task->each.list, (long long)n, n == 1 ? "" : "s", (long long)least);
}

/* r->options, from templates of the task or from the row's list. */
static enum zg_status fill_options(struct zg_row_text *r)
{
    const bool is_each = r->list >= 0;
    enum zg_status status = is_each ? take_candidates(r) : ZG_OK;
    const int64_t n = is_each ? r->candidates.n : r->n_forms - 1;
    if (!status && n > r->n_option_text) {
        struct zg_text *const grown = realloc(r->option_text, (size_t)n * sizeof *grown);
        if (!grown)
            return no_memory(r);
        r->option_text = grown;
        while (r->n_option_text < n)
            grown[r->n_option_text++] = (struct zg_text){0};
    }
    r->options.n = 0;
    for (int64_t o = 0; o < n && !status; o++) {
        struct zg_text *const text = &r->option_text[o];
        const struct zg_slice candidate =
            is_each ? r->candidates.items[o] : (struct zg_slice){"", 0};
        status = fill(r, &r->forms[1 + (is_each ? 0 : o)], candidate, text);
        if (!status)
            status = zg_slices_append(&r->options, (struct zg_slice){text->bytes, text->n}, r->err);
    }
    return status;
}

static bool is_answer(const struct zg_row_text *r, struct zg_slice candidate)
{
    for (int64_t i = 0; i < r->answers.n; i++)
        if (same(r->answers.items[i], candidate))
            return true;
    return false;
}

/* The gold option: of a row's own list the first that is among the answers. */
static enum zg_status find_right(struct zg_row_text *r)
{
    enum zg_status status = ZG_OK;
    if (r->right >= 0)
        status = zg_row_source_texts(r->rows, r->right, &r->answers, r->err);
    if (!status && r->right >= 0 && r->answers.n == 0)
        status = zg_fail(r->err, ZG_INPUT, "'%.80s' has no right answer", r->task->answers);
    if (status || r->list < 0)
        return status ? status : find_gold(r, &r->gold);
    for (r->gold = 0; r->gold < r->candidates.n; r->gold++)
        if (is_answer(r, r->candidates.items[r->gold]))
            return ZG_OK;
    return zg_fail(r->err, ZG_INPUT, "the right answer '%.*s' is not among the row's options",
                   (int)zg_min64(r->answers.items[0].n, 80), r->answers.items[0].bytes);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static enum zg_status bind_field(const struct zg_row_text *r, const char *name, int64_t *field)
{
    return name ? zg_row_source_bind(r->rows, name, field, r->err) : ZG_OK;
}

enum zg_status zg_row_text_open(struct zg_row_text *out, const struct zg_task *task,
                                struct zg_row_source *rows, bool prompt_only, struct zg_error *err)
{
    const bool is_each = task->each.list != NULL;
    const int64_t n = prompt_only ? 1 : 1 + (is_each ? 1 : task->n_options);
    struct zg_row_text *const r = out;
    *r = (struct zg_row_text){.task = task,
                              .rows = rows,
                              .label = -1,
                              .right = -1,
                              .list = -1,
                              .list_text = -1,
                              .err = err};
    r->forms = calloc((size_t)n, sizeof *r->forms);
    if (!r->forms)
        return no_memory(r);
    enum zg_status status = ZG_OK;
    while (r->n_forms < n && !status) {
        const int64_t o = r->n_forms++ - 1;
        const struct zg_task_template *const t = o < 0     ? &task->prompt
                                                 : is_each ? &task->each.option
                                                           : &task->options[o];
        status = bind(r, t, is_each && o >= 0, &r->forms[o + 1]);
    }
    if (status || prompt_only)
        return status;
    status = bind_field(r, task->label, &r->label);
    if (!status)
        status = bind_field(r, task->answers, &r->right);
    if (!status)
        status = bind_field(r, task->each.list, &r->list);
    return status ? status : bind_field(r, task->each.text, &r->list_text);
}

void zg_row_text_close(struct zg_row_text *r)
{
    for (int64_t i = 0; i < r->n_forms; i++)
        free(r->forms[i].fields);
    free(r->forms);
    for (int64_t o = 0; o < r->n_option_text; o++)
        zg_text_free(&r->option_text[o]);
    free(r->option_text);
    zg_slices_free(&r->options);
    zg_slices_free(&r->candidates);
    zg_slices_free(&r->answers);
    zg_text_free(&r->text);
    zg_text_free(&r->filtered);
    *r = (struct zg_row_text){0};
}

enum zg_status zg_row_text_read(struct zg_row_text *r, struct zg_error *err)
{
    r->err = err;
    r->gold = r->options.n = r->candidates.n = r->answers.n = 0;
    enum zg_status status = fill(r, &r->forms[0], (struct zg_slice){"", 0}, &r->text);
    r->prompt = (struct zg_slice){r->text.bytes, r->text.n};
    if (!status && r->n_forms > 1)
        status = fill_options(r);
    if (!status && r->n_forms > 1)
        status = find_right(r);
    return status ? zg_fail_within(err, status, "%s", zg_row_source_where(r->rows)) : ZG_OK;
}

bool zg_row_text_right(const struct zg_row_text *r, int64_t option)
{
    return r->list >= 0 ? is_answer(r, r->candidates.items[option]) : option == r->gold;
}
