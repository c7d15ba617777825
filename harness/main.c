/*
 * main.c - the only place that prints errors and exits.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engines/base/json_memory.h"
#include "engines/model.h"
#include "harness/base/signals.h"
#include "harness/base/standard_output.h"
#include "harness/cmd/command.h"
#include "harness/machine/environment.h"
#include "harness/machine/openblas_memory.h"
#include "harness/machine/threads.h"

/* A standard stream that the caller closed would be the number of the next file that is opened, and
 * what is printed would end in a result file.  Opened the wrong way round, reading it finds nothing
 * and writing to it fails, as it should. */
static void occupy_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Runs before the libraries' own beginnings, of which OpenBLAS's hangs where it gets no memory. */
static void before_libraries(void)
{
    static const char line[] =
        "zogap: there is no room for OpenBLAS's buffers, 128 MiB a cpu and one more, without which "
        "it hangs; raise ulimit -v, or give fewer cpus (taskset)\n";
    if (zg_openblas_memory_to_load())
        return;
    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(ZG_ENV);
}
__attribute__((section(".preinit_array"),
               used)) static void (*const first)(void) = before_libraries;

/* A file of weights was cut short while it is mapped: one line, as of every failure.  Any thread,
 * at any moment, so by system calls alone.  Another bus error ends the program as ever: returning
 * meets it again. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    static const char before[] = "zogap: ",
                      after[] = ": the file was cut short while it was in use; weights must stay "
                                "as they are while zogap runs\n";
    static atomic_flag told = ATOMIC_FLAG_INIT;
    const char *const path = zg_model_file_at(info->si_addr);
    (void)context;
    if (!path) {
        signal(number, SIG_DFL);
        return;
    }
    while (atomic_flag_test_and_set(&told)) /* another thread met it, too, and ends the program */
        pause();
    const struct iovec parts[] = {{(void *)(uintptr_t)before, sizeof before - 1},
                                  {(void *)(uintptr_t)path, strlen(path)},
                                  {(void *)(uintptr_t)after, sizeof after - 1}};
    (void)!writev(STDERR_FILENO, parts, 3);
    _exit(ZG_ENV);
}

static void watch_bus_errors(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

/* zogap ends by returning from main().  A library that cannot go on prints a line and calls
 * exit(1), as libgomp does where a thread cannot be made after all, and 1 would say that a check
 * failed. */
static bool returns_from_main;

static void on_exit_of_library(void)
{
    char limits[256];
    if (returns_from_main)
        return;
    zg_threads_limits(limits, sizeof limits);
    fprintf(stderr, "zogap: a library ended the program, for the reason above%s%s\n",
            limits[0] ? "; of threads: " : "", limits);
    _exit(ZG_ENV);
}

int main(int argc, char **argv)
{
    struct zg_error err = {0};
    occupy_standard_streams();
    zg_standard_output_watch();
    watch_bus_errors();
    atexit(on_exit_of_library);
    zg_json_memory_watch();
    zg_environment_begin();
    enum zg_status status = zg_command_line(argc, argv, &err);
    const enum zg_status printed = zg_standard_output_flush(status ? NULL : &err);
    status = status ? status : printed;
    if (status && err.text[0])
        fprintf(stderr, "zogap: %s\n", err.text);
    const int signal_number = zg_signals_caught();
    returns_from_main = true;
    if (signal_number)
        return 128 + signal_number;
    return !status && zg_standard_output_has_no_reader() ? 128 + SIGPIPE : (int)status;
}
