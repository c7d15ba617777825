/* test_table.c - table.c and table_print.c: one table, six forms. */
#include "harness/base/identity.h"
#include "harness/rows/table.h"

#include <csv.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/page.h"
#include "tests/support/cunit_run.h"

static struct zg_table *example(void)
{
    static const struct zg_heading headings[] = {
        {"engine", "engine"}, {"n", "n"}, {"wall_s", "s/step"}, {"note", "note"}, {"hidden", NULL}};
    struct zg_table *table = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_table_open(&table, headings, 5, NULL), ZG_OK);
    zg_table_text(table, "na\xc3\xafve"); /* two bytes, one character */
    zg_table_integer(table, 12);
    zg_table_real(table, 1.23456789, "1.23 s");
    zg_table_text(table, "a|b, \"c\"");
    zg_table_integer(table, 1);
    zg_table_text(table, "fused");
    zg_table_integer(table, ZG_NO_INTEGER);
    zg_table_real(table, NAN, NULL);
    zg_table_text(table, NULL);
    zg_table_integer(table, 2);
    return table;
}

/* Prints into a string, malloc'ed. */
static char *printed(const struct zg_table *table, enum zg_format format)
{
    char *text = NULL;
    size_t size;
    FILE *const file = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(zg_table_print(table, file, "memory", format, NULL), ZG_OK);
    fclose(file);
    return text;
}

static void expect_printed(enum zg_format format, const char *want)
{
    struct zg_table *table = example();
    char *const text = printed(table, format);
    if (strcmp(text, want))
        printf("\n%s", text);
    CU_ASSERT_STRING_EQUAL(text, want);
    free(text);
    zg_table_close(&table);
    CU_ASSERT_PTR_NULL(table);
}

static void aligned(void)
{
    expect_printed(ZG_FORMAT_TABLE, "engine   n  s/step  note\n"
                                    "na\xc3\xafve   12  1.23 s  a|b, \"c\"\n"
                                    "fused    -       -\n");
}

static void markdown(void)
{
    expect_printed(ZG_FORMAT_MARKDOWN, "| engine | n | s/step | note |\n"
                                       "| --- | ---: | ---: | --- |\n"
                                       "| na\xc3\xafve | 12 | 1.23 s | a\\|b, \"c\" |\n"
                                       "| fused | - | - |  |\n");
}

static void json_lines(void)
{
    expect_printed(ZG_FORMAT_JSONL,
                   "{\"engine\": \"na\xc3\xafve\", \"n\": 12, \"wall_s\": 1.23456789, "
                   "\"note\": \"a|b, \\\"c\\\"\", \"hidden\": 1}\n"
                   "{\"engine\": \"fused\", \"n\": null, \"wall_s\": null, \"note\": null, "
                   "\"hidden\": 2}\n");
}

static void sql(void)
{
    zg_run_id_take("r1");
    expect_printed(
        ZG_FORMAT_SQL,
        "BEGIN;\nCREATE TABLE IF NOT EXISTS \"rows\" (\n  \"run\" TEXT,\n  \"engine\" TEXT,\n"
        "  \"n\" BIGINT,\n  \"wall_s\" DOUBLE PRECISION,\n  \"note\" TEXT,\n  \"hidden\" "
        "BIGINT\n);\n"
        "INSERT INTO \"rows\" SELECT 'r1', 'na\xc3\xafve', 12, 1.23456789, 'a|b, \"c\"', 1 EXCEPT "
        "SELECT * FROM \"rows\";\n"
        "INSERT INTO \"rows\" SELECT 'r1', 'fused', NULL, NULL, NULL, 2 EXCEPT SELECT * FROM "
        "\"rows\";\nCOMMIT;\n");
}

/* The name, the headings and the texts of a table are anybody's. */
static void sql_quotes(void)
{
    static const struct zg_heading heading[] = {{"a\"b", "x"}, {"run", "run"}};
    struct zg_table *table = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_table_open(&table, heading, 2, NULL), ZG_OK);
    zg_table_set_name(table, "t\"; DROP");
    zg_table_text(table, "it's'); --");
    zg_table_text(table, "\xff");
    char *const text = printed(table, ZG_FORMAT_SQL);
    CU_ASSERT_STRING_EQUAL(
        text,
        "BEGIN;\nCREATE TABLE IF NOT EXISTS \"t\"\"; DROP\" (\n  \"a\"\"b\" TEXT,\n  \"run\" "
        "TEXT\n);\nINSERT INTO \"t\"\"; DROP\" SELECT 'it''s''); --', '\\xff' EXCEPT SELECT * "
        "FROM \"t\"\"; DROP\";\nCOMMIT;\n");
    free(text);
    zg_table_close(&table);
}

