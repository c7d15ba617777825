/* test_train_curve.c - curve.csv, cut at every byte and gone on with, is the file that was never
 * cut. */
#define _GNU_SOURCE /* asprintf */
#include "harness/train/curve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/cunit_run.h"
#include "tests/support/temp_dir.h"

enum { N_STEPS = 6 };

static const char *const engines[] = {"naive", "fused:dtype=\"x,y\""};

/* A row after n steps; every second one has an evaluation, the last one more, of eval. */
static struct zg_curve_row row_of(int64_t n, int e, bool of_eval)
{
    struct zg_curve_row row;
    zg_row_clear(&zg_schema_curve, &row);
    row.id.engine = engines[e];
    row.id.model = "opt-mini";
    row.step = n;
    row.forwards = 2 * n;
    row.rows_xxh3 = n % 2 ? "0123456789abcdef" : "fedcba9876543210";
    row.wall_s = 0.1 * (double)n;
    if (!of_eval) {
        row.loss_plus = 1.0 / (double)(3 + n + e);
        row.loss_minus = 1.0 / (double)(4 + n + e);
        row.c = row.loss_plus - row.loss_minus;
    }
    if (of_eval || n % 2 == 0) {
        row.eval_split = of_eval ? "eval" : "dev";
        row.eval_loss = 2.0 / (double)(3 + n);
        row.eval_metric = 0.25;
    }
    return row;
}

static enum zg_status put(struct zg_train_curve *curve, int64_t n, int e, bool of_eval,
                          int *n_evaluated, struct zg_error *err)
{
    struct zg_curve_row row = row_of(n, e, of_eval);
    if (zg_train_curve_next(curve, engines[e], n)) {
        row.eval_split = NULL; /* what the file has is taken from it */
        row.eval_loss = row.eval_metric = NAN;
        return zg_train_curve_take(curve, &row, err);
    }
    *n_evaluated += row.eval_split != NULL;
    return zg_train_curve_add(curve, &row, err);
}

/* Writes the rows up to n_steps, taking those that are there. */
static enum zg_status write_curve(const char *dir, bool go_on, int64_t n_before, int64_t n_steps,
                                  int *n_evaluated, struct zg_error *err)
{
    struct zg_train_curve curve;
    char note[512];
    *n_evaluated = 0;
    enum zg_status status =
        zg_train_curve_open(&curve, dir, go_on, n_before, note, sizeof note, err);
    if (status)
        return status;
    for (int64_t n = 0; n <= n_steps && !status; n++)
        for (int e = 0; e < 2 && !status; e++) {
            status = put(&curve, n, e, false, n_evaluated, err);
            if (!status && n == N_STEPS)
                status = put(&curve, n, e, true, n_evaluated, err);
        }
    CU_ASSERT(status || curve.all.n == 2 * (n_steps + 1 + (n_steps == N_STEPS)));
    zg_train_curve_close(&curve);
    return status;
}

static char *whole_file(void)
{
    char dir[64];
    int n_evaluated;
    make_temp_dir(dir);
    CU_ASSERT_EQUAL_FATAL(write_curve(dir, false, 0, N_STEPS, &n_evaluated, NULL), ZG_OK);
    CU_ASSERT_EQUAL(n_evaluated, 2 * (N_STEPS / 2 + 2));
    char *const text = read_temp_file(dir, "curve.csv");
    remove_temp_dir(dir);
    return text;
}

static void cut_at_every_byte(void)
{
    char *const whole = whole_file();
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    const size_t n = strlen(whole);
    for (size_t cut = 0; cut <= n; cut++) {
        char dir[64];
        int n_evaluated;
        struct zg_error err = {0};
        make_temp_dir(dir);
        write_temp_file(dir, "curve.csv", whole, cut);
        CU_ASSERT_EQUAL(write_curve(dir, true, N_STEPS, N_STEPS, &n_evaluated, &err), ZG_OK);
        char *const now = read_temp_file(dir, "curve.csv");
        CU_ASSERT(now && strcmp(now, whole) == 0);
        CU_ASSERT(cut < n || n_evaluated == 0);
        CU_ASSERT_EQUAL(count_temp_files(dir), 1);
        free(now);
        remove_temp_dir(dir);
    }
    free(whole);
}

/* The file says more than the steps that are on disk. */
static void rows_of_lost_steps_go(void)
{
    char *const whole = whole_file();
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    for (int64_t n_before = 0; n_before <= N_STEPS; n_before++) {
        char dir[64], note[512];
        int n_evaluated;
        struct zg_train_curve curve;
        make_temp_dir(dir);
        write_temp_file(dir, "curve.csv", whole, strlen(whole));
        CU_ASSERT_EQUAL(zg_train_curve_open(&curve, dir, true, n_before, note, sizeof note, NULL),
                        ZG_OK);
        CU_ASSERT_EQUAL(curve.n_old, 2 * (n_before + 1) + (n_before == N_STEPS ? 2 : 0));
        CU_ASSERT_EQUAL(note[0] != '\0', n_before < N_STEPS);
        zg_train_curve_close(&curve);
        CU_ASSERT_EQUAL(write_curve(dir, true, n_before, N_STEPS, &n_evaluated, NULL), ZG_OK);
        char *const now = read_temp_file(dir, "curve.csv");
        CU_ASSERT(now && strcmp(now, whole) == 0);
        free(now);
        remove_temp_dir(dir);
    }
    free(whole);
}

/* Each digit of a number that follows from the steps, changed: it is named. */
static void a_changed_file_is_found(void)
{
    static const struct {
        const char *from, *to, *says;
    } changes[] = {{"naive", "naivf", "row 1 "},
                   {"0.333333333", "0.333333334", "row 1 (engine naive, step 0)"},
                   {"fedcba9876543210", "fedcba9876543211", "other rows were drawn"},
                   {"opt-mini", "opt-mini2", "another case"}};
    char *const whole = whole_file();
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char dir[64], *text = NULL;
        int n_evaluated;
        struct zg_error err = {0};
        const char *const at = strstr(strchr(whole, '\n'), changes[i].from);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        make_temp_dir(dir);
        CU_ASSERT_FATAL(asprintf(&text, "%.*s%s%s", (int)(at - whole), whole, changes[i].to,
                                 at + strlen(changes[i].from)) > 0);
        write_temp_file(dir, "curve.csv", text, strlen(text));
        CU_ASSERT_EQUAL(write_curve(dir, true, N_STEPS, N_STEPS, &n_evaluated, &err), ZG_INPUT);
        zg_test_expect_words(err.text, changes[i].says);
        zg_test_expect_words(err.text, "curve.csv");
        char *const now = read_temp_file(dir, "curve.csv");
        CU_ASSERT(now && strcmp(now, text) == 0); /* and nothing was written */
        free(now);
        free(text);
        remove_temp_dir(dir);
    }
    free(whole);
}

int main(void)
{
    static const struct zg_test tests[] = {{"cut at every byte", cut_at_every_byte},
                                           {"rows of lost steps go", rows_of_lost_steps_go},
                                           {"a changed file is found", a_changed_file_is_found},
                                           {0}};
    return zg_test_run("train curve", tests);
}
