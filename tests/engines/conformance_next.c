/* conformance_next.c - the likeliest token after each stem, whatever layout the mechanisms give a
 * batch; asking for it changes no loss. */
#include "tests/engines/conformance.h"

#include "tests/support/fixtures.h"

#include <math.h>
#include <stdio.h>

enum { MAX_EXAMPLES = 64, N_PROBES = 4 };

/* Two pairs, which `centred` takes too, of directions that share V. */
static const struct zg_probe probes[N_PROBES] = {{1, -3e-2f}, {0, 1e-2f}, {0, -1e-2f}, {1, 3e-2f}};

/* The chosen token's logit and the largest are each as wrong as a score may be. */
static bool check_probe(struct zg_rig *rig, const char *what, const struct zg_batch *batch,
                        const int32_t *next)
{
    bool good = true;
    for (int64_t e = 0; e < batch->n_examples && good; e++) {
        const struct zg_example *example = &batch->examples[e];
        if (!zg_rig_expect(next[e] >= 0 && next[e] < rig->shape.n_vocab, "%s, example %d: token %d",
                           what, (int)e, (int)next[e]))
            return false;
        const double gap =
            zg_reference_next_gap(rig->reference, example->stem, example->n_stem, next[e]);
        good = zg_rig_expect(gap <= 2 * zg_rig_tolerance(rig, 1),
                             "%s, example %d: token %d is %.3g below the likeliest", what, (int)e,
                             (int)next[e], gap);
    }
    return good;
}

static bool check_batch(struct zg_rig *rig, const char *what, const struct zg_batch *batch)
{
    const struct zg_direction directions[] = {zg_rig_direction(11, 5, 2),
                                              zg_rig_direction(12, 5, 2)};
    double loss[N_PROBES], alone[N_PROBES];
    int32_t next[N_PROBES * MAX_EXAMPLES];
    struct zg_scores asked = {.loss = loss, .next_token = next}, unasked = {.loss = alone};
    struct zg_error err = {0};
    enum zg_status status = rig->engine->begin(rig->state, directions, 2, &err);
    if (!status)
        status = rig->engine->score(rig->state, batch, probes, N_PROBES, &asked, &err);
    if (!status)
        status = rig->engine->score(rig->state, batch, probes, N_PROBES, &unasked, &err);
    bool good = zg_rig_expect(status == ZG_OK && batch->n_examples <= MAX_EXAMPLES, "%s: %s", what,
                              err.text);
    if (zg_rig_writes(rig))
        rig->n_writes += 4 * N_PROBES;
    for (int p = 0; p < N_PROBES && good; p++) {
        const struct zg_direction *d = &directions[probes[p].direction];
        good = zg_rig_expect(fabs(loss[p] - alone[p]) <= 2 * zg_rig_tolerance(rig, alone[p]),
                             "%s, probe %d: loss %.9g, without next tokens %.9g", what, p, loss[p],
                             alone[p]);
        zg_reference_add(rig->reference, d, (double)probes[p].coefficient);
        good = good && check_probe(rig, what, batch, next + p * batch->n_examples);
        zg_reference_add(rig->reference, d, -(double)probes[p].coefficient);
    }
    return good;
}

static bool check_batches(struct zg_rig *rig, const char *what)
{
    const struct zg_batch *batch;
    const char *name;
    bool good = true;
    for (int64_t i = 0; good && (batch = zg_fixture_batch(i, &name)); i++) {
        char where[200];
        snprintf(where, sizeof where, "%s, %s", what, name);
        good = check_batch(rig, where, batch);
    }
    return good;
}

static void test_shapes(void)
{
    const struct zg_model_shape *shape;
    const char *name;
    for (int64_t i = 0; (shape = zg_fixture_shape(i, &name)); i++) {
        struct zg_rig rig;
        if (!zg_rig_open(&rig, shape, zg_conformance_subject->mechanisms,
                         zg_conformance_subject->n_threads))
            continue;
        zg_rig_sharpen(&rig);
        check_batches(&rig, name);
        zg_rig_close(&rig);
    }
}

/* Those that decide which rows there are and which of them become logits. */
static void test_layouts(void)
{
    const uint32_t layout = ZG_MECHANISM_BIT(ZG_M_RAGGED) | ZG_MECHANISM_BIT(ZG_M_TRIE) |
                            ZG_MECHANISM_BIT(ZG_M_SCORED) | ZG_MECHANISM_BIT(ZG_M_CANCEL) |
                            ZG_MECHANISM_BIT(ZG_M_LAST) | ZG_MECHANISM_BIT(ZG_M_PAIRED) |
                            ZG_MECHANISM_BIT(ZG_M_COMMON) | ZG_MECHANISM_BIT(ZG_M_CENTRED);
    const uint32_t all = zg_conformance_subject->engine->mechanisms;
    int n_valid = 0;
    bool good = true;
    /* the standard walk over the subsets of a bit set, from the full one down to 0 */
    for (uint32_t set = all & layout; good; set = (set - 1) & all & layout) {
        const uint32_t mechanisms = (zg_conformance_subject->mechanisms & ~layout) | set;
        bool valid = true;
        for (int m = 0; m < ZG_N_MECHANISMS; m++)
            if (mechanisms & ZG_MECHANISM_BIT((unsigned)m))
                valid &= !(zg_mechanism_needs((enum zg_mechanism)m) & ~mechanisms);
        struct zg_rig rig;
        char what[64];
        snprintf(what, sizeof what, "mechanisms 0x%x", (unsigned)mechanisms);
        if (valid && (good = zg_rig_open(&rig, zg_fixture_shape(0, NULL), mechanisms, 2))) {
            n_valid++;
            zg_rig_sharpen(&rig);
            good = check_batches(&rig, what);
            zg_rig_close(&rig);
        }
        if (set == 0)
            break;
    }
    printf("%d combinations ", n_valid);
}

const struct zg_test zg_conformance_next[] = {
    {"next tokens on every shape and batch", test_shapes},
    {"next tokens in every layout of a batch", test_layouts},
    {NULL, NULL},
};
