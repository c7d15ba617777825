/* asked.c - the cases of a session, column by column. */
#include "harness/run/asked.h"

#include <inttypes.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/rows/precision.h"

/* Keys of an object keep their order, and are found at once among thousands. */
static void add_value(json_t *columns, const char *name, const char *value)
{
    json_t *values = json_object_get(columns, name);
    json_t *const text = zg_json_text(value);
    if (!values) {
        values = json_object();
        json_object_set_new(columns, name, values);
    }
    if (json_is_string(text))
        json_object_set_new(values, json_string_value(text), json_true());
    json_decref(text);
}

static void add_case(json_t *columns, const struct zg_session_case *of)
{
    const struct zg_case_row *const id = &of->entries[0].id;
    for (int64_t i = 0; i < zg_case_n_columns(); i++) {
        const struct zg_column *const column = &zg_schema_summary.columns[i];
        const struct zg_cell cell = zg_row_cell(column, id);
        char text[32];
        if (strcmp(column->name, "engine") == 0)
            continue;
        const char *const shown = zg_cell_show(&cell, text, sizeof text);
        add_value(columns, column->name,
                  strcmp(column->name, "dtype") == 0 ? zg_dtypes_name(of->c.dtype, of->c.dtype_d)
                                                     : shown);
    }
}

/* {"batch": {"2": true, "4": true}} -> {"batch": ["2", "4"]} */
static json_t *lists_of(json_t *columns)
{
    json_t *const lists = json_object(), *values, *unused;
    const char *name, *text;
    json_object_foreach(columns, name, values)
    {
        json_t *const list = json_array();
        json_object_foreach(values, text, unused) json_array_append_new(list, json_string(text));
        json_object_set_new(lists, name, list);
    }
    return lists;
}

json_t *zg_asked_json(const struct zg_session *session)
{
    const struct zg_sweep *const sweep = &session->request->sweep;
    json_t *const engines = json_array(), *const lists = json_array(),
                  *const columns = json_object();
    for (int64_t i = 0; i < session->engines.n_items; i++)
        json_array_append_new(engines, zg_json_text(session->engines.items[i].label));
    for (int64_t i = 0; i < sweep->n_axes; i++)
        if (sweep->axes[i].values.n_words > 1)
            json_array_append_new(lists, json_string(sweep->axes[i].flag->name));
    for (int64_t i = 0; i < session->n_cases && session->engines.n_items > 0; i++)
        add_case(columns, &session->cases[i]);
    json_t *const asked = json_pack("{s:o, s:o, s:o}", "engines", engines, "sweep", lists, "cases",
                                    lists_of(columns));
    json_decref(columns);
    return asked;
}

static json_t *print_json(uint64_t fingerprint)
{
    return json_sprintf("%016" PRIx64, fingerprint);
}

json_t *zg_fingerprints_json(const struct zg_fingerprints *prints, const uint64_t *model)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "model", model ? print_json(*model) : json_null(),
                     "data", print_json(prints->data), "task", print_json(prints->task),
                     "tokenizer", print_json(prints->tokenizer));
}

/* Synthetic weights follow from the columns, and reading them takes as long as making them. */
json_t *zg_asked_prints_json(struct zg_session *session)
{
    json_t *const list = json_array();
    for (int64_t i = 0; i < session->n_cases; i++) {
        const struct zg_session_case *const of = &session->cases[i];
        const struct zg_model *model = NULL;
        uint64_t print = 0;
        const bool known = zg_models_get(&session->models, &of->c, &model, NULL) == ZG_OK &&
                           !zg_model_is_synthetic(model);
        if (known)
            print = zg_models_fingerprint(&session->models, model);
        json_array_append_new(list, zg_fingerprints_json(&of->prints, known ? &print : NULL));
    }
    return list;
}
