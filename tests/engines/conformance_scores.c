/* conformance_scores.c - losses, example losses and option scores, in every setting of shape, probe
 * and mechanism. */
#include "tests/engines/conformance.h"

#include "tests/support/fixtures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Clean, both signs, a second direction under the same V, one sign alone. */
static const struct zg_probe many_probes[] = {
    {0, 1e-2f}, {0, -1e-2f}, {0, 0.0f}, {1, 2e-2f}, {2, -3e-2f}};

/* Two pairs, one inside the other and its minus first: what mechanism `centred` takes as means and
 * half differences. */
static const struct zg_probe pairs[] = {{2, -3e-2f}, {0, 1e-2f}, {0, -1e-2f}, {2, 3e-2f}};

/* Every batch under several probes of directions that share V. */
static void compare_probes(struct zg_rig *rig, const char *what, int64_t rank,
                           const struct zg_probe *probes, int64_t n_probes)
{
    const struct zg_direction directions[] = {zg_rig_direction(11, 5, rank),
                                              zg_rig_direction(12, 5, rank),
                                              zg_rig_direction(13, 5, rank)};
    const struct zg_batch *batch;
    const char *name;
    for (int64_t i = 0; (batch = zg_fixture_batch(i, &name)); i++) {
        char where[160];
        snprintf(where, sizeof where, "%s, %s", what, name);
        if (!zg_rig_compare(rig, where, batch, directions, 3, probes, n_probes))
            return; /* one message says enough */
    }
}

static void compare_batches(struct zg_rig *rig, const char *what, int64_t rank)
{
    compare_probes(rig, what, rank, many_probes, 5);
}

static void test_losses(void)
{
    const struct zg_model_shape *shape;
    const char *name;
    for (int64_t i = 0; (shape = zg_fixture_shape(i, &name)); i++) {
        struct zg_rig rig;
        if (!zg_rig_open(&rig, shape, zg_conformance_subject->mechanisms,
                         zg_conformance_subject->n_threads))
            continue;
        compare_batches(&rig, name, 2);
        zg_rig_sharpen(&rig);
        char sharp[64];
        snprintf(sharp, sizeof sharp, "%s, sharpened", name);
        compare_batches(&rig, sharp, 2);
        zg_rig_close(&rig);
    }
}

static void test_ranks(void)
{
    struct zg_rig rig;
    if (!zg_rig_open(&rig, zg_fixture_shape(1, NULL), zg_conformance_subject->mechanisms,
                     zg_conformance_subject->n_threads))
        return;
    zg_rig_sharpen(&rig); /* of rank 4: a pending update of another rank than the probes' */
    for (int64_t rank = 1; rank <= 5; rank++)
        compare_batches(&rig, "rank", rank);
    zg_rig_close(&rig);
}

static void test_threads(void)
{
    for (int64_t n_threads = 1; n_threads <= 3; n_threads++) {
        struct zg_rig rig;
        if (!zg_rig_open(&rig, zg_fixture_shape(2, NULL), zg_conformance_subject->mechanisms,
                         n_threads))
            return;
        zg_rig_sharpen(&rig);
        compare_batches(&rig, "threads", 2);
        zg_rig_close(&rig);
    }
}

/* Pairs of each declared kind of direction and scope, scaled. */
static void test_kinds(void)
{
    const struct zg_engine *engine = zg_conformance_subject->engine;
    struct zg_rig rig;
    if (!zg_rig_open_for(&rig, zg_fixture_shape(2, NULL), zg_conformance_subject->mechanisms,
                         zg_conformance_subject->n_threads,
                         engine->scopes & ZG_SCOPE_BIT(ZG_SCOPE_FULL)))
        return;
    zg_rig_sharpen(&rig);
    for (int kind = ZG_DIRECTION_LOWRANK; kind <= ZG_DIRECTION_RADEMACHER; kind++)
        for (int scope = ZG_SCOPE_LINEAR; scope <= ZG_SCOPE_FULL; scope++) {
            if (!(engine->direction_kinds & 1u << kind) || !(engine->scopes & 1u << scope))
                continue;
            struct zg_direction d = zg_rig_direction(21, 22, 3);
            d.kind = (enum zg_direction_kind)kind;
            d.scope = (enum zg_scope)scope;
            d.scale = 0.577f;
            const struct zg_probe probes[] = {{0, 1e-2f}, {0, -1e-2f}};
            char where[64];
            snprintf(where, sizeof where, "direction kind %d, scope %d", kind, scope);
            zg_rig_compare(&rig, where, zg_fixture_batch_find("long and short"), &d, 1, probes, 2);
        }
    zg_rig_close(&rig);
}

static bool has_centred(void)
{
    return (zg_conformance_subject->engine->mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED)) != 0;
}
static uint32_t with_centred(void)
{
    return zg_conformance_subject->mechanisms | ZG_MECHANISM_BIT(ZG_M_CENTRED);
}

