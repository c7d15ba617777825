/* peaks_table.c - what `zogap compare` prints of directories that hold peaks: peaks_table.h. */
#include "harness/compare/peaks_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/printable.h"
#include "harness/base/page.h"
#include "harness/compare/compare.h"
#include "harness/rows/case_row.h"
#include "harness/rows/csv_in.h"
#include "harness/stats/stats.h"

struct peaks {
    const struct zg_result_reader *const *sets;
    int64_t n_sets;
    struct zg_csv_in **files; /* [n_sets] */
};

static enum zg_status read_all(struct peaks *peaks, struct zg_error *err)
{
    for (int64_t set = 0; set < peaks->n_sets; set++) {
        char path[1200];
        snprintf(path, sizeof path, "%s/%s", peaks->sets[set]->dir, zg_schema_roofline.file);
        const enum zg_status status =
            zg_csv_in_open(&peaks->files[set], path, &zg_schema_roofline, err);
        if (status)
            return status;
        if (peaks->files[set]->n == 0)
            return zg_fail(err, ZG_INPUT, "%s: has a header but no row", path);
    }
    return ZG_OK;
}

/* ---- rows that belong together --------------------------------------------------------------- */

static const struct zg_roofline_row *row_at(const struct peaks *peaks, int64_t set, int64_t i)
{
    return (const struct zg_roofline_row *)peaks->files[set]->rows + i;
}

static bool is_same_peak(const struct zg_roofline_row *a, const struct zg_roofline_row *b)
{
    return zg_cell_same_text(a->quantity, b->quantity) && zg_cell_same_text(a->dtype, b->dtype) &&
           (a->threads > 1) == (b->threads > 1);
}

/* The set's row of the same peak; NULL: it has none. */
static const struct zg_roofline_row *find(const struct peaks *peaks, int64_t set,
                                          const struct zg_roofline_row *row)
{
    for (int64_t i = 0; i < peaks->files[set]->n; i++)
        if (is_same_peak(row_at(peaks, set, i), row))
            return row_at(peaks, set, i);
    return NULL;
}

/* Has a set before this one the peak? */
static bool is_known(const struct peaks *peaks, int64_t set, const struct zg_roofline_row *row)
{
    for (int64_t before = 0; before < set; before++)
        if (find(peaks, before, row))
            return true;
    return false;
}

/* NaN where one of the two is not there (NULL), or has no value. */
static double over_first(const struct peaks *peaks, const struct zg_roofline_row *row)
{
    const struct zg_roofline_row *const first = row ? find(peaks, 0, row) : NULL;
    return first ? row->value / first->value : NAN;
}

/* ---- for people ------------------------------------------------------------------------------ */

static const char *show_threads(const struct zg_roofline_row *row, char *text, size_t size)
{
    snprintf(text, size, "%lld", (long long)row->threads);
    return text;
}

static const char *show_isa(const struct zg_roofline_row *row, char *text, size_t size)
{
    snprintf(text, size, "%s", row->isa ? row->isa : "-");
    return text;
}

/* "2", or "2, 4" where the sets differ; a set without the peak has no say. */
static void
add_each(struct zg_table *table, const struct peaks *peaks, const struct zg_roofline_row *row,
         const char *(*show)(const struct zg_roofline_row *row, char *text, size_t size))
{
    char all[256] = "", first[32] = "", text[32];
    bool differ = false;
    for (int64_t set = 0; set < peaks->n_sets; set++) {
        const struct zg_roofline_row *const own = find(peaks, set, row);
        const size_t n = strlen(all);
        if (!own)
            continue;
        show(own, text, sizeof text);
        if (n == 0)
            snprintf(first, sizeof first, "%s", text);
        differ |= strcmp(first, text) != 0;
        snprintf(all + n, sizeof all - n, "%s%s", n ? ", " : "", text);
    }
    zg_table_text(table, differ ? all : first);
}

static void add_line(struct zg_table *table, const struct peaks *peaks,
                     const struct zg_roofline_row *row)
{
    zg_table_text(table, row->quantity);
    zg_table_text(table, row->dtype);
    add_each(table, peaks, row, show_isa);
    add_each(table, peaks, row, show_threads);
    zg_table_text(table, row->unit);
    for (int64_t set = 0; set < peaks->n_sets; set++) {
        const struct zg_roofline_row *const own = find(peaks, set, row);
        const double ratio = over_first(peaks, own);
        char figure[32], text[40];
        zg_table_real(table, own ? own->value : NAN, NULL);
        snprintf(text, sizeof text, "%sx", zg_figure_show(ratio, figure, sizeof figure));
        if (set > 0)
            zg_table_real(table, ratio, isfinite(ratio) ? text : NULL);
    }
}

