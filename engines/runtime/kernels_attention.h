/*
 * kernels_attention.h - one head of attention over gathered keys (kernels.h), included once by each
 * ISA file after simd.h.
 *
 * Keys are few (a sentence), so scores of a whole row fit in L1 and softmax takes two plain passes.
 * Keys come transposed: a vector of scores of LANES keys needs no sum across lanes.
 */

/* s[i][k] = scale * q_i . k for `n_vectors` (1, 2) vectors of keys from k on; n (1..4) is a
 * constant in each inlined copy.  Eight chains of multiply-adds hide their latency: two vectors of
 * keys for four queries, or even and odd columns apart. */
static inline __attribute__((always_inline)) void
scores_block(const struct zg_attention_task *a, const float *q, int n, int64_t k, int n_vectors)
{
    const int n_chains = 3 - n_vectors;
    const int64_t whole = a->head_dim - a->head_dim % n_chains, ldk = a->ldk, ldq = a->ldq;
    vec sums[ZG_ATTENTION_QUERIES][2] = {{{0}}};
    const float *kt = a->kt + k;
    for (int64_t d = 0; d < whole; d += n_chains)
        for (int v = 0; v < 2; v++) { /* the vector of keys, or the column of two */
            const int64_t column = n_vectors == 2 ? d : d + v;
            const vec key = vec_load(kt + column * ldk + (n_vectors == 2 ? v * LANES : 0));
            for (int i = 0; i < n; i++)
                sums[i][v] += q[i * ldq + column] * key;
        }
    for (int64_t d = whole; d < a->head_dim; d++)
        for (int i = 0; i < n; i++)
            sums[i][0] += q[i * ldq + d] * vec_load(kt + d * ldk);
    for (int i = 0; i < n; i++) {
        float *p = a->p + i * ldk + k;
        vec_store(p, (n_vectors == 2 ? sums[i][0] : sums[i][0] + sums[i][1]) * a->scale);
        if (n_vectors == 2)
            vec_store(p + LANES, sums[i][1] * a->scale);
    }
}

/* All keys up to n_keys, whole vectors. */
static inline __attribute__((always_inline)) void scores_some(const struct zg_attention_task *a,
                                                              const float *q, int n, int64_t n_keys)
{
    int64_t k = 0;
    for (; k + LANES < n_keys; k += 2 * LANES)
        scores_block(a, q, n, k, 2);
    if (k < n_keys)
        scores_block(a, q, n, k, 1);
}

/* p = softmax(p[0 .. n_keys)) of each query, unnormalised, zero from its n_keys up to n_padded;
 * inverse = 1 / sum.  Lanes past n_keys hold anything and are masked.  All queries go together:
 * each alone would wait for its sums across lanes, and for branches on how many keys it has. */
static inline __attribute__((always_inline)) void softmax_some(const struct zg_attention_task *a,
                                                               const int32_t *n_keys, int n,
                                                               int64_t n_padded, float *inverse)
{
    vec tops[ZG_ATTENTION_QUERIES], sums[ZG_ATTENTION_QUERIES] = {{0}};
    float max[ZG_ATTENTION_QUERIES], *const p = a->p;
    const int64_t ldk = a->ldk;
    for (int i = 0; i < n; i++)
        tops[i] = vec_splat(-INFINITY);
    for (int64_t k = 0; k < n_padded; k += LANES)
        for (int i = 0; i < n; i++)
            tops[i] = vec_max(tops[i], vec_select(vec_first(n_keys[i] - k),
                                                  vec_load(p + i * ldk + k), vec_splat(-INFINITY)));
    for (int i = 0; i < n; i++)
        max[i] = vec_max_lane(tops[i]);
    for (int64_t k = 0; k < n_padded; k += LANES)
        for (int i = 0; i < n; i++) {
            const vec e = vec_select(vec_first(n_keys[i] - k),
                                     vec_exp(vec_load(p + i * ldk + k) - max[i]), vec_splat(0.0f));
            vec_store(p + i * ldk + k, e);
            sums[i] += e;
        }
    for (int i = 0; i < n; i++)
        inverse[i] = 1.0f / vec_sum(sums[i]);
}

/* `width` elements of one vector, the row's last being a part of one. */
static inline void store_some(float *p, vec v, int64_t width)
{
    if (width >= LANES)
        vec_store(p, v);
    else if (width > 0)
        memcpy(p, &v, (size_t)width * sizeof *p);
}

/* out[i][d] = inverse[i] * sum_k p[i][k] v[k][d], two vectors of d at a time where ldv has them. */
static inline __attribute__((always_inline)) void values_some(const struct zg_attention_task *a,
                                                              float *out, int n, int64_t n_keys,
                                                              const float *inverse)
{
    for (int64_t d = 0; d < a->head_dim; d += 2 * LANES) {
        vec low[ZG_ATTENTION_QUERIES] = {{0}}, high[ZG_ATTENTION_QUERIES] = {{0}};
        const int64_t next = d + LANES < a->ldv ? d + LANES : d;
        /* In locals, because the compiler cannot know that no store changes the task. */
        const float *const p = a->p;
        const int64_t ldk = a->ldk;
        for (int64_t k = 0; k < n_keys; k++) {
            const float *value = a->v + k * a->ldv;
            const vec value0 = vec_load(value + d), value1 = vec_load(value + next);
            for (int i = 0; i < n; i++) {
                const float weight = p[i * ldk + k];
                low[i] += weight * value0;
                high[i] += weight * value1;
            }
        }
        for (int i = 0; i < n; i++) {
            store_some(out + i * a->ldo + d, low[i] * inverse[i], a->head_dim - d);
            store_some(out + i * a->ldo + next, high[i] * inverse[i],
                       next > d ? a->head_dim - next : 0);
        }
    }
}

static inline __attribute__((always_inline)) void attend_some(const struct zg_attention_task *a,
                                                              int64_t first, int n)
{
    int64_t n_keys = 0;
    for (int i = 0; i < n; i++)
        n_keys = a->n_keys[first + i] > n_keys ? a->n_keys[first + i] : n_keys;
    const int64_t n_padded = (n_keys + LANES - 1) / LANES * LANES;
    float inverse[ZG_ATTENTION_QUERIES];
    scores_some(a, a->q + first * a->ldq, n, n_keys);
    softmax_some(a, a->n_keys + first, n, n_padded, inverse);
    values_some(a, a->out + first * a->ldo, n, n_keys, inverse);
}

static void attention(const struct zg_attention_task *a)
{
    int64_t i = 0;
    for (; i + 4 <= a->n_queries; i += 4)
        attend_some(a, i, 4);
    if (a->n_queries - i >= 2) {
        attend_some(a, i, 2);
        i += 2;
    }
    if (a->n_queries - i >= 1)
        attend_some(a, i, 1);
}
