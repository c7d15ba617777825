/* test_engine_list.c - engine_list.h: items, settings, mechanisms, labels. */
#include <string.h>

#include "harness/request/engine_list.h"
#include "tests/support/cunit_run.h"

/* The first engine of the build that can be opened, whatever it is. */
static const struct zg_engine *some_engine(void)
{
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        if (!engine->missing)
            return engine;
    return NULL;
}

static void test_default(void)
{
    struct zg_engine_list list;
    CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&list, NULL, NULL, NULL), ZG_OK);
    CU_ASSERT_TRUE(list.n_items >= 1);
    for (int64_t i = 0; i < list.n_items; i++) {
        CU_ASSERT_PTR_NULL(list.items[i].engine->missing);
        const struct zg_engine_options options =
            zg_engine_item_options(&list.items[i], ZG_FP32, ZG_FP32);
        CU_ASSERT_EQUAL(options.mechanisms,
                        zg_engine_default_mechanisms(list.items[i].engine, ZG_FP32, ZG_FP32));
    }
    zg_engine_list_close(&list);
}

static void test_twice(void)
{
    const char *const name = some_engine()->name;
    char text[128], second[64];
    struct zg_engine_list list;
    snprintf(text, sizeof text, "%s,%s:dtype=fp32,%s", name, name, name);
    snprintf(second, sizeof second, "%s#2", name);
    CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&list, text, NULL, NULL), ZG_OK);
    CU_ASSERT_EQUAL(list.n_items, 3);
    CU_ASSERT_STRING_EQUAL(list.items[0].label, name);
    CU_ASSERT_TRUE(list.items[1].has_dtype);
    CU_ASSERT_STRING_EQUAL(list.items[2].label, second);
    CU_ASSERT_EQUAL(zg_engine_list_find(&list, second), 2);
    CU_ASSERT_EQUAL(zg_engine_list_find(&list, name), 0);
    CU_ASSERT_EQUAL(zg_engine_list_find(&list, "nobody"), -1);
    zg_engine_list_close(&list);
}

/* What --mechanisms makes of an engine is in its label, in one way however it was written. */
static void test_labels(void)
{
    static const struct {
        const char *given, *label;
    } cases[] = {
        {"paired,adapter", ":mechanisms=adapter+paired"},
        {"adapter,paired", ":mechanisms=adapter+paired"},
        {"-trie", ":mechanisms=-trie"},
        {"default,-trie", ":mechanisms=-trie"},
        {"all,-trie", ":mechanisms=all+-trie"},
        {"none", ":mechanisms=none"},
        {"default", ""},
        {"-trie,trie", ""},
    };
    const struct zg_engine *engine;
    struct zg_engine_list list;
    char want[128], items[128];
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++) {
            const bool has = engine->mechanisms & ZG_MECHANISM_BIT(ZG_M_TRIE);
            const bool asks = strstr(cases[j].given, "adapter") || strstr(cases[j].given, ",trie");
            if (engine->missing || (asks && !has)) /* which is refused */
                continue;
            snprintf(want, sizeof want, "%s%s", engine->name, has ? cases[j].label : "");
            CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&list, engine->name, cases[j].given, NULL),
                                  ZG_OK);
            CU_ASSERT_STRING_EQUAL(list.items[0].label, want);
            CU_ASSERT_EQUAL(zg_engine_list_find(&list, engine->name), 0);
            zg_engine_list_close(&list);
            /* an item's own come first, and what is written out is the same item */
            if (!has || !cases[j].label[0])
                continue;
            snprintf(items, sizeof items, "%s:mechanisms=all,%s%s,%s", engine->name, engine->name,
                     cases[j].label, engine->name);
            snprintf(want, sizeof want, "%s%s#2", engine->name, cases[j].label);
            CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&list, items, cases[j].given, NULL), ZG_OK);
            CU_ASSERT_EQUAL(strcspn(list.items[0].label, ":"), strlen(engine->name));
            CU_ASSERT_STRING_EQUAL(strchr(list.items[0].label, ':'), ":mechanisms=all");
            CU_ASSERT_STRING_EQUAL(list.items[2].label, want);
            zg_engine_list_close(&list);
        }
}

