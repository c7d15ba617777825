/*
 * main.c - the only place that prints errors and exits.
 */
#include <stdio.h>

#include "harness/command.h"
#include "harness/environment.h"
#include "harness/signals.h"

int main(int argc, char **argv)
{
    struct zg_error err = {0};
    zg_environment_begin();
    enum zg_status status = zg_command_line(argc, argv, &err);
    /* a full disk or a closed pipe may only show now */
    if (!status && (fflush(stdout) != 0 || ferror(stdout)))
        status = zg_fail(&err, ZG_ENV, "standard output: cannot be written");
    if (status && err.text[0])
        fprintf(stderr, "zogap: %s\n", err.text);
    const int signal_number = zg_signals_caught();
    return signal_number ? 128 + signal_number : (int)status;
}
