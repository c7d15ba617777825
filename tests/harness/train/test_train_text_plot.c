/* test_train_text_plot.c - where points come to lie, and what stands around them. */
#include "harness/train/text_plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cunit_run.h"

static const struct zg_text_axes axes = {
    .title = "accuracy", .x_name = "steps", .n_columns = 21, .n_rows = 5};

static char *plot_of(const struct zg_text_curve *curves, int64_t n)
{
    char *text = NULL;
    size_t size;
    FILE *const out = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    zg_text_plot(curves, n, &axes, out);
    fclose(out);
    return text;
}

static void one_curve(void)
{
    static const double x[] = {0, 50, 100}, y[] = {0.5, 0.75, 1};
    const struct zg_text_curve curve = {"naive", x, y, 3};
    char *const text = plot_of(&curve, 1);
    CU_ASSERT_STRING_EQUAL(text, "accuracy\n"
                                 "       1 |                    o\n"
                                 "         |\n"
                                 "         |          o\n"
                                 "         |\n"
                                 "     0.5 |o\n"
                                 "         +---------------------\n"
                                 "          0      steps      100\n");
    free(text);
}

/* Of two points in one place the first curve's is seen; names stand below. */
static void several_curves(void)
{
    static const double x[] = {0, 100}, y[] = {0, 1}, z[] = {0, 0.5};
    const struct zg_text_curve curves[] = {{"a", x, y, 2}, {"b", x, z, 2}};
    char *const text = plot_of(curves, 2);
    zg_test_expect_words(text, "       0 |o\n");
    zg_test_expect_words(text, "         |                    x\n");
    zg_test_expect_words(text, "          o a\n");
    zg_test_expect_words(text, "          x b\n");
    free(text);
}

static void what_is_not_finite_is_left_out(void)
{
    static const double x[] = {0, 1, 2}, y[] = {NAN, 3, INFINITY}, none[] = {NAN, NAN, NAN};
    const struct zg_text_curve one = {"one", x, y, 3}, nothing = {"none", x, none, 3};
    char *const text = plot_of(&one, 1), *const empty = plot_of(&nothing, 1);
    zg_test_expect_words(text, "       3 |          o\n"); /* one value: in the middle */
    CU_ASSERT_STRING_EQUAL(empty, "");
    free(text);
    free(empty);
}

/* More than there are marks for are not drawn. */
static void many_curves(void)
{
    static const double x[] = {0}, y[] = {1};
    struct zg_text_curve curves[ZG_TEXT_CURVES + 3];
    for (int i = 0; i < ZG_TEXT_CURVES + 3; i++)
        curves[i] = (struct zg_text_curve){i < ZG_TEXT_CURVES ? "in" : "out", x, y, 1};
    char *const text = plot_of(curves, ZG_TEXT_CURVES + 3);
    CU_ASSERT_PTR_NULL(strstr(text, "out"));
    zg_test_expect_words(text, "& in");
    free(text);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"one curve", one_curve},
        {"several curves", several_curves},
        {"what is not finite is left out", what_is_not_finite_is_left_out},
        {"many curves", many_curves},
        {0}};
    return zg_test_run("train text plot", tests);
}
