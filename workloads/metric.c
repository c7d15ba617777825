/* metric.c - counts hits, and true and false positives of each class. */
#include "workloads/metric.h"

#include <math.h>

int64_t zg_metric_choose(const double *score, int64_t n)
{
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (score[i] > score[best] || (isnan(score[best]) && !isnan(score[i])))
            best = i;
    return best;
}

double zg_metric_accuracy(const struct zg_choice *choices, int64_t n)
{
    int64_t n_hits = 0;
    for (int64_t i = 0; i < n; i++)
        n_hits += choices[i].hit;
    return n > 0 ? (double)n_hits / (double)n : NAN;
}

double zg_metric_macro_f1(const struct zg_choice *choices, int64_t n, int64_t n_classes)
{
    double sum = 0;
    int64_t n_seen = 0;
    for (int64_t c = 0; c < n_classes; c++) {
        int64_t n_both = 0, n_either = 0; /* TP; 2 TP + FP + FN */
        for (int64_t i = 0; i < n; i++) {
            n_both += choices[i].chosen == c && choices[i].gold == c;
            n_either += (choices[i].chosen == c) + (choices[i].gold == c);
        }
        n_seen += n_either > 0;
        sum += n_either > 0 ? 2 * (double)n_both / (double)n_either : 0;
    }
    return n_seen > 0 ? sum / (double)n_seen : NAN;
}
