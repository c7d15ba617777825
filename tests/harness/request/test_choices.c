/* test_choices.c - choices.c: the words that a shell completes, and what may follow their colon. */
#include "harness/request/choices.h"

#include <string.h>

#include "engines/algorithm/algorithm.h"
#include "engines/zo.h"
#include "harness/request/engine_list.h"
#include "tests/support/cunit_run.h"

static bool has(const char *of, const char *word)
{
    char text[128];
    for (int64_t i = 0; zg_choice_setting(of, i, text, sizeof text); i++)
        if (strcmp(text, word) == 0)
            return true;
    return false;
}

static void settings_of_engines(void)
{
    CU_ASSERT(has("naive", "gemm=reference"));
    CU_ASSERT(has("naive", "dtype=fp32"));
    CU_ASSERT_FALSE(has("naive", "gemm="));
    CU_ASSERT_FALSE(has("naive", "dtype=fp16")); /* which it does not have */
    CU_ASSERT_FALSE(has("nobody", "dtype=fp32"));
    CU_ASSERT_FALSE(has("", "dtype=fp32"));
    const struct zg_engine *const fused = zg_engine_find("fused");
    if (fused && !fused->missing) {
        CU_ASSERT(has("fused", "mechanisms=all"));
        CU_ASSERT(has("fused", "mechanisms=trie"));
        CU_ASSERT(has("fused", "mechanisms=-trie"));
        CU_ASSERT_FALSE(has("fused", "gemm=reference"));
    }
    const struct zg_engine *engine; /* what is not in this build has none */
    char text[128];
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        CU_ASSERT_EQUAL(zg_choice_setting(engine->name, 0, text, sizeof text) == NULL,
                        engine->missing != NULL);
}

/* Each alone is an item that --engines takes. */
static void settings_of_engines_parse(void)
{
    const char *name;
    for (int64_t i = 0; (name = zg_choice_engine(i)); i++) {
        char setting[128], item[192];
        for (int64_t k = 0; zg_choice_setting(name, k, setting, sizeof setting); k++) {
            struct zg_engine_list list = {0};
            struct zg_error err = {0};
            snprintf(item, sizeof item, "%s:%s", name, setting);
            const enum zg_status status = zg_engine_list_parse(&list, item, NULL, &err);
            /* a library of the loop may be missing from this build */
            CU_ASSERT(status == ZG_OK || strstr(err.text, "not in this build"));
            if (status)
                printf("\n    %s: %s", item, err.text);
            zg_engine_list_close(&list);
        }
    }
}

static void settings_of_algorithms(void)
{
    CU_ASSERT(has("lozo", "rank="));
    CU_ASSERT(has("lozo", "direction=official"));
    CU_ASSERT_FALSE(has("lozo", "direction="));
    CU_ASSERT_FALSE(has("lozo", "rank"));
    const struct zg_algorithm *algorithm;
    for (int64_t i = 0; (algorithm = zg_algorithm_at(i)); i++) {
        struct zg_algorithm_choice choice;
        char setting[128], text[256];
        for (int64_t k = 0; zg_choice_setting(algorithm->name, k, setting, sizeof setting); k++) {
            if (setting[strlen(setting) - 1] == '=')
                continue; /* a number is to follow */
            snprintf(text, sizeof text, "%s:%s", algorithm->name, setting);
            CU_ASSERT_EQUAL(zg_algorithm_parse(text, &choice, NULL), ZG_OK);
        }
    }
}

int main(void)
{
    static const struct zg_test tests[] = {{"settings of engines", settings_of_engines},
                                           {"they parse", settings_of_engines_parse},
                                           {"settings of algorithms", settings_of_algorithms},
                                           {0}};
    return zg_test_run("choices", tests);
}
