/* make_trained.c - trained.h for the command's tests: make_trained DIR MODEL ENGINE NAME STEPS.  A
 * sixth argument, made-up, makes up the losses: what `zogap export` then takes is a replay's
 * time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/train/trained.h"

int main(int argc, char **argv)
{
    struct zg_error err = {0};
    struct trained trained;
    const bool made_up = argc == 7 && strcmp(argv[6], "made-up") == 0;
    if (argc != 6 && !made_up) {
        fprintf(stderr, "usage: make_trained DIR MODEL ENGINE NAME STEPS [made-up]\n");
        return 2;
    }
    const struct trained_request request = {
        .model = argv[2],
        .engine = argv[3],
        .algorithm = made_up ? "lozo" : "lozo:rank=2+nu=4+eps=0.01+lr=0.001",
        .name = argv[4],
        .n_steps = atoi(argv[5]),
        .weights_every = made_up ? ZG_STEPS_WEIGHTS_EVERY : 5,
        .made_up = made_up};
    const enum zg_status status = trained_open(&trained, argv[1], &request, &err);
    if (status)
        fprintf(stderr, "%s\n", err.text);
    else
        trained_close(&trained);
    return (int)status;
}
