/* test_csv_source.c - rows come back as libcsv writes them; everything doubtful is refused with
 * file and line. */
#include "workloads/csv_source.h"

#include <csv.h>
#include <stdlib.h>

#include "tests/support/exact.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/temp_dir.h"
#include "tests/workloads/support.h"

static const struct zg_csv_format csv = {',', '"'}, tsv = {'\t', '\0'}, semicolon = {';', '\''},
                                  blank = {' ', '\0'};

/* All rows as "header|a,b|c,d", or the error's text.  Every field is checked to be what its length
 * says. */
static enum zg_status read_all(const char *bytes, int64_t n, const struct zg_csv_format *format,
                               char *out, size_t size, struct zg_error *err)
{
    struct zg_csv_source *source = NULL;
    char *const exact = exact_copy(bytes, (size_t)n);
    enum zg_status status = zg_csv_source_open_memory(&source, "F", exact, n, format, err);
    size_t used = 0;
    out[0] = '\0';
    for (int64_t i = 0; !status && i < zg_csv_source_n_columns(source); i++)
        used += (size_t)snprintf(out + used, size - used, i ? "<%s>" : "%s",
                                 zg_csv_source_column(source, i));
    while (!status) {
        struct zg_csv_row row;
        status = zg_csv_source_next(source, &row, err);
        CU_ASSERT_EQUAL(row.fields == NULL, row.n_fields == 0);
        if (status || row.n_fields == 0)
            break;
        used += (size_t)snprintf(out + used, size - used, "|%d:", (int)row.line);
        for (int64_t i = 0; i < row.n_fields; i++) {
            CU_ASSERT_EQUAL((int64_t)strlen(row.fields[i].text), row.fields[i].n_bytes);
            used +=
                (size_t)snprintf(out + used, size - used, i ? "<%s>" : "%s", row.fields[i].text);
        }
    }
    if (status && source) { /* a failed source stays failed */
        struct zg_csv_row row;
        CU_ASSERT_EQUAL(zg_csv_source_next(source, &row, NULL), status);
        CU_ASSERT_EQUAL(row.n_fields, 0);
    }
    zg_csv_source_close(&source);
    CU_ASSERT_PTR_NULL(source);
    exact_free(exact, (size_t)n);
    return status;
}

static void test_good(void)
{
    static const struct {
        const char *text;
        const struct zg_csv_format *format;
        const char *rows;
    } cases[] = {
        {"a,b\n1,2\n", &csv, "a<b>|2:1<2>"},
        {"a,b\r\n1,2\r\n", &csv, "a<b>|2:1<2>"},
        {"a,b\r1,2\r3,4", &csv, "a<b>|2:1<2>|3:3<4>"},
        {"a,b\n1,2", &csv, "a<b>|2:1<2>"},
        {"\xef\xbb\xbf"
         "a,b\n1,2",
         &csv, "a<b>|2:1<2>"},
        {"a,b\n\n\n1,2\n\n", &csv, "a<b>|4:1<2>"},
        {"a,b\r\n\r\n1,2\r\n", &csv, "a<b>|3:1<2>"},
        {"a,b\n 1 , 2 \n", &csv, "a<b>|2: 1 < 2 >"}, /* blanks stay */
        {"a,b\n,\n", &csv, "a<b>|2:<>"},
        {"a,b\n\"1,\"\"x\",\"\"\n", &csv, "a<b>|2:1,\"x<>"},
        {"a,b\n\"1\n\n2\",3\n4,5\n", &csv, "a<b>|2:1\n\n2<3>|5:4<5>"}, /* line ends inside quotes */
        {"\"a\",\"b\"\n1,2\n", &csv, "a<b>|2:1<2>"},
        {"a\n\"\"\nx\n", &csv, "a|2:|3:x"},
        {"s\tl\n\"a\tb\"\n", &tsv, "s<l>|2:\"a<b\">"}, /* no quoting: quotes are text */
        {"s\tl\n a \"b\"\" \t0\n", &tsv, "s<l>|2: a \"b\"\" <0>"},
        {"s\tl\n'\t,\n", &tsv, "s<l>|2:'<,>"},
        {"a;b\n'x'';y';z\n", &semicolon, "a<b>|2:x';y<z>"},
        {"a b\n1 2\n", &blank, "a<b>|2:1<2>"},
        {"a\n1", &csv, "a|2:1"}, /* a last line of one byte is no empty one */
        {"a\n\"1\"", &csv, "a|2:1"},
        {"a\rb\nc\n", &csv, "a|2:b|3:c"}, /* line ends of every kind in one file */
        {"a\rb\r\nc\n\r\rd", &csv, "a|2:b|3:c|6:d"},
        {"a\r\n\n\r\nb", &csv, "a|4:b"},
        {"\n\r\na\nb", &csv, "a|4:b"},
        {"{a,b\n1,2\n", &csv, "{a<b>|2:1<2>"}, /* braces alone are no JSON */
        {"a},{b}\n1,2\n", &csv, "a}<{b}>|2:1<2>"},
        {"{a},b\n1,2\n", &csv, "{a}<b>|2:1<2>"},
        {"[a,{b\n1,2\n", &csv, "[a<{b>|2:1<2>"},
        {"[a]\n{}\n", &csv, "[a]|2:{}"},
        {" \r\n1\n", &csv, " |2:1"},
        {"a\xc3\xa9,b\n\xff,\x01\n", &csv, "a\xc3\xa9<b>|2:\xff<\x01>"}, /* bytes are bytes */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[256];
        struct zg_error err = {0};
        const enum zg_status status = read_all(cases[i].text, (int64_t)strlen(cases[i].text),
                                               cases[i].format, got, sizeof got, &err);
        if (status || strcmp(got, cases[i].rows) != 0)
            printf("\n    case %d: wanted %s, got %s (%s)\n", (int)i, cases[i].rows, got, err.text);
        CU_ASSERT_EQUAL(status, ZG_OK);
        CU_ASSERT_STRING_EQUAL(got, cases[i].rows);
    }
}

