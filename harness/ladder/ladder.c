/*
 * ladder.c - the table of mechanisms in their usual order.  A request becomes an order of rungs,
 * checked for what mechanisms and dtypes need, and the order becomes items of --engines.
 */
#include "harness/ladder/ladder.h"

#include <string.h>

#include "engines/base/nearest.h"
#include "harness/rows/precision.h"
#include "harness/rows/schema.h"

/* ---- the table ------------------------------------------------------------------------------- */

/* Of the authors' runtime it is known that one batch holds all prompts twice, with a plus and a
 * minus adapter (paired), as packed ragged rows, with logits at loss tokens only and an accumulated
 * update (arXiv:2605.28760 and its code); it runs in fp16, like its baseline, so precision is no
 * part of its gap. */
static const struct step {
    enum zg_mechanism mechanism;
    bool paper_has;
    const char *label; /* without commas: gnuplot cuts texts there, quoted or not */
} usual_order[] = {
    {ZG_M_ADAPTER, true, "weights are not written for probes"},
    {ZG_M_LAZY, true, "nor for updates"},
    {ZG_M_RAGGED, true, "no padding"},
    {ZG_M_SCORED, true, "logits where they are scored"},
    {ZG_M_PAIRED, true, "both signs in one pass"},
    {ZG_M_TRIE, false, "equal prefixes are computed once"},
    {ZG_M_CANCEL, false, "logits of the options only"},
    {ZG_M_LAST, false, "last layer where it is scored"},
    {ZG_M_COMMON, false, "what the signs share is done once"},
    {ZG_M_PACKED, false, "weights are reordered once"},
    {ZG_M_BANK, false, "old updates stay beside W"},
    {ZG_M_CENTRED, false, "mean and half difference"},
};
enum { N_STEPS = sizeof usual_order / sizeof usual_order[0] };
_Static_assert(N_STEPS == (int)ZG_N_MECHANISMS, "every mechanism has its place in the order");
/* loop, runtime, every mechanism alone, precision, difference */
_Static_assert(N_STEPS + 4 <= ZG_MAX_RUNGS, "the longest ladder fits");

static const struct step *step_of(unsigned m)
{
    int i = 0;
    while (usual_order[i].mechanism != (enum zg_mechanism)m)
        i++;
    return &usual_order[i];
}

/* The loop perturbs (+1), perturbs the other way (-2), restores (+1) and updates: four.  Adapters
 * leave the update's, lazy leaves none. */
static int dense_writes(uint32_t mechanisms)
{
    if (!(mechanisms & ZG_MECHANISM_BIT(ZG_M_ADAPTER)))
        return 4;
    return mechanisms & ZG_MECHANISM_BIT(ZG_M_LAZY) ? 0 : 1;
}

/* ---- what is asked for ----------------------------------------------------------------------- */

/* An order: rungs of mechanisms; bits 0 stands for `precision`. */
struct order {
    uint32_t rungs[ZG_N_MECHANISMS + 1];
    int64_t n;
};

struct plan { /* of a ladder in the making */
    struct zg_ladder *ladder;
    struct zg_engine_list loop, runtime; /* one item each */
    char base[128];                      /* the runtime's item without dtype and mechanisms */
    enum zg_dtype dtype, dtype_d;        /* of the last rung */
    bool says_dtypes; /* items say their dtype, for the case's is not everybody's */
    struct order order;
};

static enum zg_status parse_item(struct zg_engine_list *out, const char *option, const char *text,
                                 struct zg_error *err)
{
    const enum zg_status status = zg_engine_list_parse(out, text, NULL, err);
    if (status)
        return zg_fail_within(err, status, "%s", option);
    if (out->n_items == 1)
        return ZG_OK;
    return zg_fail(err, ZG_USAGE, "%s %s: must be one engine", option, text);
}

static bool is_low(const struct plan *plan)
{
    return plan->dtype != ZG_FP32 || plan->dtype_d != ZG_FP32;
}

