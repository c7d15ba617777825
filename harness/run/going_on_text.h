/* going_on_text.h - the command that goes on with a run, as a shell takes it. */
#ifndef ZG_HARNESS_GOING_ON_TEXT_H
#define ZG_HARNESS_GOING_ON_TEXT_H

#include <stdio.h>

#include "harness/request/request.h"

/* The words of the command, as they were typed; with --out DIR where it had none, and --resume. */
void zg_going_on_print(const struct zg_request *request, const char *dir, FILE *out);

#endif
