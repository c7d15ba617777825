/* timing.c - a program on libzogap: the timing core on two functions of its own, which know no
 * model.  Is it quicker to sum a matrix along its rows or along its columns?
 */
#include <math.h>
#include <stdio.h>

#include <zogap/sampler.h>
#include <zogap/stats.h>

enum { N = 512, MAX_BLOCKS = 50, ROWS = 0, COLUMNS = 1 };

static float matrix[N][N];
static volatile float kept; /* or the compiler would drop the sums */
static double seconds[2][MAX_BLOCKS];

static enum zg_status along_rows(void *context, int64_t n_steps, struct zg_error *err)
{
    (void)context, (void)err;
    for (int64_t step = 0; step < n_steps; step++) {
        float sum = 0;
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                sum += matrix[i][j];
        kept = sum;
    }
    return ZG_OK;
}

static enum zg_status along_columns(void *context, int64_t n_steps, struct zg_error *err)
{
    (void)context, (void)err;
    for (int64_t step = 0; step < n_steps; step++) {
        float sum = 0;
        for (int j = 0; j < N; j++)
            for (int i = 0; i < N; i++)
                sum += matrix[i][j];
        kept = sum;
    }
    return ZG_OK;
}

static enum zg_status keep(void *context, const struct zg_sample *sample, struct zg_error *err)
{
    (void)context, (void)err;
    seconds[sample->subject][sample->block] = sample->wall_s_per_step;
    return ZG_OK;
}

int main(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            matrix[i][j] = (float)(i ^ j); /* of nothing but zeros a compiler knows the sum */

    struct zg_error err = {ZG_OK, ""};
    const struct zg_subject subjects[] = {{"rows", along_rows, NULL},
                                          {"columns", along_columns, NULL}};
    struct zg_sampler_policy policy = zg_sampler_policy_default();
    policy.seed = 1;
    policy.min_blocks = ZG_MIN_FOR_INTERVAL;
    policy.max_blocks = MAX_BLOCKS;
    policy.max_time_s = 5;
    policy.on_sample = keep;

    struct zg_sampler *sampler = NULL;
    enum zg_status status = zg_sampler_open(&sampler, subjects, 2, &policy, &err);
    if (!status)
        status = zg_sampler_run(sampler, &err);
    if (!status) {
        const int64_t n = zg_sampler_report(sampler)->n_blocks;
        double scratch[2 * MAX_BLOCKS];
        struct zg_stats of[2], ratio;
        char text[64];
        for (int i = 0; i < 2; i++) {
            zg_stats_of(seconds[i], n, scratch, &of[i]);
            printf("%-8s %.1f us, median of %d blocks\n", subjects[i].name, of[i].median * 1e6,
                   (int)n);
        }
        zg_stats_of_ratios(seconds[COLUMNS], seconds[ROWS], n, scratch, &ratio);
        zg_stats_show_ratio(&ratio, text, sizeof text);
        printf("rows over columns: %s\n", text);
        if (isnan(ratio.median))
            status = ZG_CHECK;
    } else {
        fprintf(stderr, "timing: %s\n", err.text);
    }
    zg_sampler_close(&sampler);
    return (int)status;
}