static enum zg_status take_runtime(struct plan *plan, const struct zg_ladder_request *request,
                                   struct zg_error *err)
{
    enum zg_status status = parse_item(&plan->runtime, "--runtime", request->runtime, err);
    if (status)
        return status;
    const struct zg_engine_item *const item = &plan->runtime.items[0];
    if (!item->engine->mechanisms)
        return zg_fail(err, ZG_USAGE, "--runtime %s: has no mechanisms to switch", item->label);
    if (strstr(request->runtime, ":mechanisms="))
        return zg_fail(err, ZG_USAGE,
                       "--runtime %s: a ladder switches mechanisms itself; --order LIST says which",
                       item->label);
    plan->dtype = item->has_dtype ? item->dtype : request->dtype;
    plan->dtype_d = item->has_dtype ? item->dtype_d : request->dtype_d;
    plan->says_dtypes = request->dtype != ZG_FP32 || request->dtype_d != ZG_FP32 || is_low(plan);
    size_t n = (size_t)snprintf(plan->base, sizeof plan->base, "%s", item->engine->name);
    for (int64_t i = 0; i < item->n_settings && n < sizeof plan->base; i++)
        n += (size_t)snprintf(plan->base + n, sizeof plan->base - n, ":%s=%s",
                              item->settings[i].key, item->settings[i].value);
    return ZG_OK;
}

static void take_usual_order(struct plan *plan)
{
    const uint32_t on =
        zg_engine_default_mechanisms(plan->runtime.items[0].engine, plan->dtype, plan->dtype_d);
    struct order *const order = &plan->order;
    for (int i = 0; i < N_STEPS; i++) {
        const uint32_t bit = ZG_MECHANISM_BIT(usual_order[i].mechanism);
        if (usual_order[i].mechanism == ZG_M_CENTRED && plan->dtype != ZG_FP32)
            order->rungs[order->n++] = 0;
        if (on & bit)
            order->rungs[order->n++] = bit;
    }
}

static enum zg_status fail_name(const char *rung, const char *name, struct zg_error *err)
{
    static const uint32_t all = (1u << ZG_N_MECHANISMS) - 1;
    char names[256] = "precision ";
    const size_t n = strlen(names);
    if (strcmp(name, "precision") == 0)
        return zg_fail(err, ZG_USAGE, "--order %s: precision is a rung of its own", rung);
    zg_mechanisms_show(all, ' ', names + n, sizeof names - n);
    return zg_fail(err, ZG_USAGE,
                   "--order %s: must name mechanisms, joined by +, or precision: %s%s", rung,
                   names + n, zg_nearest_word(name, names).hint);
}

/* The mechanisms of a rung, each once. */
static enum zg_status take_names(const char *rung, uint32_t *out, struct zg_error *err)
{
    struct zg_words words;
    enum zg_status status = zg_words_split(&words, "--order", rung, '+', err);
    if (status)
        return status;
    for (int64_t i = 0; i < words.n_words && !status; i++) {
        const char *const name = words.words[i];
        unsigned m = 0;
        while (m < ZG_N_MECHANISMS && strcmp(name, zg_mechanism_name((enum zg_mechanism)m)) != 0)
            m++;
        if (m == ZG_N_MECHANISMS)
            status = fail_name(rung, name, err);
        else if (*out & ZG_MECHANISM_BIT(m))
            status = zg_fail(err, ZG_USAGE, "--order %s: %s is listed twice", rung, name);
        else
            *out |= ZG_MECHANISM_BIT(m);
    }
    zg_words_close(&words);
    return status;
}

