/*
 * kernels_attention.h - one head of attention over gathered keys (kernels.h), included once by each
 * ISA file after simd.h.
 *
 * Keys are few (a sentence), so scores of a whole row fit in L1 and softmax takes two plain passes.
 * Keys come transposed: a vector of scores of LANES keys needs no sum across lanes.
 */

/* s[i][k] = scale * q_i . k for all keys up to n_keys, whole vectors; n (1..4) is a constant in
 * each inlined copy. */
static inline __attribute__((always_inline)) void scores_some(const struct zg_attention_task *a,
                                                              const float *q, int n, int64_t n_keys)
{
    const int64_t even_dim = a->head_dim - a->head_dim % 2;
    for (int64_t k = 0; k < n_keys; k += LANES) {
        /* Even and odd columns apart: eight chains of multiply-adds hide their latency, four do
         * not. */
        vec even[ZG_ATTENTION_QUERIES] = {{0}}, odd[ZG_ATTENTION_QUERIES] = {{0}};
        const float *kt = a->kt + k;
        for (int64_t d = 0; d < even_dim; d += 2) {
            const vec key0 = vec_load(kt + d * a->ldk), key1 = vec_load(kt + (d + 1) * a->ldk);
            for (int i = 0; i < n; i++) {
                even[i] += q[i * a->ldq + d] * key0;
                odd[i] += q[i * a->ldq + d + 1] * key1;
            }
        }
        for (int64_t d = even_dim; d < a->head_dim; d++)
            for (int i = 0; i < n; i++)
                even[i] += q[i * a->ldq + d] * vec_load(kt + d * a->ldk);
        for (int i = 0; i < n; i++)
            vec_store(a->p + i * a->ldk + k, (even[i] + odd[i]) * a->scale);
    }
}

/* p = softmax(p[0 .. n_keys)) unnormalised, zero up to `n_padded`; returns 1 / sum.  The last
 * vector's lanes past n_keys hold anything and are masked. */
static inline float softmax(float *p, int64_t n_keys, int64_t n_padded)
{
    const int64_t last = (n_keys - 1) / LANES * LANES;
    const ivec mask = vec_first(n_keys - last);
    vec top = vec_select(mask, vec_load(p + last), vec_splat(-INFINITY));
    for (int64_t k = 0; k < last; k += LANES)
        top = vec_max(top, vec_load(p + k));
    const float max = vec_max_lane(top);

    vec sum = vec_select(mask, vec_exp(vec_load(p + last) - max), vec_splat(0.0f));
    vec_store(p + last, sum);
    for (int64_t k = 0; k < last; k += LANES) {
        const vec e = vec_exp(vec_load(p + k) - max);
        vec_store(p + k, e);
        sum += e;
    }
    for (int64_t k = last + LANES; k < n_padded; k += LANES)
        vec_store(p + k, vec_splat(0.0f));
    return 1.0f / vec_sum(sum);
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
    for (int i = 0; i < n; i++)
        inverse[i] = softmax(a->p + i * a->ldk, a->n_keys[first + i], n_padded);
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
