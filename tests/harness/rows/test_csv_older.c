/* test_csv_older.c - older_schema.c: rows of versions 1 and 2, read as rows of this one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/rows/case_row.h"
#include "harness/rows/csv_in.h"
#include "harness/rows/older_schema.h"
#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"
#include "tests/support/temp_dir.h"

/* Writes a file of an older version: the first n columns, `added` after the first `at` of them
 * (NULL: none), and a row of cells "1"; returns what reading it says. */
static enum zg_status read_older(struct zg_csv_in **in, const struct zg_schema *schema, int version,
                                 int64_t n, const char *added, int64_t at)
{
    struct zg_older_schema older;
    char dir[64], text[4096] = "";
    size_t used = 0;
    CU_ASSERT_FATAL(zg_older_schema_of(&older, schema, version));
    n = n > 0 ? n : older.schema.n_columns + n;
    make_temp_dir(dir);
    for (int64_t i = 0; i <= n; i++) {
        const char *const comma = used ? "," : "";
        if (i == at && added)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", comma, added);
        if (i < n)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "",
                                     older.columns[i].name);
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "\n1");
    for (int64_t i = 1; i < n + (added != NULL); i++)
        used += (size_t)snprintf(text + used, sizeof text - used, ",1");
    used += (size_t)snprintf(text + used, sizeof text - used, "\n");
    CU_ASSERT_FATAL(used < sizeof text);
    write_temp_file(dir, schema->file, text, used);
    const enum zg_status status = zg_csv_in_open(in, temp_path(dir, schema->file), schema, NULL);
    remove_temp_dir(dir);
    return status;
}

static int64_t n_at_first(const struct zg_schema *schema, int version)
{
    struct zg_older_schema older;
    int64_t n = 1;
    CU_ASSERT_FATAL(zg_older_schema_of(&older, schema, version));
    while (strcmp(older.columns[n - 1].name, older.schema.last_at_first) != 0)
        n++;
    return n;
}

static void older_versions_read(void)
{
    struct zg_csv_in *in = NULL;
    for (int version = 1; version <= 2; version++) {
        const int64_t least = n_at_first(&zg_schema_summary, version);
        CU_ASSERT_EQUAL(read_older(&in, &zg_schema_summary, version, least - 1, NULL, 0), ZG_INPUT);
        CU_ASSERT_EQUAL(read_older(&in, &zg_schema_summary, version, least, "more", least),
                        ZG_INPUT);
        CU_ASSERT_EQUAL_FATAL(read_older(&in, &zg_schema_summary, version, least, NULL, 0), ZG_OK);
        const struct zg_summary_row *const row = in->rows;
        CU_ASSERT_STRING_EQUAL(row->id.algorithm,
                               "1:rank=1+nu=1+eps=1+lr=1+direction=1+direction-scale=1");
        CU_ASSERT_STRING_EQUAL(row->id.split, "1");
        CU_ASSERT_EQUAL(row->id.synthetic, 1);
        CU_ASSERT_EQUAL(row->id.layers_resident, version == 1 ? ZG_NO_INTEGER : 1);
        CU_ASSERT_EQUAL(row->steps, 1);
        CU_ASSERT_EQUAL(row->layers, version == 1 ? ZG_NO_INTEGER : 1);
        /* columns of a version are added at the end: a file of before them has empty cells there */
        CU_ASSERT(isnan(row->peak_share_then));
        CU_ASSERT_EQUAL(row->fidelity_probes, ZG_NO_INTEGER);
        zg_csv_in_close(&in);
    }
    /* what follows the columns that it has is extra */
    struct zg_older_schema older;
    CU_ASSERT_FATAL(zg_older_schema_of(&older, &zg_schema_samples, 2));
    const int64_t n = older.schema.n_columns - 1;
    CU_ASSERT_EQUAL_FATAL(read_older(&in, &zg_schema_samples, 2, n, "papi_tot_ins", n), ZG_OK);
    CU_ASSERT_EQUAL_FATAL(in->n_extra, 1);
    CU_ASSERT_STRING_EQUAL(in->extra_names[0], "papi_tot_ins");
    CU_ASSERT_EQUAL(in->extra[0], 1);
    CU_ASSERT_EQUAL(((const struct zg_sample_row *)in->rows)->disturbed, ZG_NO_INTEGER);
    zg_csv_in_close(&in);
    /* but no column may be missing, or one be there that never was */
    CU_ASSERT_EQUAL(read_older(&in, &zg_schema_fidelity, 2, -1, NULL, 0), ZG_INPUT);
    CU_ASSERT_EQUAL(read_older(&in, &zg_schema_verify, 2, 0, "more", 12), ZG_INPUT);
    CU_ASSERT_EQUAL(read_older(&in, &zg_schema_verify, 1, 0, "layers_resident", 3), ZG_INPUT);
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_verify, ZG_SCHEMA_VERSION));
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_roofline, 2));
}

