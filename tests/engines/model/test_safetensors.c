/* test_safetensors.c - the header parser, on good files and on hostile ones. */
#include "engines/model/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"
#include "tests/support/exact.h"
#include "tests/support/failing_alloc.h"

/* Parses a file of that header and n_data bytes; a read past its end crashes. */
static enum zg_status parse(struct zg_safetensors *out, const char *header, size_t n_data,
                            struct zg_error *err)
{
    const size_t n = strlen(header), n_file = 8 + n + n_data;
    unsigned char *const whole = calloc(1, n_file);
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    unsigned char *const file = exact_copy(whole, n_file);
    free(whole);
    for (int i = 0; i < 8; i++)
        file[i] = (unsigned char)((uint64_t)n >> (8 * i) & 0xff);
    memcpy(file + 8, header, n);
    const enum zg_status status = zg_safetensors_parse(out, file, (int64_t)n_file, "a file", err);
    exact_free(file, n_file);
    return status;
}

static void test_good(void)
{
    struct zg_safetensors table;
    const char *const header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[6,30]},"
        "\"b\":{\"data_offsets\":[0,6],\"shape\":[3],\"dtype\":\"BF16\",\"more\":1},"
        "\"scalar\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[30,38]},"
        "\"empty\":{\"dtype\":\"F16\",\"shape\":[0,7],\"data_offsets\":[30,30]},"
        "\"odd\":{\"dtype\":\"F4_X\",\"shape\":[5],\"data_offsets\":[38,41]}}   ";
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(parse(&table, header, 41, &err), ZG_OK);
    CU_ASSERT_EQUAL(table.n_tensors, 5);
    const struct zg_safetensor *const w = zg_safetensors_find(&table, "w"), *const b =
                                                                                zg_safetensors_find(
                                                                                    &table, "b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_EQUAL(w->begin, (int64_t)(8 + strlen(header) + 6));
    CU_ASSERT_EQUAL(w->n_bytes, 24);
    CU_ASSERT(w->n_dims == 2 && w->dims[0] == 2 && w->dims[1] == 3);
    CU_ASSERT_STRING_EQUAL(w->dtype, "F32");
    CU_ASSERT(b->n_dims == 1 && b->dims[0] == 3 && b->n_bytes == 6);
    CU_ASSERT_EQUAL(zg_safetensors_find(&table, "scalar")->n_dims, 0);
    CU_ASSERT_PTR_NULL(zg_safetensors_find(&table, "__metadata__"));
    CU_ASSERT_PTR_NULL(zg_safetensors_find(&table, "x"));
    zg_safetensors_free(&table);
    CU_ASSERT_EQUAL(table.n_tensors, 0);
    zg_safetensors_free(&table);
    zg_safetensors_free(NULL);
    CU_ASSERT_EQUAL(parse(&table, "{}", 0, NULL), ZG_OK);
    CU_ASSERT_PTR_NULL(zg_safetensors_find(&table, "w"));
    zg_safetensors_free(&table);
}

#define W(fields) "{\"w\":{" fields "}}"
#define T(name, begin, end)                                                                        \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" begin "," end "]}"

#define SHAPE   "a file: tensor w: shape must be a list of at most 8 integers >= 0"
#define OFFSETS "a file: tensor w: data_offsets must be two integers, 0 <= begin <= end"

