/*
 * roofline.c - a row for one thread and one for the team, of each dtype and of memory.  What has
 * no loop here has a row too, which says why.
 */
#include "harness/peak/roofline.h"

#include <math.h>
#include <stdio.h>

#include "harness/rows/csv_out.h"

/* One row a thread count; `row` holds what they have in common. */
static void add_rows(struct zg_roofline *out, struct zg_roofline_row row,
                     const struct zg_peak_pair *pair, int64_t n_threads)
{
    for (int i = 0; i < (n_threads > 1 ? 2 : 1); i++) {
        const struct zg_peak_rate *const rate = i == 0 ? &pair->one : &pair->all;
        row.threads = i == 0 ? 1 : n_threads;
        row.value = rate->best;
        row.median = rate->median;
        out->rows[out->n_rows++] = row;
    }
}

/* NULL: there is a loop. */
static const char *why_no_loop(char *text, size_t size, enum zg_dtype dtype, enum zg_isa isa)
{
    const enum zg_isa needed = zg_peak_isa_needed(dtype);
    if (needed <= isa)
        return NULL;
    if (needed == ZG_N_ISAS)
        snprintf(text, size, "no microbenchmark for it on this architecture");
    else if (needed <= zg_cpu_isa())
        snprintf(text, size, "needs %s; ZOGAP_ISA caps at %s", zg_isa_name(needed),
                 zg_isa_name(isa));
    else
        snprintf(text, size, "needs %s; this processor has %s", zg_isa_name(needed),
                 zg_isa_name(zg_cpu_isa()));
    return text;
}

static void add_peaks(struct zg_roofline *out, const struct zg_peak *peak,
                      const struct zg_peak_request *request, enum zg_dtype dtype)
{
    struct zg_roofline_row row;
    zg_row_clear(&zg_schema_roofline, &row);
    row.quantity = "peak";
    row.dtype = zg_dtype_name(dtype);
    row.unit = "GFLOP/s";
    row.reason = why_no_loop(out->reasons[dtype], sizeof out->reasons[dtype], dtype, request->isa);
    if (!row.reason)
        row.isa = zg_isa_name(peak->isas[dtype]);
    add_rows(out, row, &peak->gflops[dtype], peak->n_threads);
}

static void add_memory(struct zg_roofline *out, const struct zg_peak *peak, const char *quantity,
                       const struct zg_peak_pair *pair)
{
    struct zg_roofline_row row;
    zg_row_clear(&zg_schema_roofline, &row);
    row.quantity = quantity;
    row.unit = "GB/s";
    if (isnan(pair->one.best)) {
        row.reason = "no memory for the array";
    } else {
        row.isa = zg_isa_name(peak->isa);
        row.array_bytes = peak->read_bytes;
    }
    add_rows(out, row, pair, peak->n_threads);
}

void zg_roofline_make(struct zg_roofline *out, const struct zg_peak *peak,
                      const struct zg_peak_request *request)
{
    *out = (struct zg_roofline){0};
    for (int dtype = 0; dtype < ZG_N_DTYPES; dtype++)
        if ((request->dtypes | 1u << ZG_FP32) & 1u << dtype)
            add_peaks(out, peak, request, (enum zg_dtype)dtype);
    if (request->read_bytes < 0)
        return;
    add_memory(out, peak, "read", &peak->read_gb_per_s);
    if (request->copy)
        add_memory(out, peak, "copy", &peak->copy_gb_per_s);
}

enum zg_status zg_roofline_write(const struct zg_roofline *roofline, const char *dir,
                                 struct zg_error *err)
{
    return zg_csv_write(dir, &zg_schema_roofline, roofline->rows, roofline->n_rows, err);
}
