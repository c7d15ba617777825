/* schema.c - the column lists of schema.h as tables. */
#include "harness/rows/schema.h"

#include <math.h>
#include <string.h>

#define SCHEMA(NAME, file_name, LISTS, extra)                                                      \
    static const struct zg_column NAME##_columns[] = {LISTS};                                      \
    const struct zg_schema zg_schema_##NAME = {                                                    \
        .file = file_name,                                                                         \
        .columns = NAME##_columns,                                                                 \
        .n_columns = sizeof NAME##_columns / sizeof *NAME##_columns,                               \
        .row_size = sizeof(ROW),                                                                   \
        .has_extra = extra,                                                                        \
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
SCHEMA(samples, "samples.csv", OF_CASE(ZG_SAMPLE_COLUMNS), true)
#undef ROW
#define ROW struct zg_phase_row
SCHEMA(phases, "phases.csv", OF_CASE(ZG_PHASE_COLUMNS), false)
#undef ROW
#define ROW struct zg_count_row
SCHEMA(counts, "counters.csv", OF_CASE(ZG_COUNT_COLUMNS), false)
#undef ROW
#define ROW struct zg_summary_row
SCHEMA(summary, "summary.csv", OF_CASE(ZG_SUMMARY_COLUMNS), false)
#undef ROW
#define ROW struct zg_verify_row
SCHEMA(verify, "verify.csv", OF_CASE(ZG_VERIFY_COLUMNS), false)
#undef ROW
#define ROW struct zg_fidelity_row
SCHEMA(fidelity, "fidelity.csv", OF_CASE(ZG_FIDELITY_COLUMNS), false)
#undef ROW
#define ROW struct zg_curve_row
SCHEMA(curve, "curve.csv", OF_CASE(ZG_CURVE_COLUMNS), false)
#undef ROW
#define ROW struct zg_ladder_row
SCHEMA(ladder, "ladder.csv", OF_CASE(ZG_LADDER_COLUMNS), false)
#undef ROW
#define ROW struct zg_roofline_row
SCHEMA(roofline, "roofline.csv", OF_MACHINE(ZG_ROOFLINE_COLUMNS), false)
#undef ROW

void zg_row_clear(const struct zg_schema *schema, void *row)
{
    for (int64_t i = 0; i < schema->n_columns; i++) {
        char *const field = (char *)row + schema->columns[i].offset;
        const char *const no_text = NULL;
        const int64_t no_integer = ZG_NO_INTEGER;
        const double no_real = NAN;
        switch (schema->columns[i].kind) {
        case ZG_COLUMN_TEXT:
            memcpy(field, &no_text, sizeof no_text);
            break;
        case ZG_COLUMN_INTEGER:
            memcpy(field, &no_integer, sizeof no_integer);
            break;
        case ZG_COLUMN_REAL:
            memcpy(field, &no_real, sizeof no_real);
            break;
        }
    }
}
