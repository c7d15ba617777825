/* test_nearest.c - nearest.h: which name was meant, and when nothing was. */
#include "engines/base/nearest.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/cunit_run.h"

static void expect(const char *typed, const char *names, const char *hint)
{
    const struct zg_nearest nearest = zg_nearest_word(typed, names);
    CU_ASSERT_STRING_EQUAL(nearest.hint, hint);
    if (strcmp(nearest.hint, hint) != 0)
        printf("%s among %s: '%s', not '%s'\n", typed, names, nearest.hint, hint);
}

static void test_a_slip_of_the_finger(void)
{
    expect("rum", "info, run, ladder", "; did you mean 'run'?");
    expect("bacth", "bos batch blocks", "; did you mean 'batch'?");
    expect("fuesd", "naive, openblas, fused", "; did you mean 'fused'?");
    expect("verfiy", "info|run|verify", "; did you mean 'verify'?");
    expect("opt125m", "opt-mini, opt-125m", "; did you mean 'opt-125m'?");
    expect("onednnn", "onednn openblas", "; did you mean 'onednn'?");
    expect("aive", "naive", "; did you mean 'naive'?");
    expect("nv", "rank nu", "; did you mean 'nu'?");
}

static void test_capitals_and_underscores_cost_nothing(void)
{
    expect("Fused", "naive fused", "; did you mean 'fused'?");
    expect("MAX_TIME", "min-time max-time", "; did you mean 'max-time'?");
}

static void test_a_beginning(void)
{
    expect("open", "onednn openblas", "; did you mean 'openblas'?");
    expect("roof", "run roofline", "; did you mean 'roofline'?");
    expect("op", "openblas", ""); /* it may be the beginning of anything */
}

static void test_the_nearest_wins(void)
{
    expect("gat", "gate gather bat", "; did you mean 'gate' or 'gather' or 'bat'?");
    expect("blocs", "blocks block", "; did you mean 'blocks' or 'block'?");
    expect("fp12", "fp32 bf16 fp16 int8", "; did you mean 'fp32' or 'fp16'?");
    expect("aaaa", "aaab aaac aaad aaae", "; did you mean 'aaab' or 'aaac' or 'aaad'?");
    expect("fusee", "fused fused", "; did you mean 'fused'?"); /* once */
    expect("openblasst", "openbl openblas", "; did you mean 'openblas'?");
}

static void test_nothing_is_near(void)
{
    expect("warp", "model task data", "");
    expect("mezo", "lozo", ""); /* half of it differs */
    expect("x", "y", "");
    expect("", "run", "");
    expect("run", "", "");
    expect("run", "run", ""); /* no typing error */
    expect("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "");
}

static void test_one_by_one(void)
{
    static const char *const columns[] = {"the text", "label, as given", "id"};
    struct zg_nearest nearest = zg_nearest_begin("thetext");
    for (int i = 0; i < 3; i++)
        zg_nearest_try(&nearest, columns[i], strlen(columns[i]));
    CU_ASSERT_STRING_EQUAL(zg_nearest_hint(&nearest), "; did you mean 'the text'?");
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"a slip of the finger", test_a_slip_of_the_finger},
        {"capitals and underscores cost nothing", test_capitals_and_underscores_cost_nothing},
        {"a beginning", test_a_beginning},
        {"the nearest wins", test_the_nearest_wins},
        {"nothing is near", test_nothing_is_near},
        {"one by one", test_one_by_one},
        {NULL, NULL},
    };
    return zg_test_run("nearest names", tests);
}