/* One rung of --order: is it there, and may it come now? */
static enum zg_status take_rung(struct plan *plan, const char *text, uint32_t *before,
                                struct zg_error *err)
{
    char names[256];
    const struct zg_engine *const engine = plan->runtime.items[0].engine;
    uint32_t added = 0;
    const enum zg_status status = take_names(text, &added, err);
    if (status)
        return status;
    if (added & ~engine->mechanisms)
        return zg_fail(err, ZG_USAGE, "--order %s: engine %s has not %s", text, engine->name,
                       zg_mechanisms_show(added & ~engine->mechanisms, ' ', names, sizeof names));
    if (added & *before)
        return zg_fail(err, ZG_USAGE, "--order %s: %s is listed twice", text,
                       zg_mechanisms_show(added & *before, ' ', names, sizeof names));
    *before |= added;
    for (unsigned m = 0; m < ZG_N_MECHANISMS; m++) {
        const uint32_t lacking = zg_mechanism_needs((enum zg_mechanism)m) & ~*before;
        if ((added & ZG_MECHANISM_BIT(m)) && lacking)
            return zg_fail(err, ZG_USAGE, "--order %s: %s needs %s, which must come before it",
                           text, zg_mechanism_name((enum zg_mechanism)m),
                           zg_mechanisms_show(lacking, ' ', names, sizeof names));
    }
    plan->order.rungs[plan->order.n++] = added;
    return ZG_OK;
}

static enum zg_status take_precision(struct plan *plan, bool *seen, struct zg_error *err)
{
    if (*seen)
        return zg_fail(err, ZG_USAGE, "--order precision: is listed twice");
    if (plan->dtype == ZG_FP32)
        return zg_fail(
            err, ZG_USAGE,
            "--order precision: the dtype is fp32 on every rung; --dtype says otherwise");
    *seen = true;
    plan->order.rungs[plan->order.n++] = 0;
    return ZG_OK;
}

static enum zg_status take_order(struct plan *plan, const char *text, struct zg_error *err)
{
    struct zg_words words;
    enum zg_status status = zg_words_split(&words, "--order", text, ',', err);
    if (status)
        return status;
    uint32_t before = 0;
    bool precision = false;
    for (int64_t i = 0; i < words.n_words && !status; i++)
        status = strcmp(words.words[i], "precision") == 0
                     ? take_precision(plan, &precision, err)
                     : take_rung(plan, words.words[i], &before, err);
    zg_words_close(&words);
    if (!status && !precision && plan->dtype != ZG_FP32)
        status = take_precision(plan, &precision, err);
    return status;
}

static uint32_t all_of(const struct order *order)
{
    uint32_t bits = 0;
    for (int64_t i = 0; i < order->n; i++)
        bits |= order->rungs[i];
    return bits;
}

/* Weights below fp32 take no updates, so they need a bank, and a dtype of half differences needs
 * half differences. */
static enum zg_status check_dtypes(const struct plan *plan, struct zg_error *err)
{
    const char *const dtypes = zg_dtypes_name(plan->dtype, plan->dtype_d);
    const uint32_t bank = ZG_MECHANISM_BIT(ZG_M_BANK), all = all_of(&plan->order);
    struct order before = {.n = 0};
    for (int64_t i = 0; i < plan->order.n; i++) {
        if (plan->order.rungs[i] == 0 && !(all_of(&before) & bank))
            return zg_fail(err, ZG_USAGE,
                           "dtype %s: needs mechanism bank, which must come before precision",
                           dtypes);
        before.rungs[before.n++] = plan->order.rungs[i];
    }
    if (plan->dtype != plan->dtype_d && !(all & bank))
        return zg_fail(err, ZG_USAGE, "dtype %s: needs mechanism bank among the rungs", dtypes);
    if (plan->dtype != plan->dtype_d && !(all & ZG_MECHANISM_BIT(ZG_M_CENTRED)))
        return zg_fail(err, ZG_USAGE, "dtype %s: needs mechanism centred among the rungs", dtypes);
    return ZG_OK;
}

/* ---- rungs ----------------------------------------------------------------------------------- */

