/*
 * scripted_counters.h - a PMU for machines that have none: a source of counts (counters_source.h)
 * that knows the events of its script, refuses some, and has registers for a few at a time.
 *
 * Each read adds the event's rate, times the thread's number and one, to what it counted so far: so
 * every span between a start and a stop counts PAPI_TOT_CYC 3000, PAPI_TOT_INS 6000, PAPI_L3_TCM
 * 10, PAPI_L2_DCM 20, PAPI_L1_DCM 40 in thread 0, twice that in thread 1.  PAPI_L2_TCM, PAPI_TLB_DM
 * and PAPI_VEC_SP are lacking; PAPI_SP_OPS is accepted and stays 0; thread 1 refuses PAPI_RES_STL.
 */
#ifndef ZG_TESTS_SCRIPTED_COUNTERS_H
#define ZG_TESTS_SCRIPTED_COUNTERS_H

#include "harness/timing/counters_source.h"

extern const struct zg_counter_source scripted_source;

extern int scripted_n_registers;               /* of a thread */
extern int scripted_n_open, scripted_n_opened; /* threads open now, and ever */
extern bool scripted_multiplex_fails;

#endif
