/* test_json_memory.c - JSON where the n-th allocation fails, for every n.  Linked with
 * -Wl,--wrap=malloc,--wrap=free: what our own objects allocate comes from a pool, which also takes
 * back what jansson's reader leaves behind. */
#include "engines/base/json_memory.h"

#include <string.h>

#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

static _Alignas(16) char pool[1 << 16];
static size_t used;
static int n_mallocs, fails_at; /* fails_at 0: none */

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    const size_t rounded = (size + 15) / 16 * 16;
    if (++n_mallocs == fails_at || rounded > sizeof pool - used)
        return NULL;
    used += rounded;
    return pool + used - rounded;
}

void __wrap_free(void *p);
void __wrap_free(void *p)
{
    (void)p;
}

static void fail_at(int n)
{
    used = 0;
    n_mallocs = 0;
    fails_at = n;
}

/* Tokens longer than the 16 bytes that the reader begins with: keys, strings, numbers. */
static const char text[] =
    "{\"a key of more than sixteen bytes\": [1234567890123456, 1e-2, true],\n"
    " \"b\": \"and a string \\u00e4 of more than sixty-four, so that there is no "
    "room for it twice in a row\",\n"
    " \"c\": {\"d\": 12345678901234567.0}}";

static void sweep(json_t *(*read)(const char *source, json_error_t *error), const char *source)
{
    json_error_t error;
    fail_at(0);
    const json_t *const whole = read(source, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(whole, "a key of more than sixteen bytes")), 3);
    const int n_all = n_mallocs;
    CU_ASSERT(n_all > 20);
    for (int n = 1; n <= n_all; n++) {
        fail_at(n);
        CU_ASSERT_PTR_NULL(read(source, &error));
        CU_ASSERT_STRING_EQUAL(error.text, "no memory");
        CU_ASSERT(zg_json_memory_failed());
    }
    fail_at(0); /* and works again */
    CU_ASSERT_PTR_NOT_NULL(read(source, &error));
}

static json_t *read_text(const char *source, json_error_t *error)
{
    return zg_json_read(source, strlen(source), error);
}

static void test_read(void)
{
    CU_ASSERT(!zg_json_memory_failed());
    sweep(read_text, text);
}

static void test_read_file(void)
{
    char dir[64];
    make_temp_dir(dir);
    write_temp_file(dir, "a.json", text, strlen(text));
    sweep(zg_json_read_file, temp_path(dir, "a.json"));
    remove_temp_dir(dir);
}

static void test_wrong(void)
{
    json_error_t error;
    fail_at(0);
    CU_ASSERT_PTR_NULL(zg_json_read("{\"a\": 1, \"a\": 2}", 16, &error));
    zg_test_expect_words(error.text, "duplicate object key");
    CU_ASSERT_PTR_NULL(zg_json_read_file("/nowhere/at/all.json", &error));
    CU_ASSERT(error.line < 1);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"every allocation fails", test_read},
        {"every allocation fails, of a file", test_read_file},
        {"what is wrong", test_wrong},
        {NULL, NULL},
    };
    zg_json_memory_watch();
    return zg_test_run("engines/base/json_memory", tests);
}