/* The authors' own ladder has two rungs, adapter and lazy, named for the writes that they save. */
static void label_rung(struct zg_rung *rung, int writes_before)
{
    const uint32_t adapter = ZG_MECHANISM_BIT(ZG_M_ADAPTER), lazy = ZG_MECHANISM_BIT(ZG_M_LAZY);
    const bool is_authors = rung->changed == adapter || rung->changed == lazy;
    char writes[64] = "";
    size_t n = 0;
    if (writes_before != rung->dense_writes) {
        snprintf(writes, sizeof writes, "dense writes a step %d -> %d%s", writes_before,
                 rung->dense_writes, is_authors ? " (authors' rung)" : "");
        n = (size_t)snprintf(rung->label, sizeof rung->label, "%s", writes);
    }
    for (int i = 0; i < N_STEPS && n < sizeof rung->label; i++) {
        const uint32_t bit = ZG_MECHANISM_BIT(usual_order[i].mechanism);
        if (!(rung->changed & bit) || (writes[0] && (bit & (adapter | lazy))))
            continue;
        n += (size_t)snprintf(rung->label + n, sizeof rung->label - n, "%s%s", n ? "; " : "",
                              usual_order[i].label);
    }
}

static int64_t paper_has(uint32_t changed)
{
    bool all = true;
    for (unsigned m = 0; m < ZG_N_MECHANISMS; m++)
        all = all && (!(changed & ZG_MECHANISM_BIT(m)) || step_of(m)->paper_has);
    return all;
}

static struct zg_rung *add_rung(struct plan *plan, uint32_t mechanisms, enum zg_dtype dtype,
                                enum zg_dtype dtype_d)
{
    struct zg_ladder *const ladder = plan->ladder;
    struct zg_rung *const rung = &ladder->rungs[ladder->n_rungs++];
    char names[256], dtypes[64] = "";
    *rung = (struct zg_rung){.mechanisms = mechanisms,
                             .dtype = dtype,
                             .dtype_d = dtype_d,
                             .dense_writes = dense_writes(mechanisms),
                             .paper_has = ZG_NO_INTEGER};
    if (plan->says_dtypes)
        snprintf(dtypes, sizeof dtypes, ":dtype=%s", zg_dtypes_name(dtype, dtype_d));
    snprintf(rung->item, sizeof rung->item, "%.80s%.20s:mechanisms=%.78s", plan->base, dtypes,
             zg_mechanisms_show(mechanisms, '+', names, sizeof names));
    return rung;
}

static void add_loop(struct plan *plan)
{
    const struct zg_engine_item *const item = &plan->loop.items[0];
    const struct zg_engine_options options = zg_engine_item_options(item, ZG_FP32, ZG_FP32);
    struct zg_rung *const rung = add_rung(plan, options.mechanisms, options.dtype, options.dtype_d);
    snprintf(rung->item, sizeof rung->item, "%s%s", item->label,
             plan->says_dtypes && !item->has_dtype ? ":dtype=fp32" : "");
    snprintf(rung->name, sizeof rung->name, "loop");
    snprintf(rung->label, sizeof rung->label, "the training loop: %d dense writes a step",
             rung->dense_writes);
}

static void add_mechanisms(struct plan *plan, uint32_t changed)
{
    const struct zg_rung last = plan->ladder->rungs[plan->ladder->n_rungs - 1];
    struct zg_rung *const rung =
        add_rung(plan, last.mechanisms | changed, last.dtype, last.dtype_d);
    rung->changed = changed;
    rung->paper_has = paper_has(changed);
    zg_mechanisms_show(changed, '+', rung->name, sizeof rung->name);
    label_rung(rung, last.dense_writes);
}

static void add_dtype(struct plan *plan, const char *name, enum zg_dtype dtype,
                      enum zg_dtype dtype_d, enum zg_dtype said, const char *of)
{
    const struct zg_rung last = plan->ladder->rungs[plan->ladder->n_rungs - 1];
    struct zg_rung *const rung = add_rung(plan, last.mechanisms, dtype, dtype_d);
    rung->paper_has = 0;
    snprintf(rung->name, sizeof rung->name, "%s", name);
    snprintf(rung->label, sizeof rung->label, "%s %s", zg_dtype_name(said), of);
}