struct cells {
    int n_cells, n_rows;
    char text[32][64];
};

static void on_cell(void *bytes, size_t n, void *context)
{
    struct cells *const cells = context;
    snprintf(cells->text[cells->n_cells++], 64, "%.*s", (int)n, (const char *)bytes);
}

static void on_row(int end, void *context)
{
    (void)end;
    ((struct cells *)context)->n_rows++;
}

static void csv_parses_back(void)
{
    struct zg_table *table = example();
    char *const text = printed(table, ZG_FORMAT_CSV);
    struct cells cells = {0};
    struct csv_parser parser;
    CU_ASSERT_EQUAL_FATAL(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
    CU_ASSERT_EQUAL(csv_parse(&parser, text, strlen(text), on_cell, on_row, &cells), strlen(text));
    CU_ASSERT_EQUAL(csv_fini(&parser, on_cell, on_row, &cells), 0);
    csv_free(&parser);
    const char *const want[] = {"engine",       "n",  "wall_s",     "note",       "hidden",
                                "na\xc3\xafve", "12", "1.23456789", "a|b, \"c\"", "1",
                                "fused",        "",   "",           "",           "2"};
    CU_ASSERT_EQUAL(cells.n_rows, 3);
    CU_ASSERT_EQUAL_FATAL(cells.n_cells, 15);
    for (int i = 0; i < 15; i++)
        CU_ASSERT_STRING_EQUAL(cells.text[i], want[i]);
    free(text);
    zg_table_close(&table);
}

static void json_parses_back(void)
{
    struct zg_table *table = example();
    char *const text = printed(table, ZG_FORMAT_JSON);
    json_t *const rows = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    CU_ASSERT_EQUAL(json_array_size(rows), 2);
    const json_t *const first = json_array_get(rows, 0), *const second = json_array_get(rows, 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "engine")), "na\xc3\xafve");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(first, "n")), 12);
    CU_ASSERT_EQUAL(json_real_value(json_object_get(first, "wall_s")), 1.23456789);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(first, "note")), "a|b, \"c\"");
    CU_ASSERT(json_is_null(json_object_get(second, "n")));
    CU_ASSERT(json_is_null(json_object_get(second, "wall_s")));
    CU_ASSERT(json_is_null(json_object_get(second, "note")));
    json_decref(rows);
    free(text);
    zg_table_close(&table);
}

/* A file name may hold any byte; no form may break by it. */
static void hostile_texts_stay_in_their_cell(void)
{
    static const struct zg_heading heading[] = {{"x", "x"}};
    struct zg_table *table = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_table_open(&table, heading, 1, NULL), ZG_OK);
    zg_table_text(table, "line\nbreak\x1b[31m\xff");
    for (int format = 0; format <= ZG_FORMAT_SQL; format++) {
        char *const text = printed(table, (enum zg_format)format);
        CU_ASSERT_PTR_NULL(strchr(text, '\x1b'));
        CU_ASSERT_PTR_NULL(strstr(text, "line\nbreak"));
        if (format == ZG_FORMAT_JSON || format == ZG_FORMAT_JSONL) {
            json_t *const json = json_loads(text, 0, NULL);
            CU_ASSERT_PTR_NOT_NULL(json);
            json_decref(json);
        }
        free(text);
    }
    zg_table_close(&table);
}

/* ---- on a page ------------------------------------------------------------------------------- */

static int64_t widest_line(const char *text)
{
    int64_t widest = 0;
    for (size_t n; *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        widest = (int64_t)n > widest ? (int64_t)n : widest;
    }
    return widest;
}