static void test_hostile(void)
{
    static const struct {
        const char *text;
        size_t n; /* 0: strlen */
        const char *message;
    } cases[] = {
        {"", 0, "F: empty"},
        {"\n\n", 0, "F: empty"},
        {"\xef\xbb\xbf", 0, "F: empty"},
        {"a,b\n", 0, "F: no row"},
        {"a,b", 0, "F: no row"},
        {"a,b\n\n", 0, "F: no row"},
        {"a,b\n1\n", 0, "F:2: 1 field, the header names 2"},
        {"a,b\n1,2\n1,2,3\n", 0, "F:3: 3 fields"},
        {"a,b\n1,2\n\n1,2,\n", 0, "F:4: 3 fields"},
        {"a,b,a\n1,2,3\n", 0, "F:1: two columns are named 'a'"},
        {"a,\n1,2\n", 0, "F:1: column 2 has no name"},
        {"a,b\n1,\"2\n", 0, "F:2: the file ends inside a quoted field"},
        {"a,b\n1,2\n\"\n\n\n", 0, "F:3: the file ends inside a quoted field"},
        {"\"a", 0, "F:1: the file ends inside a quoted field"},
        {"a,b\n1,2\"\n", 0, "F:2: a stray quote"},
        {"{\"a\": 1}\n{\"a\": 2}\n", 0, "F: this is JSON or JSON lines"},
        {"\xef\xbb\xbf{\"a\": 1}\r\n", 0, "F: this is JSON or JSON lines"},
        {"[\n{\"a\": 1}]\n", 0, "F: this is JSON or JSON lines"},
        {"{", 0, "F: this is JSON or JSON lines"},
        {"{\n  \"a\": 1\n}\n", 0, "F: this is JSON or JSON lines"},
        {"{ \r\n", 0, "F: this is JSON or JSON lines"},
        {"{\"a\": 1} \r \n", 0, "F: this is JSON or JSON lines"},
        {"{\"a\": 1}", 0, "F: this is JSON or JSON lines"},
        {"{}", 0, "F: this is JSON or JSON lines"},
        {"[", 0, "F: this is JSON or JSON lines"},
        {"[ \n", 0, "F: this is JSON or JSON lines"},
        {"[{\"a\": 1},\n", 0, "F: this is JSON or JSON lines"},
        {"\x1f\x8b\x08zz\n", 0, "F: this is compressed by gzip"},
        {"\xff\xfe"
         "a\n",
         0, "F: this is UTF-16 text"},
        {"a,b\n1,2\n\"1\"x,2\n", 0, "F:3: a stray quote"},
        {"a,b\n\"1\" ,2\n", 0, "F:2: a stray quote"},
        {"a,b\n1,\0\n", 8, "F:2: a NUL byte"},
        {"a,b\n\"1\n\0\",2\n", 12, "F:3: a NUL byte"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[256];
        struct zg_error err = {0};
        const size_t n = cases[i].n ? cases[i].n : strlen(cases[i].text);
        check_failure(read_all(cases[i].text, (int64_t)n, &csv, got, sizeof got, &err), ZG_INPUT,
                      &err, cases[i].message);
    }
    struct zg_csv_source *source = NULL;
    static const struct zg_csv_format bad[] = {{'\0', '"'}, {'\n', '"'}, {'\r', '"'}, {',', ','},
                                               {',', '\r'}, {',', '\n'}, {'\0', '\0'}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct zg_error err = {0};
        check_failure(zg_csv_source_open_memory(&source, "F", "a\n1\n", 4, &bad[i], &err), ZG_USAGE,
                      &err, "delimiter");
    }
    struct zg_error err = {0};
    check_failure(zg_csv_source_open(&source, "/nonexistent/x.csv", &csv, &err), ZG_INPUT, &err,
                  "/nonexistent/x.csv");
    zg_error_clear(&err);
    check_failure(zg_csv_source_open(&source, "/tmp", &csv, &err), ZG_INPUT, &err, "/tmp");
}

/* A row of just so many bytes, its line end included, and of one more; as many columns as are
 * read. */
static void test_caps_themselves(void)
{
    for (int64_t more = 0; more <= 1; more++) {
        const int64_t n = ZG_CSV_MAX_ROW_BYTES + more, n_head = 4;
        char *const text = malloc((size_t)(n + n_head));
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        memset(text, 'x', (size_t)(n + n_head));
        memcpy(text, "\n\na\n", 4);
        text[n + n_head - 1] = '\n';
        struct zg_csv_source *source = NULL;
        struct zg_csv_row row;
        struct zg_error err = {0};
        CU_ASSERT_EQUAL_FATAL(zg_csv_source_open_memory(&source, "F", text, n + n_head, &csv, &err),
                              ZG_OK);
        CU_ASSERT_EQUAL(zg_csv_source_next(source, &row, &err), more ? ZG_INPUT : ZG_OK);
        CU_ASSERT_EQUAL(row.n_fields, more ? 0 : 1);
        if (more)
            zg_test_expect_words(err.text,
                                 "F:4: a row of more than 4194304 bytes begins here; is a quote");
        else
            CU_ASSERT_EQUAL(row.fields[0].n_bytes, n - 1);
        zg_csv_source_close(&source);
        free(text);
    }
    char head[8 * ZG_CSV_MAX_COLUMNS];
    size_t used = 0;
    for (int i = 0; i < ZG_CSV_MAX_COLUMNS; i++)
        used += (size_t)snprintf(head + used, sizeof head - used, "%sc%d", i ? "," : "", i);
    struct zg_csv_source *source = NULL;
    CU_ASSERT_EQUAL_FATAL(zg_csv_source_open_memory(&source, "F", head, (int64_t)used, &csv, NULL),
                          ZG_OK);
    CU_ASSERT_EQUAL(zg_csv_source_n_columns(source), ZG_CSV_MAX_COLUMNS);
    CU_ASSERT_EQUAL(zg_csv_source_find(source, "c0"), 0);
    CU_ASSERT_EQUAL(zg_csv_source_find(source, "c1023"), 1023);
    CU_ASSERT_STRING_EQUAL(zg_csv_source_column(source, 0), "c0");
    zg_csv_source_close(&source);
}

/* From memory and from a file, each allocation fails once. */
static void test_no_memory(void)
{
    char dir[64];
    make_temp_dir(dir);
    write_temp_file(dir, "t.csv", "a,b\n\"1\",2\n", 10);
    for (int from_file = 0; from_file < 2; from_file++)
        for (int n = 1;; n++) {
            struct zg_csv_source *source = NULL;
            struct zg_csv_row row;
            struct zg_error err = {0};
            fail_allocation(n);
            enum zg_status status =
                from_file
                    ? zg_csv_source_open(&source, temp_path(dir, "t.csv"), &csv, &err)
                    : zg_csv_source_open_memory(&source, "F", "a,b\n\"1\",2\n", 12, &csv, &err);
            if (!status)
                status = zg_csv_source_next(source, &row, &err);
            const bool failed = allocation_failed();
            zg_csv_source_close(&source);
            CU_ASSERT_EQUAL(status, failed ? ZG_ENV : ZG_OK);
            if (!failed)
                break;
            zg_test_expect_words(err.text, from_file ? "t.csv" : "F:");
            zg_test_expect_words(err.text, "no memory");
        }
    /* a file that cannot be read is no bad input */
    struct zg_csv_source *source = NULL;
    struct zg_error err = {0};
    check_failure(zg_csv_source_open(&source, "/proc/self/mem", &csv, &err), ZG_ENV, &err,
                  "/proc/self/mem: Input/output error");
    zg_csv_source_close(&source);
    zg_csv_source_close(NULL);
    remove_temp_dir(dir);
}

/* An unterminated quote must not swallow a file of any size. */
static void test_caps(void)
{
    const int64_t n = 2 * ZG_CSV_MAX_ROW_BYTES;
    char *text = malloc((size_t)n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    char got[256];
    struct zg_error err = {0};
    memset(text, '\n', (size_t)n);
    memcpy(text, "a\nb\n\"", 5);
    check_failure(read_all(text, n, &csv, got, sizeof got, &err), ZG_INPUT, &err,
                  "F:3: a row of more than");
    /* as many wholly empty lines are no row */
    zg_error_clear(&err);
    text[4] = '\n';
    CU_ASSERT_EQUAL(read_all(text, n, &csv, got, sizeof got, &err), ZG_OK);
    CU_ASSERT_STRING_EQUAL(got, "a|2:b");
    memset(text, ',', (size_t)ZG_CSV_MAX_COLUMNS);
    text[ZG_CSV_MAX_COLUMNS] = '\n';
    check_failure(read_all(text, ZG_CSV_MAX_COLUMNS + 1, &csv, got, sizeof got, &err), ZG_INPUT,
                  &err, "F:1: 1025 columns, at most 1024");
    free(text);
}

/* What libcsv writes is what comes back, from a file longer than one chunk. */
static void test_round_trip(void)
{
    enum { N_ROWS = 4000 };
    static const char *const cells[] = {
        "", "a", "\"", "\"\"", "a,b", " a ", "x\ny", "x\r\ny", "\xc3\xa9\xe2\x82\xac", "'"};
    const size_t n_cells = sizeof cells / sizeof *cells;
    char dir[64];
    make_temp_dir(dir);
    const char *const path = temp_path(dir, "t.csv"); /* no other is asked for */
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("i,one,two,three\n", file);
    for (size_t i = 0; i < N_ROWS; i++) {
        fprintf(file, "%zu", i);
        for (size_t c = 1; c <= 3; c++) {
            const char *cell = cells[(i * c + c) % n_cells];
            fputc(',', file);
            csv_fwrite(file, cell, strlen(cell));
        }
        fputc('\n', file);
    }
    fclose(file);

    struct zg_csv_source *source = NULL;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(zg_csv_source_open(&source, path, &csv, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_csv_source_find(source, "i"), 0);
    CU_ASSERT_EQUAL(zg_csv_source_find(source, "three"), 3);
    CU_ASSERT_EQUAL(zg_csv_source_find(source, "four"), -1);
    CU_ASSERT_STRING_EQUAL(zg_csv_source_name(source), path);
    size_t i = 0;
    for (;; i++) {
        struct zg_csv_row row;
        CU_ASSERT_EQUAL_FATAL(zg_csv_source_next(source, &row, &err), ZG_OK);
        if (row.n_fields == 0)
            break;
        CU_ASSERT_EQUAL_FATAL(row.n_fields, 4);
        CU_ASSERT_EQUAL((size_t)atoi(row.fields[0].text), i);
        for (size_t c = 1; c <= 3; c++)
            CU_ASSERT_STRING_EQUAL(row.fields[c].text, cells[(i * c + c) % n_cells]);
    }
    CU_ASSERT_EQUAL(i, N_ROWS);
    zg_csv_source_close(&source);
    remove_temp_dir(dir);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"good input", test_good},
        {"hostile input", test_hostile},
        {"caps", test_caps},
        {"caps themselves", test_caps_themselves},
        {"no memory", test_no_memory},
        {"round trip through libcsv", test_round_trip},
        {NULL, NULL},
    };
    return zg_test_run("csv_source", tests);
}
