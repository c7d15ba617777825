/* test_json_source.c - paths, rows of JSON Lines and documents, their texts; and that nothing
 * doubtful passes. */
#include "workloads/json_source.h"

#include <stdlib.h>

#include "tests/support/temp_dir.h"
#include "tests/workloads/support.h"
#include "workloads/json_records.h"

static struct zg_json_path path_of(const char *text)
{
    struct zg_json_path path;
    CU_ASSERT_EQUAL_FATAL(zg_json_path_parse(&path, text, NULL), ZG_OK);
    return path;
}

static void test_paths(void)
{
    struct zg_json_path path = path_of("a.b c[12][].d");
    CU_ASSERT_EQUAL_FATAL(path.n_steps, 5);
    CU_ASSERT_STRING_EQUAL(path.steps[0].key, "a");
    CU_ASSERT_STRING_EQUAL(path.steps[1].key, "b c");
    CU_ASSERT_TRUE(!path.steps[2].key && path.steps[2].index == 12);
    CU_ASSERT_TRUE(!path.steps[3].key && path.steps[3].index == ZG_JSON_EACH && path.n_each == 1);
    CU_ASSERT_STRING_EQUAL(path.steps[4].key, "d");
    zg_json_path_free(&path);
    path = path_of(".");
    CU_ASSERT_EQUAL(path.n_steps, 0);
    zg_json_path_free(&path);

    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "a key is empty"},
        {"a.", "a key is empty"},
        {".a", "a key is empty"},
        {"a..b", "a key is empty"},
        {"a[0]b", "after a ] comes . or ["},
        {"a[", "a [ begins an item of a list"},
        {"a[x]", "path 'a[x]': a [ begins an item of a list"},
        {"a[-1]", "a [ begins an item of a list"},
        {"a[1", "a [ begins an item of a list"},
        {"a[1234567890]", "a [ begins an item of a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zg_error err = {0};
        check_failure(zg_json_path_parse(&path, cases[i].text, &err), ZG_INPUT, &err,
                      cases[i].message);
        zg_json_path_free(&path);
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* "WHERE=TEXT;" of every row, or the failure's message. */
static enum zg_status read_all(char *out, size_t size, const char *bytes, bool lines,
                               const char *const *rows, int64_t n_rows, const char *field,
                               struct zg_error *err)
{
    struct zg_json_path paths[4], path = path_of(field);
    for (int64_t i = 0; i < n_rows; i++)
        paths[i] = path_of(rows[i]);
    struct zg_json_source *source = NULL;
    bool more = true;
    size_t n = 0;
    out[0] = '\0';
    enum zg_status status = zg_json_source_open_memory(&source, "F", bytes, (int64_t)strlen(bytes),
                                                       lines, paths, n_rows, err);
    CU_ASSERT_EQUAL(source == NULL, status != ZG_OK);
    while (!status && !(status = zg_json_source_next(source, &more, err)) && more) {
        struct zg_slice text;
        status = zg_json_source_text(source, &path, &text, err);
        if (status)
            zg_fail_within(err, status, "%s", zg_json_source_where(source));
        else
            n += (size_t)snprintf(out + n, size - n, "%s=%.*s;", zg_json_source_where(source),
                                  (int)text.n, text.bytes);
    }
    if (status && source) { /* after a failure of next() every further call fails */
        struct zg_error again = {0};
        enum zg_status next = ZG_OK;
        while (!next && more)
            next = zg_json_source_next(source, &more, &again);
    }
    zg_json_source_close(&source);
    CU_ASSERT_PTR_NULL(source);
    zg_json_path_free(&path);
    for (int64_t i = 0; i < n_rows; i++)
        zg_json_path_free(&paths[i]);
    return status;
}

static void test_rows(void)
{
    static const struct {
        const char *bytes;
        bool lines;
        const char *rows[2];
        const char *field, *want;
    } cases[] = {
        {"{\"a\": \"x\"}\n\n \r\n{\"a\": 1}\r\n{\"a\": true}",
         true,
         {0},
         "a",
         "F:1=x;F:4=1;F:5=true;"},
        {"\xef\xbb\xbf{\"a\": 0.5}\n", true, {0}, "a", "F:1=0.5;"},
        {"{\"a\": {\"b\": [1, {\"c\": \"x\"}]}}\n", true, {0}, "a.b[1].c", "F:1=x;"},
        {"{\"a.b\": \"x\", \"a\": 1}\n", true, {0}, "a.b", "F:1=x;"},
        {"{\"a\": false}", false, {0}, "a", "F=false;"},
        {"[{\"a\": 1}, {\"a\": \"\xc3\xa9\"}]", false, {0}, "a", "F: [0]=1;F: [1]=\xc3\xa9;"},
        /* rows in a record; what is around them is theirs, the nearest first */
        {"{\"q\": [{\"a\": 1}, {}], \"a\": 2}\n{\"q\": []}\n{\"q\": [{\"a\": 3}]}\n",
         true,
         {"q[]"},
         "a",
         "F:1: q[0]=1;F:1: q[1]=2;F:3: q[0]=3;"},
        {"{\"p\": {\"q\": [{\"r\": []}, {\"r\": [{\"a\": 1}, {\"a\": 2}]}]}}\n",
         true,
         {"p.q[].r[]"},
         "a",
         "F:1: p.q[1].r[0]=1;F:1: p.q[1].r[1]=2;"},
        {"{\"d\": [{\"t\": \"x\", \"p\": [{\"q\": [{}, {}]}]}, {\"t\": \"y\", \"p\": [{\"q\": "
         "[{}]}]}]}",
         false,
         {"d[].p[].q[]", "."},
         "t",
         "F: d[0].p[0].q[0]=x;F: d[0].p[0].q[1]=x;F: d[1].p[0].q[0]=y;"},
        {"{\"t\": \"z\"}\n", true, {"d[].p[]", "."}, "t", "F:1=z;"},
        {"{\"q\": [[{\"a\": 1}], [{\"a\": 2}]]}", false, {"q[1][]"}, "a", "F: q[1][0]=2;"},
        {"[{\"q\": [{\"a\": 1}]}]", false, {"q[]"}, "a", "F: [0]: q[0]=1;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[512];
        struct zg_error err = {0};
        const int64_t n_rows = !cases[i].rows[0] ? 0 : !cases[i].rows[1] ? 1 : 2;
        CU_ASSERT_EQUAL(read_all(got, sizeof got, cases[i].bytes, cases[i].lines, cases[i].rows,
                                 n_rows, cases[i].field, &err),
                        ZG_OK);
        if (strcmp(got, cases[i].want) != 0)
            printf("\n    wanted %s\n    got    %s %s\n", cases[i].want, got, err.text);
        CU_ASSERT_STRING_EQUAL(got, cases[i].want);
    }
}

static void test_hostile(void)
{
    static const struct {
        const char *bytes;
        bool lines;
        const char *rows;
        const char *field, *message;
    } cases[] = {
        {"{\"a\": 1}\n{\"a\": \n", true, NULL, "a", "F:2: column"},
        {"{\"a\": 1}\n[1]\n", true, NULL, "a", "F:2: a row must be a JSON object"},
        {"{\"a\": 1}\nx,y\n", true, NULL, "a", "F:2: column"},
        {"{\"a\": 1} {\"a\": 2}\n", true, NULL, "a", "F:1: column 10: text after the object's end"},
        {"{\"a\": 1, \"a\": 2}\n", true, NULL, "a", "F:1: column"},
        {"{\"a\": \"\xff\"}\n", true, NULL, "a", "F:1: column"},
        {"{\"a\": \"\\ud800\"}\n", true, NULL, "a", "F:1: column"},
        {"{\"a\": \"\\u0000\"}\n", true, NULL, "a", "F:1: column"},
        {"{\"a\": NaN}\n", true, NULL, "a", "F:1: column"},
        {"{\"a\": 1e999}\n", true, NULL, "a", "F:1: column"},
        {"{\"a\": 99999999999999999999}\n", true, NULL, "a", "F:1: column"},
        {"{\n\"a\": 1\n}\n", true, NULL, "a", "\"format\": \"json\" reads a document"},
        {"", true, NULL, "a", "F: no row"},
        {"\n \n", true, NULL, "a", "F: no row"},
        {"\xef\xbb\xbf", true, NULL, "a", "F: no row"},
        {"{\"b\": 1}\n", true, NULL, "a", "F:1: the row has no 'a'"},
        {"{\"labels\": 1}\n", true, NULL, "label", "did you mean 'labels'?"},
        {"{\"a\": null}\n", true, NULL, "a", "F:1: 'a' is null"},
        {"{\"a\": []}\n", true, NULL, "a", "F:1: 'a' is a list"},
        {"{\"a\": {}}\n", true, NULL, "a", "F:1: 'a' is an object"},
        {"{\"a\": [1]}\n", true, NULL, "a[1]", "F:1: the row has no 'a[1]'"},
        {"{\"a\": [1]}\n", true, NULL, "a.b", "F:1: the row has no 'a.b'"},
        {"{\"a\": [1]}\n", true, NULL, "a[]", "F:1: 'a[]' is a list"},
        {"{\"a\": 1}\n", true, NULL, ".", "F:1: the row has no '.'"},
        {"{\"a\": 1}\n", true, "q[]", "a", "F:1: \"rows\" are at 'q[]', and there is nothing"},
        {"{\"q\": {}}\n", true, "q[]", "a", "F:1: \"rows\" are at 'q[]', and there is no list"},
        {"{\"q\": [1]}\n", true, "q[]", "a", "F:1: q[0]: a row must be a JSON object"},
        {"{\"q\": [{\"r\": [{}]}, {}]}\n", true, "q[].r[]", "q", "'q' is a list"},
        {"{\"q\": [{}]}\n", true, "q[].r[]", "a",
         "F:1: q[0]: \"rows\" are at 'q[].r[]', and there is nothing"},
        {"{\"q\": []}\n{\"q\": []}\n", true, "q[]", "a", "F: no row"},
        {"{\"q\": [{}]}\n", true, "q", "a", "F: \"rows\" 'q' must begin with a key, end in []"},
        {"{\"q\": [{}]}\n", true, "[]", "a", "F: \"rows\" '[]' must begin with a key"},
        {"{\"q\": [{}]}\n", true, "q[][][][][][][][][]", "a", "have 1 to 8 of them"},
        {"{\"a\": 1", false, NULL, "a", "F:1: "},
        {"{\n\"a\": 1,\n\"a\": 2}", false, NULL, "a", "F:3: duplicate"},
        {"{\"a\": 1}\n{\"a\": 2}\n", false, NULL, "a",
         "\"format\": \"jsonl\" reads an object a line"},
        {"7", false, NULL, "a", "F"},
        {"[]", false, NULL, "a", "F: no row"},
        {"[{\"a\": 1}, 2]", false, NULL, "a", "F: [1]: a row must be a JSON object"},
        {"", false, NULL, "a", "F:1: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[512];
        struct zg_error err = {0};
        check_failure(read_all(got, sizeof got, cases[i].bytes, cases[i].lines, &cases[i].rows,
                               cases[i].rows != NULL, cases[i].field, &err),
                      ZG_INPUT, &err, cases[i].message);
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

struct one_row {
    struct zg_json_source *source;
    struct zg_json_path path;
    struct zg_slices list;
};

static void open_row(struct one_row *row, const char *bytes, const char *path)
{
    bool more;
    row->path = path_of(path);
    row->list = (struct zg_slices){0};
    CU_ASSERT_EQUAL_FATAL(zg_json_source_open_memory(&row->source, "F", bytes,
                                                     (int64_t)strlen(bytes), true, NULL, 0, NULL),
                          ZG_OK);
    CU_ASSERT_TRUE_FATAL(zg_json_source_next(row->source, &more, NULL) == ZG_OK && more);
}

static void close_row(struct one_row *row)
{
    zg_json_source_close(&row->source);
    zg_json_path_free(&row->path);
    zg_slices_free(&row->list);
}

static void check_list(const struct zg_slices *list, const char *want)
{
    char got[256] = "";
    for (int64_t i = 0; i < list->n; i++)
        sprintf(got + strlen(got), "%.*s;", (int)list->items[i].n, list->items[i].bytes);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static void test_lists(void)
{
    static const struct {
        const char *bytes, *path, *want, *message;
    } cases[] = {
        {"{\"a\": [{\"t\": \"x\"}, {\"t\": 2}, {\"t\": true}]}", "a[].t", "x;2;true;", NULL},
        {"{\"a\": [[1, 2], [], [3]]}", "a[][]", "1;2;3;", NULL},
        {"{\"a\": \"x\"}", "a", "x;", NULL},
        {"{\"a\": []}", "a[]", "", NULL},
        {"{\"a\": {\"t\": [\"x\", \"y\"]}}", "a.t[]", "x;y;", NULL},
        {"{\"a\": {}}", "a[]", NULL, "'a[]' is no list"},
        {"{\"a\": [{}]}", "a[].t", NULL, "the row has no 'a[].t'"},
        {"{\"a\": [null]}", "a[]", NULL, "'a[]' is null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct one_row row;
        struct zg_error err = {0};
        open_row(&row, cases[i].bytes, cases[i].path);
        const enum zg_status status = zg_json_source_texts(row.source, &row.path, &row.list, &err);
        if (cases[i].message)
            check_failure(status, ZG_INPUT, &err, cases[i].message);
        else
            check_list(&row.list, cases[i].want);
        close_row(&row);
    }
    /* one item too many */
    char *const many = malloc(8192);
    CU_ASSERT_PTR_NOT_NULL_FATAL(many);
    for (int64_t n = ZG_JSON_MAX_ITEMS; n <= ZG_JSON_MAX_ITEMS + 1; n++) {
        struct one_row row;
        struct zg_error err = {0};
        strcpy(many, "{\"a\": [1");
        for (int64_t i = 1; i < n; i++)
            strcat(many, ",1");
        strcat(many, "]}");
        open_row(&row, many, "a[]");
        const enum zg_status status = zg_json_source_texts(row.source, &row.path, &row.list, &err);
        if (n > ZG_JSON_MAX_ITEMS)
            check_failure(status, ZG_INPUT, &err, "'a[]' has more than 1024 items");
        else
            CU_ASSERT_EQUAL(row.list.n, n);
        close_row(&row);
    }
    free(many);
}

/* Characters, not bytes; the last one is part of the span. */
static void test_spans(void)
{
    static const char text[] = "\xc3\xa9 Ann \xe2\x80\x94 Bob"; /* 11 characters */
    static const struct {
        const char *bytes, *want, *message;
    } cases[] = {
        {"{\"s\": [{\"start\": 2, \"end\": 4}, {\"start\": 8, \"end\": 10}]}", "Ann;Bob;", NULL},
        {"{\"s\": [{\"start\": 0, \"end\": 0}, {\"start\": 6, \"end\": 6}]}",
         "\xc3\xa9;\xe2\x80\x94;", NULL},
        {"{\"s\": [{\"start\": 8, \"end\": 11}]}", NULL, "'s[]' needs \"start\" and \"end\""},
        {"{\"s\": [{\"start\": -1, \"end\": 1}]}", NULL, "needs"},
        {"{\"s\": [{\"start\": 2, \"end\": 1}]}", NULL, "needs"},
        {"{\"s\": [{\"start\": 2}]}", NULL, "needs"},
        {"{\"s\": [{\"start\": \"2\", \"end\": 3}]}", NULL, "needs"},
        {"{\"s\": [{\"start\": 0, \"end\": 9223372036854775807}]}", NULL, "needs"},
        {"{\"s\": [3]}", NULL, "needs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct one_row row;
        struct zg_error err = {0};
        open_row(&row, cases[i].bytes, "s[]");
        const enum zg_status status = zg_json_source_spans(
            row.source, &row.path, (struct zg_slice){text, (int64_t)strlen(text)}, &row.list, &err);
        if (cases[i].message)
            check_failure(status, ZG_INPUT, &err, cases[i].message);
        else
            check_list(&row.list, cases[i].want);
        close_row(&row);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static enum zg_status open_and_read(const char *path, bool lines, struct zg_error *err)
{
    struct zg_json_source *source = NULL;
    bool more = true;
    enum zg_status status = zg_json_source_open(&source, path, lines, NULL, 0, err);
    while (!status && more)
        status = zg_json_source_next(source, &more, err);
    zg_json_source_close(&source);
    return status;
}

/* Lines across chunks, as long as one may be, and one byte longer; files of another kind. */
static void test_files(void)
{
    char dir[64];
    struct zg_error err = {0};
    make_temp_dir(dir);
    const size_t n = (size_t)ZG_JSON_MAX_LINE_BYTES;
    char *const bytes = malloc(2 * n + 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    memset(bytes, 'x', 2 * n + 2);
    memcpy(bytes, "{\"a\": \"", 7);
    memcpy(bytes + n - 2, "\"}\n{}", 5);
    write_temp_file(dir, "d.jsonl", bytes, n + 3);
    CU_ASSERT_EQUAL(open_and_read(temp_path(dir, "d.jsonl"), true, &err), ZG_OK);
    memcpy(bytes + n - 2, "x\"}\n{}", 6);
    write_temp_file(dir, "d.jsonl", bytes, n + 4);
    check_failure(open_and_read(temp_path(dir, "d.jsonl"), true, &err), ZG_INPUT, &err,
                  "d.jsonl:1: a line of more than 4194304 bytes");
    free(bytes);
    zg_error_clear(&err);
    write_temp_file(dir, "d.jsonl", "\x1f\x8b\x08", 3);
    check_failure(open_and_read(temp_path(dir, "d.jsonl"), true, &err), ZG_INPUT, &err, "gzip");
    zg_error_clear(&err);
    check_failure(open_and_read(temp_path(dir, "d.jsonl"), false, &err), ZG_INPUT, &err, "gzip");
    zg_error_clear(&err);
    write_temp_file(dir, "d.jsonl", "{\"a\": 1}\n{\"a\0\": 2}\n", 19);
    check_failure(open_and_read(temp_path(dir, "d.jsonl"), true, &err), ZG_INPUT, &err,
                  "d.jsonl:2: column");
    zg_error_clear(&err);
    check_failure(open_and_read(temp_path(dir, "absent.jsonl"), true, &err), ZG_INPUT, &err,
                  "absent.jsonl: No such file");
    zg_error_clear(&err);
    check_failure(open_and_read(temp_path(dir, "absent.json"), false, &err), ZG_INPUT, &err,
                  "absent.json: No such file");
    zg_error_clear(&err);
    check_failure(open_and_read(dir, true, &err), ZG_INPUT, &err, "Is a directory");
    remove_temp_dir(dir);
}

static uint64_t print_of(const char *bytes, bool lines)
{
    struct zg_json_source *source = NULL;
    bool more = true;
    CU_ASSERT_EQUAL_FATAL(zg_json_source_open_memory(&source, "F", bytes, (int64_t)strlen(bytes),
                                                     lines, NULL, 0, NULL),
                          ZG_OK);
    while (more)
        CU_ASSERT_EQUAL_FATAL(zg_json_source_next(source, &more, NULL), ZG_OK);
    const uint64_t print = zg_json_source_print(source);
    zg_json_source_close(&source);
    return print;
}

/* Whatever ends a line, the records are the same; another byte or order in them is another. */
static void test_print(void)
{
    const uint64_t print = print_of("{\"a\": 1}\n{\"a\": 2}\n", true);
    CU_ASSERT_EQUAL(print_of("\xef\xbb\xbf{\"a\": 1} \r\n\r\n{\"a\": 2}", true), print);
    CU_ASSERT_NOT_EQUAL(print_of("{\"a\": 2}\n{\"a\": 1}\n", true), print);
    CU_ASSERT_NOT_EQUAL(print_of("{\"a\": 1}\n", true), print);
    CU_ASSERT_NOT_EQUAL(print_of("[{\"a\": 1}]", false), print_of("[{\"a\": 2}]", false));
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"paths", test_paths},        {"rows", test_rows},   {"hostile rows", test_hostile},
        {"lists", test_lists},        {"spans", test_spans}, {"files", test_files},
        {"fingerprints", test_print}, {NULL, NULL},
    };
    return zg_test_run("json_source", tests);
}
