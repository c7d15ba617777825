/*
 * write_pages.c - zogap_pages DIR DATE: writes the man pages and completions below DIR, whose
 * folders are there, as a Unix prefix has them below share/.  Run when zogap is built.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/pages/pages.h"

static FILE *begin(const char *dir, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", dir, name);
    return fopen(path, "w");
}

/* Prints what went wrong; is it well? */
static bool end(FILE *file, const char *path)
{
    const bool is_written = file && !ferror(file);
    const bool is_closed = file && fclose(file) == 0;
    if (!is_written || !is_closed)
        fprintf(stderr, "zogap_pages: %s: %s\n", path, strerror(errno));
    return is_written && is_closed;
}

static bool write_man_pages(const char *dir, const char *date)
{
    const struct zg_command *command;
    char path[4096], name[128];
    FILE *file = begin(dir, "man/man1/zogap.1", path, sizeof path);
    if (file)
        zg_page_of_program(date, file);
    bool is_well = end(file, path);
    for (int64_t i = 0; (command = zg_command_at(i)) && is_well; i++) {
        snprintf(name, sizeof name, "man/man1/zogap-%s.1", command->name);
        file = begin(dir, name, path, sizeof path);
        if (file)
            zg_page_of_command(command, date, file);
        is_well = end(file, path);
    }
    return is_well;
}

static bool write_completions(const char *dir)
{
    static const struct {
        const char *name;
        void (*write)(FILE *out);
    } completions[] = {
        {"bash-completion/completions/zogap", zg_completion_bash},
        {"zsh/site-functions/_zogap", zg_completion_zsh},
        {"fish/vendor_completions.d/zogap.fish", zg_completion_fish},
    };
    bool is_well = true;
    for (size_t i = 0; i < sizeof completions / sizeof *completions && is_well; i++) {
        char path[4096];
        FILE *const file = begin(dir, completions[i].name, path, sizeof path);
        if (file)
            completions[i].write(file);
        is_well = end(file, path);
    }
    return is_well;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: zogap_pages DIR DATE\n", stderr);
        return ZG_USAGE;
    }
    return write_man_pages(argv[1], argv[2]) && write_completions(argv[1]) ? ZG_OK : ZG_ENV;
}