static void test_bad_headers(void)
{
    static const struct {
        const char *header;
        size_t n_data;
        const char *words;
    } bad[] = {
        {"", 0, "not valid JSON"},
        {"{", 0, "not valid JSON"},
        {"{} {}", 0, "not valid JSON"},
        {"[]", 0, "not a JSON object"},
        {"{\"a\\u0000b\":{}}", 0, "not valid JSON"},
        {"{\"\xff\xfe\":{}}", 0, "not valid JSON"},
        {"{" T("w", "0", "8") "," T("w", "8", "16") "}", 16, "duplicate"},
        {"{\"__metadata__\":[]}", 0, "__metadata__"},
        {"{\"__metadata__\":{\"a\":1}}", 0, "__metadata__"},
        {"{\"w\":3}", 0, "not an object"},
        {W("\"shape\":[2],\"data_offsets\":[0,8]"), 8, "dtype"},
        {W("\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]"), 8, "dtype"},
        {W("\"dtype\":\"F32\",\"data_offsets\":[0,8]"), 8, SHAPE},
        {W("\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]"), 8, SHAPE},
        {W("\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]"), 8, SHAPE},
        {W("\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]"), 8, SHAPE},
        {W("\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]"), 8, SHAPE},
        {W("\"dtype\":\"F32\",\"shape\":[2]"), 8, OFFSETS},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8]"), 8, OFFSETS},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]"), 8, OFFSETS},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]"), 8, OFFSETS},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]"), 8, OFFSETS},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,-8]"), 8, OFFSETS},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,\"8\"]"), 8, OFFSETS},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[\"0\",8]"), 8, OFFSETS},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,99999999999999999999]"), 8,
         "not valid JSON"},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775800,"
           "9223372036854775807]"),
         8, "data ends at byte 9223372036854775807, but the file holds 8 data bytes"},
        {W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]"), 7,
         "tensor w: data ends at byte 8, but the file holds 7 data bytes (truncated?)"},
        {W("\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]"), 8,
         "shape and dtype F32 ask for 12 bytes, data_offsets give 8"},
        {W("\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]"), 8, "ask for 4 bytes"},
        {W("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]"), 0,
         "overflows"},
        {W("\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]"), 0,
         "overflows"},
        {W("\"dtype\":\"F32\",\"shape\":[9223372036854775807,0],\"data_offsets\":[0,0]"), 0,
         "overflows"},
        {"{" T("w", "0", "8") "," T("x", "4", "12") "}", 12, "tensors w and x overlap"},
        {"{" T("w", "0", "8") "," T("x", "0", "8") "}", 8, "overlap"},
        {"{" T("w", "0", "8") "," T("x", "12", "20") "}", 20,
         "4 bytes before the data of tensor x belong to none"},
        {"{" T("w", "4", "12") "}", 12, "4 bytes before the data of tensor w belong to none"},
        {"{" T("x", "8", "16") "," T("w", "0", "8") "," T("y", "20", "28") "}", 28,
         "4 bytes before the data of tensor y belong to none"},
        {"{\"__metadata__\":{\"a\":\"b\",\"c\":1}}", 0, "__metadata__"},
        {"{\"__metadata__\":{\"a\":1,\"c\":\"d\"}}", 0, "__metadata__"},
        {"{" T("w", "0", "8") "}", 12, "the last 4 bytes"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_safetensors table;
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(parse(&table, bad[i].header, bad[i].n_data, &err), ZG_INPUT);
        CU_ASSERT(table.tensors == NULL && table.n_tensors == 0);
        zg_test_expect_words(err.text, bad[i].words);
        CU_ASSERT(strncmp(err.text, "a file: ", 8) == 0);
    }
}

