/* test_going_on_text.c - going_on_text.h: the command that goes on is one that a shell takes. */
#include <stdio.h>
#include <string.h>

#include "harness/run/going_on_text.h"
#include "tests/support/cunit_run.h"

static void expect(char *const *words, const char *out_dir, bool resume, const char *want)
{
    const struct zg_request request = {.argv = words, .out_dir = out_dir, .policy.resume = resume};
    char text[256] = "";
    FILE *const out = fmemopen(text, sizeof text, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    zg_going_on_print(&request, "zogap-results/2 b", out);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(text, want);
}

static void test_quotes(void)
{
    char *const plain[] = {"./zogap", "run", "--batch=2,4", "--out", "r/1", NULL};
    char *const odd[] = {"zogap", "run", "--tag", "who=it's me", "", "a;b", "$HOME", NULL};
    expect(plain, "r/1", false, "./zogap run --batch=2,4 --out r/1 --resume\n");
    expect(plain, "r/1", true, "./zogap run --batch=2,4 --out r/1\n");
    expect(odd, NULL, false,
           "zogap run --tag 'who=it'\\''s me' '' 'a;b' '$HOME' --out 'zogap-results/2 b' "
           "--resume\n");
}

int main(void)
{
    static const struct zg_test tests[] = {{"words are quoted", test_quotes}, {NULL, NULL}};
    return zg_test_run("harness/going_on_text", tests);
}
