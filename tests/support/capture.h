/*
 * capture.h - what is printed to the standard output, as a string.
 *
 *     capture_begin();
 *     print_something();
 *     char *const text = capture_end();
 */
#ifndef ZG_TESTS_CAPTURE_H
#define ZG_TESTS_CAPTURE_H

void capture_begin(void);
/* What was printed since, malloc'ed; the standard output is as it was. */
char *capture_end(void);

#endif
