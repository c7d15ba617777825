/*
 * main.c - the only place that prints errors and exits.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "engines/base/json_memory.h"
#include "harness/base/signals.h"
#include "harness/cmd/command.h"
#include "harness/machine/environment.h"

/* A standard stream that the caller closed would be the number of the next file that is opened, and
 * what is printed would end in a result file.  Opened the wrong way round, reading it finds nothing
 * and writing to it fails, as it should. */
static void occupy_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    struct zg_error err = {0};
    occupy_standard_streams();
    zg_json_memory_watch();
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