/* Each dtype with its size: three items of it, then one byte more or less than that. */
static void test_dtypes(void)
{
    static const struct {
        const char *name;
        int item_bytes;
    } dtypes[] = {{"F64", 8}, {"F32", 4}, {"F16", 2},     {"BF16", 2},    {"I64", 8},
                  {"I32", 4}, {"I16", 2}, {"I8", 1},      {"U64", 8},     {"U32", 4},
                  {"U16", 2}, {"U8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"BOOL", 1}};
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        for (int more = -1; more <= 1; more++) {
            char header[200];
            struct zg_safetensors table;
            struct zg_error err = {0};
            const int n = 3 * dtypes[i].item_bytes + more;
            snprintf(header, sizeof header,
                     "{\"w\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%d]}}",
                     dtypes[i].name, n);
            CU_ASSERT_EQUAL(parse(&table, header, (size_t)n, &err), more ? ZG_INPUT : ZG_OK);
            CU_ASSERT_EQUAL(table.n_tensors, more ? 0 : 1);
            zg_safetensors_free(&table);
        }
}

/* Just what is allowed: as many dimensions as there may be, all of the data's bytes used, and a
 * header that ends the file whose length looks like the magic number of gzip. */
static void test_just_allowed(void)
{
    struct zg_safetensors table;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL_FATAL(
        parse(&table, W("\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]"), 8,
              &err),
        ZG_OK);
    CU_ASSERT(table.tensors[0].n_dims == 8 && table.tensors[0].dims[7] == 2);
    zg_safetensors_free(&table);
    char *const header = malloc(0x8b1f + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(header);
    memset(header, ' ', 0x8b1f);
    header[0x8b1f] = '\0';
    header[0] = '{';
    header[1] = '}';
    CU_ASSERT_EQUAL(parse(&table, header, 0, &err), ZG_OK);
    CU_ASSERT_EQUAL(table.n_tensors, 0);
    zg_safetensors_free(&table);
    header[1] = '{'; /* and now that it is none, it is said what it looks like */
    CU_ASSERT_EQUAL(parse(&table, header, 0, &err), ZG_INPUT);
    zg_test_expect_words(err.text, "compressed by gzip");
    /* so too where the file ends a few bytes sooner than that length asks for */
    unsigned char *const shorter = exact_copy(header, 0x8b1f);
    memcpy(shorter, "\x1f\x8b\0\0\0\0\0", 8);
    for (int64_t size = 0x8b1f - 9; size <= 0x8b1f; size++) {
        zg_error_clear(&err);
        CU_ASSERT_EQUAL(zg_safetensors_parse(&table, shorter, size, "a file", &err), ZG_INPUT);
        zg_test_expect_words(err.text, "compressed by gzip");
    }
    exact_free(shorter, 0x8b1f);
    free(header);
    /* a table of one */
    CU_ASSERT_EQUAL_FATAL(parse(&table, "{" T("w", "0", "8") "}", 8, NULL), ZG_OK);
    CU_ASSERT_PTR_NOT_NULL(zg_safetensors_find(&table, "w"));
    CU_ASSERT_PTR_NULL(zg_safetensors_find(&table, "v"));
    zg_safetensors_free(&table);
    /* tensors without data lie anywhere, in any order of names */
    CU_ASSERT_EQUAL_FATAL(parse(&table,
                                "{\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2,2]},"
                                "\"c\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]},"
                                "\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                                "\"d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}}",
                                4, &err),
                          ZG_OK);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(table.tensors[i].name[0], 'a' + i);
    zg_safetensors_free(&table);
}

static void test_no_memory(void)
{
    const char *const header = "{" T("w", "0", "8") "}";
    for (int n = 1;; n++) {
        struct zg_safetensors table;
        struct zg_error err = {0};
        fail_allocation(n + 1); /* the first is of parse() here */
        const enum zg_status status = parse(&table, header, 8, &err);
        const bool failed = allocation_failed();
        if (!failed) {
            CU_ASSERT_EQUAL(status, ZG_OK);
            zg_safetensors_free(&table);
            break;
        }
        CU_ASSERT(status != ZG_OK);
        CU_ASSERT(table.tensors == NULL && table.n_tensors == 0);
        zg_test_expect_words(err.text, "no memory");
    }
}

/* Files that end early, and lengths that lie. */
static void test_lengths(void)
{
    static const struct {
        unsigned char bytes[12];
        int64_t size;
        const char *words;
    } bad[] = {
        {{0}, 0, "x: 0 bytes are too few"},
        {{2, 0, 0}, 3, "x: 3 bytes are too few"},
        {{0, 0, 0, 0, 0, 0, 0}, 7, "x: 7 bytes are too few"},
        {{2, 0, 0, 0, 0, 0, 0, 0}, 8, "a header of 2 bytes does not fit in a file of 8"},
        {{3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, 10, "3 bytes does not fit in a file of 10 (trunc"},
        {{0, 0, 0, 1, 0, 0, 0, 0, '{', '}'}, 10, "a header of 16777216 bytes does not fit"},
        {{1, 2, 3, 0, 0, 0, 0, 0, '{', '}'}, 10, "a header of 197121 bytes does not fit"},
        {{0, 0, 0, 0, 0, 1, 0, 0, '{', '}'},
         10,
         "a header of 1099511627776 bytes is over the limit of"
         " 16777216 "},
        {{0}, 8, "the header is not valid JSON"},
        {{1, 0, 0, 1, 0, 0, 0, 0, '{', '}'}, 10, "limit"},
        {{255, 255, 255, 255, 255, 255, 255, 255, '{', '}'}, 10, "limit"},
        {{255, 255, 255, 255, 255, 255, 255, 127, '{', '}'}, 10, "limit"},
        {{0, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, 10, "not valid JSON"},
        /* gzip -n: a length that could be, in a file that is long enough */
        {{0x1f, 0x8b, 0, 0, 0, 0, 0, 0, 0, 0}, 10, "compressed by gzip"},
        {{'P', 'K', 3, 4, 20, 0, 0, 0, 8, 8, 0, 0}, 12, "this is a zip archive"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_safetensors table;
        struct zg_error err = {0};
        void *const exact = exact_copy(bad[i].bytes, (size_t)bad[i].size);
        CU_ASSERT_EQUAL(zg_safetensors_parse(&table, exact, bad[i].size, "x", &err), ZG_INPUT);
        zg_test_expect_words(err.text, bad[i].words);
        exact_free(exact, (size_t)bad[i].size);
    }
}

static void test_many_tensors(void)
{
    const int64_t n = ZG_SAFETENSORS_MAX_TENSORS + 1;
    char *const header = malloc((size_t)n * 80 + 16);
    CU_ASSERT_PTR_NOT_NULL_FATAL(header);
    for (int64_t count = n - 1; count <= n; count++) {
        size_t at = (size_t)sprintf(header, "{");
        for (int64_t i = 0; i < count; i++)
            at += (size_t)sprintf(
                header + at, "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                i ? "," : "", (int)i);
        sprintf(header + at, "}");
        struct zg_safetensors table;
        CU_ASSERT_EQUAL(parse(&table, header, 0, NULL), count == n ? ZG_INPUT : ZG_OK);
        zg_safetensors_free(&table);
    }
    free(header);
}

/* Names come from the file: long ones, and control characters, must not leave the message's one
 * line. */
static void test_names_in_messages(void)
{
    char header[3000], name[2001];
    memset(name, 'n', 2000);
    name[2000] = '\0';
    memcpy(name, "a\\nb\\u001b[1m", 12);
    snprintf(header, sizeof header, "{\"%s\":7}", name);
    struct zg_safetensors table;
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(parse(&table, header, 0, &err), ZG_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "not an object"));
    for (const char *c = err.text; *c; c++)
        CU_ASSERT((unsigned char)*c >= ' ');
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"good file", test_good},
        {"bad headers", test_bad_headers},
        {"lengths that lie", test_lengths},
        {"number of tensors", test_many_tensors},
        {"names in messages", test_names_in_messages},
        {"dtypes", test_dtypes},
        {"just allowed", test_just_allowed},
        {"no memory", test_no_memory},
        {NULL, NULL},
    };
    return zg_test_run("safetensors", tests);
}
