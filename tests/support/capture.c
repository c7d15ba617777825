/* capture.c - the standard output is a stream in memory for a while. */
#include "tests/support/capture.h"

#include <stdio.h>

#include "tests/support/cunit_run.h"

static FILE *real;
static char *text;
static size_t size;

void capture_begin(void)
{
    real = stdout;
    stdout = open_memstream(&text, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stdout);
}

char *capture_end(void)
{
    CU_ASSERT_EQUAL(fclose(stdout), 0);
    stdout = real;
    return text;
}
