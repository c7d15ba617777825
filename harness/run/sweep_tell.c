/* sweep_tell.c - names and results of cases, and the time that is left: sweep_tell.h. */
#include "harness/run/sweep_tell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/page.h"
#include "harness/rows/show.h"
#include "harness/run/estimate.h"

/* The last axis varies fastest, so its value is found first; the name has the first one first. */
const char *zg_sweep_case_name(const struct zg_session *session, int64_t index, char *text,
                               size_t size)
{
    const struct zg_sweep *const sweep = &session->request->sweep;
    int64_t value[ZG_MAX_AXES];
    size_t n = 0;
    for (int64_t i = sweep->n_axes - 1; i >= 0; i--) {
        value[i] = index % sweep->axes[i].values.n_words;
        index /= sweep->axes[i].values.n_words;
    }
    text[0] = '\0';
    for (int64_t i = 0; i < sweep->n_axes && n < size; i++)
        if (sweep->axes[i].values.n_words > 1)
            n += (size_t)snprintf(text + n, size - n, "%s%s %s", n ? ", " : "",
                                  sweep->axes[i].flag->name, sweep->axes[i].values.words[value[i]]);
    return text;
}

double zg_sweep_rest_s(const struct zg_session *session, int64_t index,
                       const struct zg_sweep_pace *pace, double case_s)
{
    double rest_s = 0;
    const double spent_s = pace->spent_s + case_s;
    const double estimated_s = pace->estimated_s + zg_estimate_s(session, index);
    for (int64_t i = index + 1; i < session->n_cases; i++)
        rest_s += zg_estimate_s(session, i);
    return rest_s * spent_s / estimated_s;
}

void zg_sweep_tell_result(const struct zg_session *session, int64_t index,
                          const struct zg_summary_row *rows, FILE *out)
{
    char name[256], text[96], *line = NULL;
    size_t size;
    FILE *const file = open_memstream(&line, &size);
    if (!file)
        return;
    fprintf(file, "case %lld of %lld, %s", (long long)index + 1, (long long)session->n_cases,
            zg_sweep_case_name(session, index, name, sizeof name));
    for (int64_t i = 0; i < session->engines.n_items; i++) {
        const struct zg_summary_row *const row = &rows[i];
        fprintf(file, "%s %s %s", i == 0 ? ":" : ";", row->id.engine,
                row->verified == 0
                    ? "disagrees"
                    : zg_step_time_show(row->wall_s_per_step_median, text, sizeof text));
        const struct zg_stats speedup = {.median = row->speedup,
                                         .low = row->speedup_ci_low,
                                         .high = row->speedup_ci_high,
                                         .has_interval = isfinite(row->speedup_ci_low)};
        if (i != session->baseline && isfinite(row->speedup)) {
            zg_stats_show_ratio(&speedup, text, sizeof text);
            fprintf(file, ", %s", text);
        }
    }
    if (fclose(file) == 0)
        zg_page_put(out, 2, line);
    free(line);
}

void zg_sweep_put_notes(const struct zg_session *session, int64_t index, const char *notes,
                        FILE *out)
{
    char name[256];
    zg_sweep_case_name(session, index, name, sizeof name);
    for (size_t n; *notes; notes += n + (notes[n] == '\n')) {
        n = strcspn(notes, "\n");
        const char *const colon = strstr(notes, ": ");
        const size_t before = colon && colon < notes + n ? (size_t)(colon - notes) + 2 : 0;
        fprintf(out, "%.*s%s%s%.*s\n", (int)before, notes, name, *name ? ": " : "",
                (int)(n - before), notes + before);
    }
}