/* Pairs on every shape and batch, with ranks, threads, one and two pairs going round; then a list
 * that cannot be paired, which such an engine takes too. */
static void test_pairs(void)
{
    const struct zg_model_shape *shape;
    const char *name;
    for (int64_t i = 0; has_centred() && (shape = zg_fixture_shape(i, &name)); i++) {
        struct zg_rig rig;
        if (!zg_rig_open(&rig, shape, with_centred(), 1 + i % 3))
            continue;
        if (i != 1)
            zg_rig_sharpen(&rig);
        compare_probes(&rig, name, 1 + i, i % 2 ? pairs : pairs + 1, i % 2 ? 4 : 2);
        if (i == 2)
            compare_batches(&rig, "unpaired", 2);
        zg_rig_close(&rig);
    }
}

enum { N_DIFFERENCES = 24 };

static struct zg_direction difference_direction(uint64_t i)
{
    return zg_rig_direction(100 + i, 5, 2);
}

/* L+ - L- of each direction, by the engine or by the reference. */
static void differences(struct zg_rig *rig, float eps, bool reference, double *difference)
{
    const struct zg_batch *batch = zg_fixture_batch_find("shared and equal examples");
    for (uint64_t i = 0; i < N_DIFFERENCES; i++) {
        const struct zg_direction d = difference_direction(i);
        const struct zg_probe probes[] = {{0, eps}, {0, -eps}};
        double loss[2] = {0, 0};
        struct zg_scores out = {.loss = loss};
        struct zg_error err = {0};
        enum zg_status status = ZG_OK;
        if (!reference) {
            status = rig->engine->begin(rig->state, &d, 1, &err);
            status = status ? status : rig->engine->score(rig->state, batch, probes, 2, &out, &err);
        }
        for (int p = 0; reference && p < 2; p++) {
            zg_reference_add(rig->reference, &d, (double)probes[p].coefficient);
            loss[p] = zg_reference_score(rig->reference, batch, NULL, NULL);
            zg_reference_add(rig->reference, &d, -(double)probes[p].coefficient);
        }
        zg_rig_expect(status == ZG_OK, "%s", err.text);
        difference[i] = loss[0] - loss[1];
    }
}

/* What `centred` is for.  Rounding the mean falls out of L+ - L-; without it, each sign's rounding
 * stays.  Chance moves an rms of 24 draws by some 1 / sqrt(48); the gain is larger. */
static void test_differences(void)
{
    const uint32_t centred = ZG_MECHANISM_BIT(ZG_M_CENTRED);
    const float eps = 1e-3f; /* as in training: the difference is a thousandth of the loss */
    double want[N_DIFFERENCES], got[N_DIFFERENCES], error[2] = {0, 0}, squares = 0;
    if (!has_centred())
        return;
    for (int on = 0; on < 2; on++) {
        struct zg_rig rig;
        if (!zg_rig_open(&rig, zg_fixture_shape(2, NULL),
                         on ? with_centred() : with_centred() & ~centred,
                         zg_conformance_subject->n_threads))
            return;
        zg_rig_sharpen(&rig);
        differences(&rig, eps, false, got);
        if (on == 0)
            differences(&rig, eps, true, want);
        for (int i = 0; i < N_DIFFERENCES; i++) {
            error[on] += pow(got[i] - want[i], 2);
            squares += want[i] * want[i] / 2;
        }
        zg_rig_close(&rig);
    }
    const double plain = sqrt(error[0] / squares), paired = sqrt(error[1] / squares);
    zg_rig_expect(paired < plain, "L+ - L- errs by %.3g centred, by %.3g without", paired, plain);
    printf("relative error %.2g centred, %.2g without ", paired, plain);
}

/* A few batches that meet every mechanism's special case. */
static bool compare_tiny(struct zg_rig *rig, const char *what)
{
    static const char *const names[] = {"one-token options", "stems that part late",
                                        "shared and equal examples",
                                        "language model, gold answers"};
    const struct zg_direction directions[] = {zg_rig_direction(11, 5, 2),
                                              zg_rig_direction(12, 5, 2)};
    /* The first three have no pairs: centred takes all four. */
    const struct zg_probe probes[] = {{0, 1e-2f}, {1, -1e-2f}, {0, -1e-2f}, {1, 1e-2f}};
    const bool centred = (rig->options.mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED)) != 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char where[256];
        snprintf(where, sizeof where, "mechanisms%s, %s", what, names[i]);
        if (!zg_rig_compare(rig, where, zg_fixture_batch_find(names[i]), directions, 2, probes,
                            centred ? 4 : 3))
            return false;
    }
    return true;
}

static void name_mechanisms(uint32_t mechanisms, char *text, size_t size)
{
    text[0] = '\0';
    for (int m = 0; m < ZG_N_MECHANISMS; m++)
        if (mechanisms & ZG_MECHANISM_BIT((unsigned)m)) {
            const size_t used = strlen(text);
            snprintf(text + used, size - used, " %s", zg_mechanism_name((enum zg_mechanism)m));
        }
}