static void test_dtypes(void)
{
    const char *const name = some_engine()->name;
    char text[128];
    struct zg_engine_list list;
    snprintf(text, sizeof text, "%s:dtype=fp32,%s", name, name);
    CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&list, text, NULL, NULL), ZG_OK);
    /* an item's own dtype, and the case's where it has none */
    struct zg_engine_options options = zg_engine_item_options(&list.items[0], ZG_BF16, ZG_INT8);
    CU_ASSERT_EQUAL(options.dtype, ZG_FP32);
    CU_ASSERT_EQUAL(options.dtype_d, ZG_FP32);
    options = zg_engine_item_options(&list.items[1], ZG_BF16, ZG_INT8);
    CU_ASSERT_EQUAL(options.dtype, ZG_BF16);
    CU_ASSERT_EQUAL(options.dtype_d, ZG_INT8);
    zg_engine_list_close(&list);
    /* a pair needs centred, which naive has not */
    struct zg_error err = {0};
    if (zg_engine_find("naive")) {
        CU_ASSERT_EQUAL(zg_engine_list_parse(&list, "naive:dtype=bf16+int8", NULL, &err), ZG_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "naive"));
    }
}

static void test_refusals(void)
{
    const char *const name = some_engine()->name;
    static const char *const bad[] = {"%s:",
                                      "%s:x",
                                      "%s:=x",
                                      "%s:x=",
                                      "%s:nokey=1",
                                      "%s:dtype=fp99",
                                      "%s:dtype=bf16+",
                                      "%s:dtype=+int8",
                                      "%s:dtype=int8+int8",
                                      "%s:dtype=bf16+int8+int8",
                                      "%s,",
                                      "%s,,%s",
                                      "%s:mechanisms=flying",
                                      "%s:mechanisms=",
                                      ",%s"};
    struct zg_engine_list list;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[128];
        struct zg_error err = {0};
        const char *const mark = strstr(bad[i], "%s");
        snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - bad[i]), bad[i], name, mark + 2);
        char *const again = strstr(text, "%s");
        if (again)
            *again = 'x';
        CU_ASSERT_EQUAL(zg_engine_list_parse(&list, text, NULL, &err), ZG_USAGE);
        CU_ASSERT_TRUE(err.text[0] != '\0');
    }
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_engine_list_parse(&list, "warp", NULL, &err), ZG_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "warp"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, name)); /* what would be right */
    CU_ASSERT_EQUAL(zg_engine_list_parse(&list, NULL, "adapter,warp", NULL), ZG_USAGE);
    /* naive has no mechanisms: a list for all engines passes it by, its own may only be none */
    if (zg_engine_find("naive")) {
        zg_error_clear(&err);
        CU_ASSERT_EQUAL(zg_engine_list_parse(&list, "naive:mechanisms=trie", NULL, &err), ZG_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "trie"));
        CU_ASSERT_EQUAL(zg_engine_list_parse(&list, "naive:mechanisms=-trie", NULL, NULL),
                        ZG_USAGE);
        CU_ASSERT_EQUAL(zg_engine_list_parse(&list, "naive:mechanisms=none", NULL, NULL), ZG_OK);
        zg_engine_list_close(&list);
        CU_ASSERT_EQUAL(zg_engine_list_parse(&list, "naive", "-trie", NULL), ZG_OK);
        zg_engine_list_close(&list);
        /* what nobody in the list has was asked for in vain */
        zg_error_clear(&err);
        CU_ASSERT_EQUAL(zg_engine_list_parse(&list, "naive", "adapter,paired", &err), ZG_USAGE);
        CU_ASSERT_PTR_NOT_NULL(
            strstr(err.text, "no engine of this list that takes it has adapter"));
        CU_ASSERT_EQUAL(zg_engine_list_parse(&list, "naive:dtype=bf16:dtype=fp32", NULL, NULL),
                        ZG_USAGE);
    }
}

