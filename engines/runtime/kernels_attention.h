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
    for (int64_t k = 0; k < n_keys; k += LANES) {
        vec sum[ZG_ATTENTION_QUERIES] = {{0}};
        for (int64_t d = 0; d < a->head_dim; d++) {
            const vec key = vec_load(a->kt + d * a->ldk + k);
            for (int i = 0; i < n; i++)
                sum[i] += q[i * a->ldq + d] * key;
        }
        for (int i = 0; i < n; i++)
            vec_store(a->p + i * a->ldk + k, sum[i] * a->scale);
    }
}

/* p = softmax(p[0 .. n_keys)) unnormalised, zero up to `n_padded`; returns 1 / sum. */
static inline float softmax(float *p, int64_t n_keys, int64_t n_padded)
{
    const int64_t whole = n_keys - n_keys % LANES;
    float max = p[0];
    if (whole > 0) {
        vec top = vec_load(p);
        for (int64_t k = LANES; k < whole; k += LANES)
            top = vec_max(top, vec_load(p + k));
        max = vec_max_lane(top);
    }
    for (int64_t k = whole; k < n_keys; k++)
        max = p[k] > max ? p[k] : max;

    vec sum = {0};
    for (int64_t k = 0; k < whole; k += LANES) {
        const vec e = vec_exp(vec_load(p + k) - max);
        vec_store(p + k, e);
        sum += e;
    }
    if (whole < n_keys) {
        float tail[VEC_BYTES / sizeof(float)] = {0};
        memcpy(tail, p + whole, (size_t)(n_keys - whole) * sizeof(float));
        vec_store(tail, vec_exp(vec_load(tail) - max));
        memset(tail + (n_keys - whole), 0, (size_t)(whole + LANES - n_keys) * sizeof(float));
        vec_store(p + whole, vec_load(tail));
        sum += vec_load(tail);
    }
    for (int64_t k = n_keys; k < n_padded; k++)
        p[k] = 0.0f;
    return 1.0f / vec_sum(sum);
}

/* out[i][d] = inverse[i] * sum_k p[i][k] v[k][d] */
static inline __attribute__((always_inline)) void values_some(const struct zg_attention_task *a,
                                                              float *out, int n, int64_t n_keys,
                                                              const float *inverse)
{
    for (int64_t d = 0; d < a->head_dim; d += LANES) {
        vec sum[ZG_ATTENTION_QUERIES] = {{0}};
        for (int64_t k = 0; k < n_keys; k++) {
            const vec value = vec_load(a->v + k * a->ldv + d);
            for (int i = 0; i < n; i++)
                sum[i] += a->p[i * a->ldk + k] * value;
        }
        const int64_t width = a->head_dim - d < LANES ? a->head_dim - d : LANES;
        for (int i = 0; i < n; i++) {
            const vec o = sum[i] * inverse[i];
            if (width == LANES)
                vec_store(out + i * a->ldo + d, o);
            else
                memcpy(out + i * a->ldo + d, &o, (size_t)width * sizeof(float));
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
