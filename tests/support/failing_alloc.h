/*
 * failing_alloc.h - the n-th allocation fails, of all that the program and its static libraries
 * make.
 *
 *     for (int n = 1; fail_allocation(n), status = open(&out, &err), allocation_failed(); n++)
 *         CU_ASSERT_EQUAL(status, ZG_ENV);
 *
 * For programs that link zogap_test_failing_alloc.
 */
#ifndef ZG_TESTS_FAILING_ALLOC_H
#define ZG_TESTS_FAILING_ALLOC_H

#include <stdbool.h>

/* The n-th from now on, counted from 1; 0: none. */
void fail_allocation(int n);
/* Has it failed?  None fails from now on. */
bool allocation_failed(void);

#endif
