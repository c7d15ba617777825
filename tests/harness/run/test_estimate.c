/* test_estimate.c - estimate.h: what makes a case longer makes its estimate longer. */
#include "harness/run/estimate.h"
#include "tests/support/cunit_run.h"

static struct zg_request request;

static double estimate(const char *engines, const char *model, int64_t batch)
{
    struct zg_session session = {.request = &request, .isa = ZG_ISA_AVX512BF16, .n_threads = 2};
    struct zg_session_case of = {.c = {.model = model,
                                       .batch = batch,
                                       .dtype = ZG_FP32,
                                       .algorithm = zg_algorithm_default(zg_algorithm_at(0))}};
    struct zg_entry entries[ZG_MAX_ENGINES];
    of.entries = entries;
    session.cases = &of;
    session.n_cases = 1;
    CU_ASSERT_EQUAL_FATAL(zg_engine_list_parse(&session.engines, engines, NULL, NULL), ZG_OK);
    for (int64_t i = 0; i < session.engines.n_items; i++)
        zg_entry_make(&entries[i], &of.c, &session.engines.items[i], 2);
    const double s = zg_estimate_s(&session, 0);
    zg_engine_list_close(&session.engines);
    return s;
}

static void default_policy(void)
{
    request.policy = (struct zg_policy){.max_time_s = -1, .fidelity = 200, .fidelity_batch = 4};
}

#define LOOP "naive:gemm=reference"

static void test_work(void)
{
    default_policy();
    request.policy.blocks = 6;
    const double s = estimate(LOOP, "opt-125m", 16);
    CU_ASSERT(s > 10 && s < 400);
    CU_ASSERT(estimate(LOOP, "opt-1.3b", 16) > 5 * s);
    CU_ASSERT(estimate(LOOP, "opt-125m", 64) > 3 * s);
    CU_ASSERT(estimate("fused", "opt-125m", 16) < s / 2);
    CU_ASSERT(estimate("fused:mechanisms=adapter", "opt-125m", 16) > s * 0.99);
    const double two = estimate(LOOP ",fused", "opt-125m", 16);
    CU_ASSERT(two > s && two < 1.5 * s);
    CU_ASSERT_EQUAL(estimate(LOOP, "some/directory", 16), s);
}

static void test_policy(void)
{
    default_policy();
    const double usual = estimate(LOOP, "opt-125m", 16);
    CU_ASSERT(usual > 90); /* --max-time */
    request.policy.max_time_s = 200;
    CU_ASSERT(estimate(LOOP, "opt-125m", 16) > usual + 100);
    default_policy();
    request.policy.blocks = 1;
    request.policy.steps = 1;
    const double one = estimate(LOOP, "opt-13b", 128);
    request.policy.brief = true;
    const double brief = estimate(LOOP, "opt-13b", 128);
    CU_ASSERT(brief < 0.6 * one);
    request.policy.blocks = 10;
    CU_ASSERT(estimate(LOOP, "opt-13b", 128) > 2 * brief);
    request.policy.blocks = 0; /* a time that is asked for is taken, brief or not */
    request.policy.max_time_s = 200;
    CU_ASSERT(estimate(LOOP, "opt-125m", 16) > 200);
}

/* Only what is below fp32 is probed. */
static void test_fidelity(void)
{
    default_policy();
    request.policy.blocks = 1;
    const double fp32 = estimate("fused", "opt-125m", 16),
                 bf16 = estimate("fused:dtype=bf16", "opt-125m", 16);
    request.policy.fidelity = 0;
    CU_ASSERT_EQUAL(estimate("fused", "opt-125m", 16), fp32);
    CU_ASSERT(estimate("fused:dtype=bf16", "opt-125m", 16) < bf16 - 5);
}

int main(void)
{
    const struct zg_test tests[] = {{"more work, more time", test_work},
                                    {"what the policy asks for", test_policy},
                                    {"probes of fidelity", test_fidelity},
                                    {0}};
    return zg_test_run("estimate", tests);
}
