/* test_cell.c - cell.c: what texts, integers and reals look like in CSV and in JSON. */
#include "harness/rows/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"

static char *put(const struct zg_cell *cell)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const out = open_memstream(&text, &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    zg_cell_put(out, cell);
    fclose(out);
    return text;
}

static void texts(void)
{
    static const struct {
        const char *text, *csv;
    } cases[] = {
        {"", ""},
        {"a", "a"},
        {" ", "\" \""},
        {" a", "\" a\""},
        {"a ", "\"a \""},
        {"a b", "a b"},
        {"ab c", "ab c"},
        {"a bc", "a bc"},
        {"a,b", "\"a,b\""},
        {"\"", "\"\"\"\""},
        {"a\"b", "\"a\"\"b\""},
        {"'a'", "'a'"},
        {"a\nb\tc", "a\\nb\\tc"},
        {"\x1f~\x7f!", "\\x1f~\\x7f!"}, /* just below ' ', and what is behind '~' */
        {"\x01", "\\x01"},
        {" \n,", "\" \\n,\""},
        {"\xc3\xa9\x80", "\xc3\xa9\\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t n = strlen(cases[i].text) + 1;
        char *const exact = exact_copy(cases[i].text, n);
        const struct zg_cell cell = {.kind = ZG_COLUMN_TEXT, .text = exact};
        char *const csv = put(&cell);
        CU_ASSERT_STRING_EQUAL(csv, cases[i].csv);
        free(csv);
        exact_free(exact, n);
    }
}

static void numbers(void)
{
    static const struct {
        struct zg_cell cell;
        const char *csv;
    } cases[] = {
        {{.kind = ZG_COLUMN_TEXT, .text = NULL}, ""},
        {{.kind = ZG_COLUMN_INTEGER, .integer = ZG_NO_INTEGER}, ""},
        {{.kind = ZG_COLUMN_INTEGER, .integer = 0}, "0"},
        {{.kind = ZG_COLUMN_INTEGER, .integer = INT64_MAX}, "9223372036854775807"},
        {{.kind = ZG_COLUMN_INTEGER, .integer = INT64_MIN + 1}, "-9223372036854775807"},
        {{.kind = ZG_COLUMN_REAL, .real = NAN}, ""},
        {{.kind = ZG_COLUMN_REAL, .real = INFINITY}, ""},
        {{.kind = ZG_COLUMN_REAL, .real = 0}, "0"},
        {{.kind = ZG_COLUMN_REAL, .real = 1.0 / 3}, "0.333333333"},
        {{.kind = ZG_COLUMN_REAL, .real = -1e-300}, "-1e-300"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *const csv = put(&cases[i].cell);
        CU_ASSERT_STRING_EQUAL(csv, cases[i].csv);
        json_t *const json = zg_cell_json(&cases[i].cell);
        CU_ASSERT_EQUAL(json_is_null(json), cases[i].csv[0] == '\0');
        if (!json_is_null(json))
            CU_ASSERT_EQUAL(json_is_integer(json), cases[i].cell.kind == ZG_COLUMN_INTEGER);
        json_decref(json);
        free(csv);
    }
    json_t *const real = zg_cell_json(&(struct zg_cell){.kind = ZG_COLUMN_REAL, .real = 0.5});
    CU_ASSERT(json_is_real(real) && json_real_value(real) == 0.5);
    json_decref(real);
    json_t *const text = zg_cell_json(&(struct zg_cell){.text = "a\"b"});
    CU_ASSERT_STRING_EQUAL(json_string_value(text), "a\"b");
    json_decref(text);
}

static void quoted(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const out = open_memstream(&text, &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    zg_quoted_put(out, "it's\n", '\'');
    zg_text_put(out, "a|b", '|', '\\');
    fclose(out);
    CU_ASSERT_STRING_EQUAL(text, "'it''s\\n'a\\|b");
    free(text);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"texts", texts}, {"numbers", numbers}, {"quoted", quoted}, {0}};
    return zg_test_run("cell", tests);
}