/* A text column of the given length and `n_numbers` numbers under headings of two words. */
static struct zg_table *wide_table(int n_texts, const char *text, int n_numbers)
{
    struct zg_heading headings[64];
    char names[64][16], shown[64][24];
    struct zg_table *table = NULL;
    for (int i = 0; i < n_texts + n_numbers; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        snprintf(shown[i], sizeof shown[i], "heading %d", i);
        headings[i] = (struct zg_heading){names[i], shown[i]};
    }
    CU_ASSERT_EQUAL_FATAL(zg_table_open(&table, headings, n_texts + n_numbers, NULL), ZG_OK);
    for (int row = 0; row < 2; row++) {
        for (int i = 0; i < n_texts; i++)
            zg_table_text(table, text);
        for (int i = 0; i < n_numbers; i++)
            zg_table_real(table, 1234.5 + i, NULL);
    }
    return table;
}

static void headings_break_before_columns_go(void)
{
    struct zg_table *table = wide_table(1, "fused", 10);
    zg_table_set_secondary(table, "c3 c2");
    char *const text = printed(table, ZG_FORMAT_TABLE);
    CU_ASSERT(widest_line(text) <= 100);
    zg_test_expect_words(text, "heading");
    CU_ASSERT_PTR_NULL(strstr(text, "--wide"));
    CU_ASSERT_PTR_NULL(strstr(text, "heading 1"));
    free(text);
    zg_table_close(&table);
}

static void secondary_columns_go_in_their_order(void)
{
    struct zg_table *table = wide_table(1, "a-name-of-twenty-five-let", 9);
    zg_table_set_secondary(table, "c3 c2 c1");
    char *text = printed(table, ZG_FORMAT_TABLE);
    CU_ASSERT(widest_line(text) <= 100);
    zg_test_expect_words(text, "--wide also has: heading 3\n");
    free(text);
    text = printed(table, ZG_FORMAT_MARKDOWN);
    zg_test_expect_words(text, "| heading 3 |");
    free(text);
    text = printed(table, ZG_FORMAT_CSV);
    zg_test_expect_words(text, "c0,c1,c2,c3,c4");
    free(text);
    zg_page_set_wide(true);
    text = printed(table, ZG_FORMAT_TABLE);
    zg_page_set_wide(false);
    zg_test_expect_words(text, "  heading 3  ");
    CU_ASSERT_PTR_NULL(strstr(text, "--wide"));
    free(text);
    zg_table_close(&table);
}

static void long_texts_break(void)
{
    struct zg_table *table =
        wide_table(2, "fused:mechanisms=adapter+lazy+ragged+scored+paired+trie+cancel+last", 3);
    char *const text = printed(table, ZG_FORMAT_TABLE);
    CU_ASSERT(widest_line(text) <= 100);
    zg_test_expect_words(text, "\nfused:mechanisms=adapter+lazy+");
    zg_test_expect_words(text, "\nragged+scored+paired+trie+");
    free(text);
    zg_table_close(&table);
}

/* A text without a place to break is cut, whatever bytes it has. */
static void texts_without_blanks_are_cut(void)
{
    char text[301];
    for (int i = 0; i < 300; i += 2)
        memcpy(text + i, "\xc3\xa9", 3);
    struct zg_table *table = wide_table(1, text, 1);
    char *const shown = printed(table, ZG_FORMAT_TABLE);
    int64_t columns = 0;
    for (const char *c = shown; *c; c++) {
        columns = *c == '\n' ? 0 : columns + (((unsigned char)*c & 0xc0) != 0x80);
        CU_ASSERT(columns <= 100);
        CU_ASSERT((unsigned char)*c != 0xc3 || (unsigned char)c[1] == 0xa9);
    }
    free(shown);
    zg_table_close(&table);
}

static void too_many_columns_are_a_line_a_cell(void)
{
    struct zg_table *table = wide_table(26, "a text of some length", 1);
    char *const text = printed(table, ZG_FORMAT_TABLE);
    CU_ASSERT(widest_line(text) <= 100);
    zg_test_expect_words(text,
                         "heading 0: a text of some length\n  heading 1: a text of some length");
    zg_test_expect_words(text, "\n  heading 26: 1230\n");
    free(text);
    zg_table_close(&table);
}

