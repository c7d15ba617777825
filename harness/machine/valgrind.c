/* valgrind.c - asks valgrind, by its request of a few instructions that do nothing elsewhere. */
#include "harness/machine/valgrind.h"

#ifdef ZOGAP_HAVE_VALGRIND
#include <valgrind/valgrind.h>
#endif

bool zg_valgrind_runs_us(void)
{
#ifdef ZOGAP_HAVE_VALGRIND
    return RUNNING_ON_VALGRIND != 0;
#else
    return false;
#endif
}
