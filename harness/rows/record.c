/* record.c - the column lists of record.h as tables. */
#include "harness/rows/record.h"

#include <math.h>
#include <string.h>

#define SCHEMA(NAME, file_name, LIST, row, extra, last)                                            \
    static const struct zg_column NAME##_columns[] = {LIST(TEXT, INTEGER, REAL)};                  \
    const struct zg_schema zg_schema_##NAME = {                                                    \
        .file = file_name,                                                                         \
        .columns = NAME##_columns,                                                                 \
        .n_columns = sizeof NAME##_columns / sizeof *NAME##_columns,                               \
        .row_size = sizeof(row),                                                                   \
        .has_extra = extra,                                                                        \
        .last_at_first = last,                                                                     \
    };

#define TEXT(field)    {#field, ZG_COLUMN_TEXT, offsetof(ROW, field)},
#define INTEGER(field) {#field, ZG_COLUMN_INTEGER, offsetof(ROW, field)},
#define REAL(field)    {#field, ZG_COLUMN_REAL, offsetof(ROW, field)},

#define ROW struct zg_sample_row
SCHEMA(samples, "samples.csv", ZG_SAMPLE_COLUMNS, ROW, true, "involuntary_switches")
#undef ROW
#define ROW struct zg_phase_row
SCHEMA(phases, "phases.csv", ZG_PHASE_COLUMNS, ROW, false, "bytes_per_step")
#undef ROW
#define ROW struct zg_count_row
SCHEMA(counts, "counters.csv", ZG_COUNT_COLUMNS, ROW, false, NULL)
#undef ROW
#define ROW struct zg_summary_row
SCHEMA(summary, "summary.csv", ZG_SUMMARY_COLUMNS, ROW, false, "layers")
#undef ROW
#define ROW struct zg_verify_row
SCHEMA(verify, "verify.csv", ZG_VERIFY_COLUMNS, ROW, false, NULL)
#undef ROW
#define ROW struct zg_fidelity_row
SCHEMA(fidelity, "fidelity.csv", ZG_FIDELITY_COLUMNS, ROW, false, NULL)
#undef ROW
#define ROW struct zg_curve_row
SCHEMA(curve, "curve.csv", ZG_CURVE_COLUMNS, ROW, false, NULL)
#undef ROW
#define ROW struct zg_ladder_row
SCHEMA(ladder, "ladder.csv", ZG_LADDER_COLUMNS, ROW, false, NULL)
#undef ROW
#define ROW struct zg_roofline_row
SCHEMA(roofline, "roofline.csv", ZG_ROOFLINE_COLUMNS, ROW, false, NULL)
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

/* Every row struct of a case starts with ZG_CASE_COLUMNS, in that order: layouts begin alike. */
#define SAME(field)                                                                                \
    _Static_assert(                                                                                \
        offsetof(struct zg_case_row, field) == offsetof(struct zg_sample_row, field) &&            \
            offsetof(struct zg_case_row, field) == offsetof(struct zg_phase_row, field) &&         \
            offsetof(struct zg_case_row, field) == offsetof(struct zg_count_row, field) &&         \
            offsetof(struct zg_case_row, field) == offsetof(struct zg_summary_row, field) &&       \
            offsetof(struct zg_case_row, field) == offsetof(struct zg_verify_row, field) &&        \
            offsetof(struct zg_case_row, field) == offsetof(struct zg_fidelity_row, field) &&      \
            offsetof(struct zg_case_row, field) == offsetof(struct zg_curve_row, field) &&         \
            offsetof(struct zg_case_row, field) == offsetof(struct zg_ladder_row, field),          \
        "rows start with the case columns");
ZG_CASE_COLUMNS(SAME, SAME, SAME)

void zg_row_set_case(void *row, const struct zg_case_row *c)
{
    memcpy(row, c, sizeof *c);
}