/* Does open() take the combination?  Refusing must be ZG_USAGE, with words, and leave no state. */
static bool is_valid(uint32_t mechanisms, const struct zg_model *model, const char *what)
{
    const struct zg_conformance *subject = zg_conformance_subject;
    struct zg_engine_state *state = NULL;
    struct zg_error err = {0};
    struct zg_engine_options options = zg_engine_options_default(subject->engine);
    options.dtype = options.dtype_d = subject->dtype;
    options.mechanisms = mechanisms;
    options.settings = subject->settings;
    options.n_settings = subject->n_settings;
    const enum zg_status status = subject->engine->open(&state, model, &options, &err);
    if (status)
        zg_rig_expect(status == ZG_USAGE && err.text[0] && !state,
                      "mechanisms%s refused with status %d: %s", what, (int)status, err.text);
    subject->engine->close(&state);
    return status == ZG_OK;
}

/* Weights below fp32 take no updates: they need the bank, and what it needs. */
static uint32_t always_on(uint32_t declared)
{
    const bool low = zg_conformance_subject->dtype != ZG_FP32;
    return low && declared & ZG_MECHANISM_BIT(ZG_M_BANK)
               ? ZG_MECHANISM_BIT(ZG_M_BANK) | zg_mechanism_needs(ZG_M_BANK) |
                     zg_mechanism_needs(ZG_M_LAZY)
               : 0;
}

/* `centred` and `bank` would each double the combinations.  They touch the rows of a pass and the
 * adapters' columns, not the layout of weights nor which logits are made: the latter stay on
 * beside them.  And a bank that may be off, which only lengthens t, is crossed with what
 * handles t. */
static bool is_worth_testing(uint32_t mechanisms)
{
    const uint32_t off = zg_conformance_subject->engine->mechanisms & ~mechanisms;
    const uint32_t packed = ZG_MECHANISM_BIT(ZG_M_PACKED), cancel = ZG_MECHANISM_BIT(ZG_M_CANCEL),
                   scored = ZG_MECHANISM_BIT(ZG_M_SCORED);
    const uint32_t of_t = ZG_MECHANISM_BIT(ZG_M_PAIRED) | ZG_MECHANISM_BIT(ZG_M_COMMON) |
                          ZG_MECHANISM_BIT(ZG_M_CENTRED);
    if (zg_conformance_subject->dtype == ZG_FP32 && mechanisms & ZG_MECHANISM_BIT(ZG_M_BANK))
        return !(off & ~of_t);
    if (!(mechanisms & ZG_MECHANISM_BIT(ZG_M_CENTRED)))
        return true;
    return !(off & packed) && !(off & cancel) == !(off & scored); /* cancel needs scored */
}

/* All subsets of the declared mechanisms that the engine takes, but those above; each mechanism
 * must be off in one of them. */
static void test_mechanisms(void)
{
    const uint32_t declared = zg_conformance_subject->engine->mechanisms;
    struct zg_model *model = NULL;
    struct zg_error err = {0};
    const struct zg_model_shape *shape = zg_fixture_shape(0, NULL);
    if (!zg_rig_expect(!zg_model_open_shape(&model, "tiny", shape, 7, &err), "%s", err.text))
        return;
    uint32_t seen_off = 0;
    int n_valid = 0;
    bool equal = true;
    /* the standard walk over the subsets of a bit set, from the full one down to 0 */
    for (uint32_t set = declared;; set = (set - 1) & declared) {
        char names[128];
        name_mechanisms(set, names, sizeof names);
        if (is_worth_testing(set) && is_valid(set, model, names)) {
            struct zg_rig rig;
            n_valid++;
            seen_off |= declared & ~set;
            equal = zg_rig_open(&rig, shape, set, 1);
            if (equal) {
                zg_rig_sharpen(&rig);
                equal = compare_tiny(&rig, names);
                zg_rig_close(&rig);
            }
        }
        if (set == 0 || !equal)
            break;
    }
    if (equal)
        zg_rig_expect((declared & ~seen_off & ~always_on(declared)) == 0,
                      "mechanisms that cannot be switched off: 0x%x",
                      (unsigned)(declared & ~seen_off));
    printf("%d combinations ", n_valid);
    zg_model_close(&model);
}

const struct zg_test zg_conformance_scores[] = {
    {"losses and scores on every shape, batch and probe", test_losses},
    {"ranks 1 to 5", test_ranks},
    {"threads 1 to 3", test_threads},
    {"declared kinds of directions and scopes", test_kinds},
    {"pairs on every shape and batch", test_pairs},
    {"differences of pairs, centred and not", test_differences},
    {"every valid combination of mechanisms", test_mechanisms},
    {NULL, NULL},
};