/* What a list means for an engine that declares everything, or nothing. */
static uint32_t chosen(const char *text, char separator, enum zg_dtype dtype, enum zg_dtype dtype_d)
{
    const struct zg_engine all = {.mechanisms = (1u << ZG_N_MECHANISMS) - 1}, none = {0};
    struct zg_mechanism_choice choice;
    CU_ASSERT_EQUAL_FATAL(zg_mechanisms_parse("m", text, separator, &choice, NULL), ZG_OK);
    CU_ASSERT_EQUAL(zg_mechanisms_choose(&choice, &none, dtype, dtype_d), 0);
    return zg_mechanisms_choose(&choice, &all, dtype, dtype_d);
}
#define BIT(name) ZG_MECHANISM_BIT(ZG_M_##name)

static void test_mechanisms(void)
{
    const uint32_t all = (1u << ZG_N_MECHANISMS) - 1;
    const uint32_t fp32 = all & ~(BIT(BANK) | BIT(CENTRED));
    CU_ASSERT_EQUAL(chosen("all", ',', ZG_FP32, ZG_FP32), all);
    CU_ASSERT_EQUAL(chosen("none", ',', ZG_BF16, ZG_BF16), 0);
    CU_ASSERT_EQUAL(chosen("adapter,trie", ',', ZG_BF16, ZG_BF16), BIT(ADAPTER) | BIT(TRIE));
    CU_ASSERT_EQUAL(chosen("all,-trie", ',', ZG_FP32, ZG_FP32), all & ~BIT(TRIE));
    /* relative to the default, which is another one in low precision */
    CU_ASSERT_EQUAL(chosen("default", ',', ZG_FP32, ZG_FP32), fp32);
    CU_ASSERT_EQUAL(chosen("default", ',', ZG_BF16, ZG_BF16), all);
    CU_ASSERT_EQUAL(chosen("default", ',', ZG_FP32, ZG_INT8), all);
    CU_ASSERT_EQUAL(chosen("-trie+-last", '+', ZG_FP32, ZG_FP32), fp32 & ~(BIT(TRIE) | BIT(LAST)));
    CU_ASSERT_EQUAL(chosen("-centred", ',', ZG_INT8, ZG_INT8), all & ~BIT(CENTRED));
    CU_ASSERT_EQUAL(chosen("default+centred", '+', ZG_FP32, ZG_FP32), fp32 | BIT(CENTRED));
    CU_ASSERT_EQUAL(chosen("default+-trie+centred", '+', ZG_FP32, ZG_FP32),
                    (fp32 | BIT(CENTRED)) & ~BIT(TRIE));
    /* what needs a removed one goes with it; later names win */
    CU_ASSERT_EQUAL(chosen("-adapter", ',', ZG_FP32, ZG_FP32),
                    fp32 & ~(BIT(ADAPTER) | BIT(PAIRED) | BIT(COMMON) | BIT(LAZY)));
    CU_ASSERT_EQUAL(chosen("default,centred,-paired", ',', ZG_FP32, ZG_FP32),
                    fp32 & ~(BIT(PAIRED) | BIT(COMMON)));
    CU_ASSERT_EQUAL(chosen("-trie,trie", ',', ZG_FP32, ZG_FP32), fp32);
    CU_ASSERT_EQUAL(chosen("centred,default", ',', ZG_FP32, ZG_FP32), fp32);
    static const char *const bad[] = {"",     "trie,",      "-",        "none,trie",
                                      "Trie", "trie,-none", "default,", "-default"};
    struct zg_mechanism_choice choice;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_EQUAL(zg_mechanisms_parse("m", bad[i], ',', &choice, NULL), ZG_USAGE);
    char text[256];
    CU_ASSERT_STRING_EQUAL(
        zg_mechanisms_show(ZG_MECHANISM_BIT(ZG_M_ADAPTER) | ZG_MECHANISM_BIT(ZG_M_LAZY), '+', text,
                           sizeof text),
        "adapter+lazy");
    CU_ASSERT_STRING_EQUAL(zg_mechanisms_show(0, '+', text, sizeof text), "none");
}

int main(void)
{
    static const struct zg_test tests[] = {{"every engine of the build by default", test_default},
                                           {"one engine several times", test_twice},
                                           {"--mechanisms in labels", test_labels},
                                           {"an item's dtype and the case's", test_dtypes},
                                           {"what is wrong is refused", test_refusals},
                                           {"lists of mechanisms", test_mechanisms},
                                           {NULL, NULL}};
    return zg_test_run("harness/engine_list", tests);
}
