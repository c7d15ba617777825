/* command_list.c - the commands, made from commands.def, and finding one by its name. */
#include <stdio.h>
#include <string.h>

#include "engines/base/nearest.h"
#include "harness/cmd/command.h"

#define ZG_COMMAND(name) extern const struct zg_command zg_command_##name;
#include "harness/cmd/commands.def"
#undef ZG_COMMAND

static const struct zg_command *const commands[] = {
#define ZG_COMMAND(name) &zg_command_##name,
#include "harness/cmd/commands.def"
#undef ZG_COMMAND
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

const struct zg_command *zg_command_at(int64_t index)
{
    return index < N_COMMANDS ? commands[index] : NULL;
}

enum zg_status zg_command_find(const struct zg_command **out, const char *name,
                               struct zg_error *err)
{
    char known[256] = "";
    size_t n = 0;
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) {
            *out = commands[i];
            return ZG_OK;
        }
    for (int i = 0; i < N_COMMANDS && n < sizeof known; i++)
        n +=
            (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", commands[i]->name);
    if (name[0] == '-')
        return zg_fail(err, ZG_USAGE, "%s: options follow the command, which must be one of %s%s",
                       name, known, zg_nearest_word(name, "--help --version").hint);
    return zg_fail(err, ZG_USAGE, "unknown command '%s'; must be one of %s%s", name, known,
                   zg_nearest_word(name, known).hint);
}