static void rows_of_a_schema(void)
{
    struct zg_summary_row rows[2];
    struct zg_table *table = NULL;
    for (int i = 0; i < 2; i++) {
        zg_row_clear(&zg_schema_summary, &rows[i]);
        rows[i].id.engine = i ? "b" : "a";
        rows[i].n = i;
        rows[i].speedup = 6.25;
    }
    CU_ASSERT_EQUAL_FATAL(zg_table_of_rows(&table, &zg_schema_summary, rows, 2, NULL), ZG_OK);
    char *const text = printed(table, ZG_FORMAT_JSON);
    json_t *const json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_EQUAL(json_array_size(json), 2);
    const json_t *const second = json_array_get(json, 1);
    CU_ASSERT_EQUAL((int64_t)json_object_size(second), zg_schema_summary.n_columns);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(second, "engine")), "b");
    CU_ASSERT_EQUAL(json_real_value(json_object_get(second, "speedup")), 6.25);
    CU_ASSERT(json_is_null(json_object_get(second, "peak_share")));
    json_decref(json);
    free(text);
    char *const sql_text = printed(table, ZG_FORMAT_SQL);
    zg_test_expect_words(
        sql_text, "CREATE TABLE IF NOT EXISTS \"summary\" (\n  \"run\" TEXT,\n  \"engine\" TEXT,");
    free(sql_text);
    zg_table_close(&table);
}

static void an_empty_table_is_fine(void)
{
    static const struct zg_heading heading[] = {{"x", "x"}};
    struct zg_table *table = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_table_open(&table, heading, 1, NULL), ZG_OK);
    const char *const want[] = {"x\n",
                                "x\n",
                                "[]\n",
                                "| x |\n| --- |\n",
                                "",
                                "BEGIN;\nCREATE TABLE IF NOT EXISTS \"rows\" (\n  \"run\" TEXT,\n  "
                                "\"x\" TEXT\n);\nCOMMIT;\n"};
    for (int format = 0; format <= ZG_FORMAT_SQL; format++) {
        char *const text = printed(table, (enum zg_format)format);
        CU_ASSERT_STRING_EQUAL(text, want[format]);
        free(text);
    }
    zg_table_close(&table);
}

static void a_file_that_takes_nothing_is_reported(void)
{
    struct zg_table *table = example();
    struct zg_error err = {0};
    FILE *file = fopen("/dev/full", "w");
    CU_ASSERT_EQUAL(zg_table_print(table, file, "standard output", ZG_FORMAT_CSV, &err), ZG_ENV);
    CU_ASSERT(strstr(err.text, "standard output: cannot write: No space") != NULL);
    fclose(file);

    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    file = fdopen(ends[1], "w");
    zg_error_clear(&err);
    CU_ASSERT_EQUAL(zg_table_print(table, file, "standard output", ZG_FORMAT_TABLE, &err), ZG_ENV);
    CU_ASSERT(strstr(err.text, "Broken pipe") != NULL);
    fclose(file);
    zg_table_close(&table);
}

/* ZG_FORMATS names them in the enum's order. */
static void formats_are_named(void)
{
    CU_ASSERT_STRING_EQUAL(ZG_FORMATS, "table|csv|json|markdown|jsonl|sql");
    CU_ASSERT_EQUAL(ZG_FORMAT_MARKDOWN, 3);
    CU_ASSERT_EQUAL(ZG_FORMAT_SQL, 5);
    CU_ASSERT(zg_format_is_for_people(ZG_FORMAT_TABLE));
    CU_ASSERT(zg_format_is_for_people(ZG_FORMAT_MARKDOWN));
    CU_ASSERT_FALSE(zg_format_is_for_people(ZG_FORMAT_JSONL));
}

int main(void)
{
    const struct zg_test tests[] = {
        {"aligned", aligned},
        {"markdown", markdown},
        {"CSV parses back", csv_parses_back},
        {"JSON parses back", json_parses_back},
        {"JSON Lines", json_lines},
        {"SQL", sql},
        {"SQL quotes", sql_quotes},
        {"hostile texts stay in their cell", hostile_texts_stay_in_their_cell},
        {"headings break before columns go", headings_break_before_columns_go},
        {"secondary columns go in their order", secondary_columns_go_in_their_order},
        {"long texts break", long_texts_break},
        {"texts without blanks are cut", texts_without_blanks_are_cut},
        {"too many columns are a line a cell", too_many_columns_are_a_line_a_cell},
        {"rows of a schema", rows_of_a_schema},
        {"an empty table is fine", an_empty_table_is_fine},
        {"a file that takes nothing is reported", a_file_that_takes_nothing_is_reported},
        {"formats are named", formats_are_named},
        {0}};
    return zg_test_run("table", tests);
}
