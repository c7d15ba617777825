/* make_tiny_model.c - tiny_model.h for the command-line tests: make_tiny_model DIR. */
#include <stdbool.h>
#include <stdio.h>

#include "tests/harness/tiny_model.h"

int main(int argc, char **argv)
{
    struct zg_error err = {0};
    const bool failed = argc != 2 || tiny_model_write(argv[1], &err) != ZG_OK;
    if (failed)
        fprintf(stderr, "usage: make_tiny_model DIR; %s\n", err.text);
    return failed;
}