/* Why a peak has no value in a directory. */
static void print_reasons(const struct peaks *peaks)
{
    for (int64_t set = 0; set < peaks->n_sets; set++)
        for (int64_t i = 0; i < peaks->files[set]->n; i++) {
            const struct zg_roofline_row *const row = row_at(peaks, set, i);
            char text[256], shown[512];
            if (!row->reason || row->threads > 1) /* the team lacks what one thread lacks */
                continue;
            snprintf(text, sizeof text, "no %s of %s: %s", row->quantity ? row->quantity : "value",
                     row->dtype ? row->dtype : "memory", row->reason);
            zg_printable(shown, sizeof shown, text);
            zg_page_print(stdout, "%s: %s", zg_compare_letter(set), shown);
        }
}

static enum zg_status print_people(const struct peaks *peaks, enum zg_format format,
                                   struct zg_error *err)
{
    static const struct zg_heading own[] = {{"quantity", "quantity"},
                                            {"dtype", "dtype"},
                                            {"isa", "isa"},
                                            {"threads", "threads"},
                                            {"unit", "unit"}};
    const int64_t n_own = sizeof own / sizeof own[0];
    struct zg_heading *const headings =
        calloc((size_t)(n_own + 2 * peaks->n_sets), sizeof *headings);
    char(*const ratios)[32] = calloc((size_t)peaks->n_sets, sizeof *ratios);
    struct zg_table *table = NULL;
    int64_t n = n_own;
    enum zg_status status = ZG_OK;
    if (!headings || !ratios) {
        status = zg_fail(err, ZG_ENV, "no memory for a table");
        goto done;
    }
    memcpy(headings, own, sizeof own);
    for (int64_t set = 0; set < peaks->n_sets; set++) {
        const char *const letter = zg_compare_letter(set);
        headings[n++] = (struct zg_heading){letter, letter};
        snprintf(ratios[set], sizeof ratios[set], "%s over A", letter);
        if (set > 0)
            headings[n++] = (struct zg_heading){ratios[set], ratios[set]};
    }
    status = zg_table_open(&table, headings, n, err);
    if (!status)
        zg_table_set_secondary(table, "isa");
    for (int64_t set = 0; set < peaks->n_sets && !status; set++)
        for (int64_t i = 0; i < peaks->files[set]->n; i++)
            if (!is_known(peaks, set, row_at(peaks, set, i)))
                add_line(table, peaks, row_at(peaks, set, i));
    status = zg_table_finish(&table, format, status, err);
    if (!status)
        print_reasons(peaks);
done:
    free(headings);
    free(ratios);
    return status;
}

/* ---- for programs ---------------------------------------------------------------------------- */

static enum zg_status print_rows(const struct peaks *peaks, enum zg_format format,
                                 struct zg_error *err)
{
    const struct zg_schema *const schema = &zg_schema_roofline;
    struct zg_heading *const headings = calloc((size_t)schema->n_columns + 3, sizeof *headings);
    struct zg_table *table = NULL;
    int64_t n = 0;
    if (!headings)
        return zg_fail(err, ZG_ENV, "no memory for a table");
    headings[n++].name = "set";
    headings[n++].name = "directory";
    for (int64_t i = 0; i < schema->n_columns; i++)
        headings[n++].name = schema->columns[i].name;
    headings[n++].name = "over_first";
    enum zg_status status = zg_table_open(&table, headings, n, err);
    if (!status)
        zg_table_set_name(table, "peaks");
    for (int64_t set = 0; set < peaks->n_sets && !status; set++)
        for (int64_t i = 0; i < peaks->files[set]->n; i++) {
            const struct zg_roofline_row *const row = row_at(peaks, set, i);
            zg_table_text(table, zg_compare_letter(set));
            zg_table_text(table, peaks->sets[set]->dir);
            zg_table_fields(table, schema->columns, schema->n_columns, row);
            zg_table_real(table, over_first(peaks, row), NULL);
        }
    status = zg_table_finish(&table, format, status, err);
    free(headings);
    return status;
}

enum zg_status zg_peaks_table_print(const struct zg_result_reader *const *sets, int64_t n_sets,
                                    enum zg_format format, struct zg_error *err)
{
    struct peaks peaks = {
        .sets = sets, .n_sets = n_sets, .files = calloc((size_t)n_sets, sizeof *peaks.files)};
    if (!peaks.files)
        return zg_fail(err, ZG_ENV, "no memory for peaks");
    enum zg_status status = read_all(&peaks, err);
    if (!status)
        status = zg_format_is_for_people(format) ? print_people(&peaks, format, err)
                                                 : print_rows(&peaks, format, err);
    for (int64_t set = 0; set < n_sets; set++)
        zg_csv_in_close(&peaks.files[set]);
    free(peaks.files);
    return status;
}
