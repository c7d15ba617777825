/* show.c - numbers and cases as people read them: a time in the unit that fits, "-" where there is
 * none. */
#include "harness/rows/show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/rows/algorithm_cell.h"
#include "harness/rows/precision.h"

const char *zg_real_show(char *text, size_t size, const char *format, double value)
{
    if (isfinite(value))
        snprintf(text, size, format, value);
    else
        snprintf(text, size, "-");
    return text;
}

static const struct unit { /* of the time of a step */
    double least_s, per_s;
    const char *format, *name;
} units[] = {{0.1, 1, "%.3f", "s"}, {1e-4, 1e3, "%.2f", "ms"}, {-INFINITY, 1e6, "%.2f", "us"}};

static const struct unit *unit_of(double s)
{
    const struct unit *unit = units;
    while (s < unit->least_s)
        unit++;
    return unit;
}

const char *zg_step_time_show(double s, char *text, size_t size)
{
    const struct unit *const unit = unit_of(s);
    zg_real_show(text, size, unit->format, s * unit->per_s);
    const size_t n = strlen(text);
    if (isfinite(s))
        snprintf(text + n, size - n, " %s", unit->name);
    return text;
}

const char *zg_step_interval_show(const struct zg_stats *s, char *text, size_t size)
{
    const struct unit *const unit = unit_of(s->median);
    char low[32], high[32];
    zg_step_time_show(s->median, text, size);
    const size_t n = strlen(text);
    if (s->has_interval)
        snprintf(text + n, size - n, " [%s, %s]",
                 zg_real_show(low, sizeof low, unit->format, s->low * unit->per_s),
                 zg_real_show(high, sizeof high, unit->format, s->high * unit->per_s));
    return text;
}

/* What a check that was passed means: fp32 is held to rounding, and nothing coarser to be. */
const char *zg_verified_show(char *text, size_t size, int64_t verified, bool is_reference,
                             enum zg_dtype coarsest)
{
    if (verified == ZG_NO_INTEGER)
        return "-";
    if (!verified)
        return "DISAGREES";
    if (is_reference || coarsest == ZG_FP32)
        return "equal";
    snprintf(text, size, "%s: loss within %g", zg_dtype_name(coarsest),
             zg_loss_tolerance(coarsest));
    return text;
}

/* ", rank 2, nu 50" of an algorithm's text: its options but the sizes of a step. */
static const char *show_options(char *text, size_t size, const char *algorithm)
{
    struct zg_option_cell option;
    size_t n = 0;
    text[0] = '\0';
    while (zg_option_cell_next(&algorithm, &option) && n < size)
        if (strcmp(option.key, "algorithm") && strcmp(option.key, "eps") &&
            strcmp(option.key, "lr"))
            n += (size_t)snprintf(text + n, size - n, ", %s %s", option.key, option.value);
    return text;
}

const char *zg_case_show(const struct zg_summary_row *row, char *text, size_t size)
{
    const struct zg_case_row *const id = &row->id;
    struct zg_option_cell algorithm = {.value = "-"};
    char layers[96] = "", options[256];
    if (row->extrapolated == 1)
        snprintf(layers, sizeof layers,
                 " (%lld of %lld layers resident, repeated: throughput only)",
                 (long long)id->layers_resident, (long long)row->layers);
    zg_option_cell_find(id->algorithm, "algorithm", &algorithm);
    snprintf(text, size, "%s%s%s, %s (%s, %s), %s, batch %lld%s, %lld thread%s",
             id->model ? id->model : "-",
             id->synthetic == 1 ? " (synthetic weights: throughput only)" : "", layers,
             id->task ? id->task : "-", id->split ? id->split : "-",
             id->objective ? id->objective : "-", algorithm.value, (long long)id->batch,
             show_options(options, sizeof options, id->algorithm), (long long)id->threads,
             id->threads == 1 ? "" : "s");
    for (char *c = text; *c; c++) /* a name from a file may hold anything */
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
    return text;
}

void zg_case_title_print(const struct zg_summary_row *row)
{
    char name[1024], steps[64] = "";
    if (row->n > 0 && row->steps > 0)
        snprintf(steps, sizeof steps, " of the same %lld step%s", (long long)row->steps,
                 row->steps == 1 ? "" : "s");
    printf("%s, %lld block%s%s\n", zg_case_show(row, name, sizeof name), (long long)row->n,
           row->n == 1 ? "" : "s", steps);
}
