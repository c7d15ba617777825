/* test_file_kind.c - first bytes and what they are; messages that hold bytes of files. */
#include "engines/base/file_kind.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static void test_kinds(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *words; /* NULL: nothing known */
    } cases[] = {
        {"version https://git-lfs.github.com/spec/v1\n", 43, "git lfs pull"},
        {"\x1f\x8b\x08", 3, "gzip"},
        {"BZh91AY&SY", 10, "bzip2"},
        {"\xfd"
         "7zXZ\0",
         6, "xz"},
        {"\x28\xb5\x2f\xfd", 4, "zstd"},
        {"PK\x03\x04", 4, "zip"},
        {"\x80\x02}", 3, "pickle"},
        {"GGUF\x03\0\0\0", 8, "GGUF"},
        {"\x89HDF\r\n", 6, "HDF5"},
        {"PAR1\x15\x04", 6, "Parquet"},
        {"SQLite format 3\0", 16, "SQLite"},
        {"<!DOCTYPE html>", 15, "HTML"},
        {"\xff\xfe{\0", 4, "UTF-16"},
        {"\xfe\xff\0{", 4, "UTF-16"},
        {"{\0\"\0", 4, "UTF-16"},
        {"\0{\0\"", 4, "UTF-16"},
        {"\xff\xfe\0\0", 4, "UTF-32"},
        {"", 0, NULL},
        {"P", 1, NULL},
        {"{\"a\": 1}", 8, NULL},
        {"PAR1,BZh,GGUF", 13, NULL}, /* names of columns */
        {"\xef\xbb\xbf{}", 5, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const kind = zg_file_kind(cases[i].bytes, cases[i].n);
        struct zg_error err = {0};
        CU_ASSERT_EQUAL(!kind, !cases[i].words);
        if (kind && cases[i].words)
            zg_test_expect_words(kind, cases[i].words);
        CU_ASSERT_EQUAL(zg_file_expect_text(cases[i].bytes, cases[i].n, "f", &err),
                        cases[i].words ? ZG_INPUT : ZG_OK);
    }
    char tar[264] = "name";
    memcpy(tar + 257, "ustar", 6);
    zg_test_expect_words(zg_file_kind(tar, sizeof tar), "tar");
    CU_ASSERT_EQUAL(zg_utf8_mark("\xef\xbb\xbf{}", 5), 3);
    CU_ASSERT_EQUAL(zg_utf8_mark("\xef\xbb", 2), 0);
    CU_ASSERT_EQUAL(zg_utf8_mark("abc", 3), 0);
}

static void expect_json(const char *text, const char *words)
{
    char dir[64];
    json_error_t from_bytes, from_file;
    make_temp_dir(dir);
    write_temp_file(dir, "x.json", text, strlen(text));
    json_t *const a = zg_json_read(text, strlen(text), &from_bytes), *const b = zg_json_read_file(
                                                                         temp_path(dir, "x.json"),
                                                                         &from_file);
    CU_ASSERT_EQUAL(!a, words != NULL);
    CU_ASSERT_EQUAL(!b, words != NULL);
    if (!b && words)
        zg_test_expect_words(from_file.text, words);
    json_decref(a);
    json_decref(b);
    remove_temp_dir(dir);
}

static void test_json(void)
{
    expect_json("{\"a\": 1}", NULL);
    expect_json("\xef\xbb\xbf{\"a\": 1}", NULL);
    expect_json("{\"a\": 1}\n{\"a\": 2}\n", "not JSON lines");
    expect_json("\x1f\x8b\x08", "gzip");
    expect_json("\xff\xfe{", "UTF-16");
    json_error_t error;
    CU_ASSERT_PTR_NULL(zg_json_read_file("/dev/null/x", &error));
    zg_test_expect_words(error.text, "/dev/null/x");
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"kinds", test_kinds},
        {"JSON", test_json},
        {NULL, NULL},
    };
    return zg_test_run("file kinds", tests);
}
