/* schema.c - the column lists of schema.h as tables. */
#include "harness/rows/schema.h"

#include <math.h>
#include <string.h>

#define SCHEMA(NAME, file_name, LISTS, extra, first_end)                                           \
    static const struct zg_column NAME##_columns[] = {LISTS};                                      \
    const struct zg_schema zg_schema_##NAME = {                                                    \
        .file = file_name,                                                                         \
        .columns = NAME##_columns,                                                                 \
        .n_columns = sizeof NAME##_columns / sizeof *NAME##_columns,                               \
        .row_size = sizeof(ROW),                                                                   \
        .has_extra = extra,                                                                        \
        .last_at_first = first_end,                                                                \
    };

#define TEXT(field)    {#field, ZG_COLUMN_TEXT, offsetof(ROW, field)},
#define INTEGER(field) {#field, ZG_COLUMN_INTEGER, offsetof(ROW, field)},
#define REAL(field)    {#field, ZG_COLUMN_REAL, offsetof(ROW, field)},
/* The case is every row's first member. */
#define CASE_TEXT(field)    {#field, ZG_COLUMN_TEXT, offsetof(struct zg_case_row, field)},
#define CASE_INTEGER(field) {#field, ZG_COLUMN_INTEGER, offsetof(struct zg_case_row, field)},
#define CASE_REAL(field)    {#field, ZG_COLUMN_REAL, offsetof(struct zg_case_row, field)},

#define OF_MACHINE(LIST) LIST(TEXT, INTEGER, REAL)
#define OF_CASE(LIST)    ZG_CASE_COLUMNS(CASE_TEXT, CASE_INTEGER, CASE_REAL) OF_MACHINE(LIST)

#define ROW struct zg_sample_row
SCHEMA(samples, "samples.csv", OF_CASE(ZG_SAMPLE_COLUMNS), true, NULL)
#undef ROW
#define ROW struct zg_phase_row
SCHEMA(phases, "phases.csv", OF_CASE(ZG_PHASE_COLUMNS), false, NULL)
#undef ROW
#define ROW struct zg_count_row
SCHEMA(counts, "counters.csv", OF_CASE(ZG_COUNT_COLUMNS), false, NULL)
#undef ROW
#define ROW struct zg_summary_row
SCHEMA(summary, "summary.csv", OF_CASE(ZG_SUMMARY_COLUMNS), false, "counts_estimated")
#undef ROW
#define ROW struct zg_verify_row
SCHEMA(verify, "verify.csv", OF_CASE(ZG_VERIFY_COLUMNS), false, "reason")
#undef ROW
#define ROW struct zg_fidelity_row
SCHEMA(fidelity, "fidelity.csv", OF_CASE(ZG_FIDELITY_COLUMNS), false, NULL)
#undef ROW
#define ROW struct zg_curve_row
SCHEMA(curve, "curve.csv", OF_CASE(ZG_CURVE_COLUMNS), false, NULL)
#undef ROW
#define ROW struct zg_train_row
SCHEMA(train, "train.csv", OF_CASE(ZG_TRAIN_COLUMNS), false, NULL)
#undef ROW
#define ROW struct zg_ladder_row
SCHEMA(ladder, "ladder.csv", OF_CASE(ZG_LADDER_COLUMNS), false, NULL)
#undef ROW
#define ROW struct zg_roofline_row
SCHEMA(roofline, "roofline.csv", OF_MACHINE(ZG_ROOFLINE_COLUMNS), false, NULL)
#undef ROW

_Static_assert(sizeof(const char *) == sizeof(int64_t) && sizeof(double) == sizeof(int64_t),
               "a cell of any kind is copied as a whole");

struct zg_cell zg_row_cell(const struct zg_column *column, const void *row)
{
    struct zg_cell cell = {.kind = column->kind};
    memcpy(&cell.integer, (const char *)row + column->offset, sizeof cell.integer);
    return cell;
}

void zg_row_set_cell(const struct zg_column *column, void *row, const struct zg_cell *cell)
{
    memcpy((char *)row + column->offset, &cell->integer, sizeof cell->integer);
}

bool zg_cell_is_empty(const struct zg_cell *cell)
{
    return cell->kind == ZG_COLUMN_TEXT      ? !cell->text
           : cell->kind == ZG_COLUMN_INTEGER ? cell->integer == ZG_NO_INTEGER
                                             : !isfinite(cell->real);
}

void zg_row_clear(const struct zg_schema *schema, void *row)
{
    static const struct zg_cell empty[] = {[ZG_COLUMN_TEXT] = {.text = NULL},
                                           [ZG_COLUMN_INTEGER] = {.integer = ZG_NO_INTEGER},
                                           [ZG_COLUMN_REAL] = {.real = NAN}};
    for (int64_t i = 0; i < schema->n_columns; i++)
        zg_row_set_cell(&schema->columns[i], row, &empty[schema->columns[i].kind]);
}