static void climb(struct plan *plan)
{
    const struct order *const order = &plan->order;
    add_loop(plan);
    struct zg_rung *const runtime = add_rung(plan, 0, ZG_FP32, ZG_FP32);
    snprintf(runtime->name, sizeof runtime->name, "runtime");
    snprintf(runtime->label, sizeof runtime->label, "its kernels with all mechanisms off");
    for (int64_t i = 0; i < order->n; i++)
        if (order->rungs[i])
            add_mechanisms(plan, order->rungs[i]);
        else
            add_dtype(plan, "precision", plan->dtype, plan->dtype, plan->dtype,
                      "weights and GEMM inputs");
    if (plan->dtype != plan->dtype_d)
        add_dtype(plan, "difference", plan->dtype, plan->dtype_d, plan->dtype_d,
                  "half differences");
}

/* The dtype of half differences goes with `centred`. */
static enum zg_dtype dtype_d_of(const struct plan *plan, uint32_t mechanisms)
{
    return mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED) ? plan->dtype_d : plan->dtype;
}

static void leave_out(struct plan *plan)
{
    const struct order *const order = &plan->order;
    const uint32_t all = all_of(order);
    add_loop(plan);
    struct zg_rung *const full = add_rung(plan, all, plan->dtype, dtype_d_of(plan, all));
    snprintf(full->name, sizeof full->name, "full");
    snprintf(full->label, sizeof full->label, "the runtime with all of them");
    for (int64_t i = 0; i < order->n; i++) {
        char names[256];
        const uint32_t rest = zg_mechanisms_without(all, order->rungs[i]);
        /* below fp32 there is no runtime without bank, nor without what bank needs */
        if (!order->rungs[i] || (is_low(plan) && !(rest & ZG_MECHANISM_BIT(ZG_M_BANK))))
            continue;
        struct zg_rung *const rung = add_rung(plan, rest, plan->dtype, dtype_d_of(plan, rest));
        rung->changed = all & ~rest;
        rung->paper_has = paper_has(order->rungs[i]);
        snprintf(rung->name, sizeof rung->name, "-%.90s",
                 zg_mechanisms_show(order->rungs[i], '+', names, sizeof names));
        const size_t n =
            (size_t)snprintf(rung->label, sizeof rung->label, "without %.70s",
                             zg_mechanisms_show(rung->changed, ' ', names, sizeof names));
        if (rung->dtype_d != full->dtype_d)
            snprintf(rung->label + n, sizeof rung->label - n, "; all in %s",
                     zg_dtypes_name(rung->dtype, rung->dtype_d));
    }
}

/* ---- the ladder ------------------------------------------------------------------------------ */

enum zg_status zg_ladder_make(struct zg_ladder *out, const struct zg_ladder_request *request,
                              struct zg_error *err)
{
    struct plan plan = {.ladder = out};
    *out = (struct zg_ladder){.leave_one_out = request->leave_one_out};
    enum zg_status status = parse_item(&plan.loop, "--loop", request->loop, err);
    if (!status)
        status = take_runtime(&plan, request, err);
    if (!status && request->order)
        status = take_order(&plan, request->order, err);
    else if (!status)
        take_usual_order(&plan);
    if (!status)
        status = check_dtypes(&plan, err);
    if (!status && request->leave_one_out)
        leave_out(&plan);
    else if (!status)
        climb(&plan);
    zg_engine_list_close(&plan.loop);
    zg_engine_list_close(&plan.runtime);
    for (int64_t i = 0; i < out->n_rungs; i++) {
        strcat(out->engines, i ? "," : "");
        strcat(out->engines, out->rungs[i].item);
    }
    return status;
}
