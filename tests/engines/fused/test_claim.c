/* test_claim.c - queues that threads empty together. */
#include "engines/fused/claim.h"

#include <omp.h>

#include "tests/support/cunit_run.h"

static void test_sizes(void)
{
    struct zg_queue queue;
    int64_t begin, end, at = 0, largest = 0, last = 0;
    zg_queue_reset(&queue);
    while (zg_queue_claim(&queue, 100, 40, &begin, &end)) {
        CU_ASSERT_EQUAL(begin, at);
        CU_ASSERT(end > begin && end <= 100);
        CU_ASSERT_EQUAL(begin / 40, (end - 1) / 40); /* not past a stop */
        largest = end - begin > largest ? end - begin : largest;
        last = end - begin;
        at = end;
    }
    CU_ASSERT_EQUAL(at, 100);
    CU_ASSERT_EQUAL(largest, 40);
    CU_ASSERT_EQUAL(last, 1);
    CU_ASSERT(!zg_queue_claim(&queue, 100, 40, &begin, &end));
    zg_queue_reset(&queue);
    CU_ASSERT(!zg_queue_claim(&queue, 0, 1, &begin, &end));
    CU_ASSERT(zg_queue_claim(&queue, 1, 1, &begin, &end) && begin == 0 && end == 1);
}

/* Three threads, and each item belongs to one of them. */
static void test_once(void)
{
    enum { N_ITEMS = 20000, N_THREADS = 3 };
    static int claimed[N_ITEMS];
    struct zg_queue queue;
    for (int round = 0; round < 20; round++) {
        zg_queue_reset(&queue);
#pragma omp parallel num_threads(N_THREADS)
        {
            int64_t begin, end;
            while (zg_queue_claim(&queue, N_ITEMS, 7, &begin, &end))
                for (int64_t i = begin; i < end; i++) {
#pragma omp atomic
                    claimed[i]++;
                }
        }
        for (int i = 0; i < N_ITEMS; i++)
            if (claimed[i] != round + 1)
                CU_FAIL("an item was claimed by nobody or twice");
    }
    CU_ASSERT_EQUAL(claimed[N_ITEMS - 1], 20);
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"sizes of claims", test_sizes},
        {"every item once", test_once},
        {NULL, NULL},
    };
    return zg_test_run("fused/claim", tests);
}