/* The rule of older_schema.h, as zg_algorithm_text() has it. */
static void older_rows_have_an_algorithm(void)
{
    static const struct {
        const char *cells, *text;
    } rows[] = {
        {"lozo,fp32,linear,correct,none,train,16,2,50,0.001,1e-06,",
         "lozo:rank=2+nu=50+eps=0.001+lr=1e-06"},
        {"lozo,fp32,linear,official,none,train,16,2,50,1e+10,0,",
         "lozo:rank=2+nu=50+eps=1e+10+lr=0+direction=official"},
        {"lozo,fp32,linear,official,rms,train,16,2,50,0.0010,1e-6,",
         "lozo:rank=2+nu=50+eps=0.001+lr=1e-06+direction=official+direction-scale=rms"},
        {"mezo,fp32,linear,,,train,16,,,0.001,1e-06,", "mezo:eps=0.001+lr=1e-06"},
        {"mezo,fp32,linear,,,train,16,,,,,", "mezo"},
        {"z,fp32,linear,,,train,16,,,,,", "z"},
        {",fp32,linear,,,train,16,2,,,,", NULL},
    };
    enum { N = sizeof rows / sizeof rows[0] };
    char dir[64], text[4096];
    struct zg_csv_in *in = NULL;
    int n = snprintf(text, sizeof text,
                     "engine,model,task,objective,algorithm,dtype,scope,"
                     "direction,direction_scale,split,batch,rank,nu,eps,lr,bos,"
                     "row_limit,threads,seed,synthetic,layers_resident,step,"
                     "epoch,loss_plus,loss_minus,c,lr,lr_effective,forwards,wall_s,rows_xxh3,"
                     "eval_split,eval_loss,eval_metric,eval_wall_s\n");
    for (int i = 0; i < N; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "e,m,t,task,%s0,,2,1,1,,%d,,,,,,,,,,,,,\n",
                      rows[i].cells, i);
    make_temp_dir(dir);
    write_temp_file(dir, "curve.csv", text, (size_t)n);
    CU_ASSERT_EQUAL_FATAL(zg_csv_in_open(&in, temp_path(dir, "curve.csv"), &zg_schema_curve, NULL),
                          ZG_OK);
    CU_ASSERT_EQUAL_FATAL(in->n, N);
    for (int i = 0; i < N; i++) {
        const struct zg_curve_row *const row = (const struct zg_curve_row *)in->rows + i;
        CU_ASSERT_EQUAL(row->step, i);
        CU_ASSERT(zg_cell_same_text(row->id.algorithm, rows[i].text));
    }
    zg_csv_in_close(&in);
    remove_temp_dir(dir);
}

static void older_schemas(void)
{
    static const struct {
        const struct zg_schema *schema;
        const char *last[2]; /* at first, of versions 1 and 2 */
    } known[] = {
        {&zg_schema_samples, {"involuntary_switches", "involuntary_switches"}},
        {&zg_schema_phases, {"bytes_per_step", "bytes_per_step"}},
        {&zg_schema_summary, {"steps", "layers"}},
        {&zg_schema_verify, {"reason", "reason"}},
        {&zg_schema_fidelity, {NULL, NULL}},
        {&zg_schema_curve, {NULL, NULL}},
    };
    struct zg_older_schema older;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        for (int version = 1; version <= 2; version++) {
            const char *const want = known[i].last[version - 1];
            CU_ASSERT_FATAL(zg_older_schema_of(&older, known[i].schema, version));
            const char *const got = older.schema.last_at_first;
            CU_ASSERT(want ? got && strcmp(got, want) == 0 : !got);
            CU_ASSERT_EQUAL(older.schema.n_columns, known[i].schema->n_columns + 4 + version);
        }
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_curve, 0));
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_curve, -1));
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &zg_schema_curve, ZG_SCHEMA_VERSION));
    /* as many columns as there is room for, with the six that are gone, and one more */
    struct zg_column columns[ZG_MOST_COLUMNS];
    struct zg_schema wide = zg_schema_curve;
    for (int64_t i = 0; i < ZG_MOST_COLUMNS; i++)
        columns[i] = zg_schema_curve.columns[i < wide.n_columns ? i : wide.n_columns - 1];
    wide.columns = columns;
    wide.n_columns = ZG_MOST_COLUMNS - 6;
    CU_ASSERT(zg_older_schema_of(&older, &wide, 2));
    CU_ASSERT_EQUAL(older.schema.n_columns, ZG_MOST_COLUMNS);
    wide.n_columns++;
    CU_ASSERT_FALSE(zg_older_schema_of(&older, &wide, 2));
}

/* The text of an older row ends where there is room no more; writing further crashes. */
static void older_texts_are_cut_to_fit(void)
{
    struct zg_older_schema older;
    char name[400] = "", direction[400], *const text = exact_copy(name, ZG_OLDER_TEXT);
    struct zg_cell value = {.text = direction};
    CU_ASSERT_FATAL(zg_older_schema_of(&older, &zg_schema_curve, 2));
    older.schema.columns = older.columns;
    struct zg_case_row *const row = calloc(1, older.schema.row_size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    for (size_t n = 200; n < 400; n += 25) {
        memset(name, 'n', sizeof name);
        memset(direction, 'd', sizeof direction);
        name[n] = direction[n] = '\0';
        zg_row_clear(&older.schema, row);
        row->algorithm = name;
        CU_ASSERT_STRING_EQUAL(older.columns[7].name, "direction");
        zg_row_set_cell(&older.columns[7], row, &value);
        zg_older_algorithm(&older, row, text);
        CU_ASSERT_EQUAL(strlen(text), ZG_OLDER_TEXT - 1);
        CU_ASSERT_EQUAL(strncmp(text, name, n < 255 ? n : 255), 0);
    }
    free(row);
    exact_free(text, ZG_OLDER_TEXT);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"older schemas", older_schemas},
        {"older texts are cut to fit", older_texts_are_cut_to_fit},
        {"older versions read", older_versions_read},
        {"older rows have an algorithm", older_rows_have_an_algorithm},
        {0}};
    return zg_test_run("csv, older", tests);
}
