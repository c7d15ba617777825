/* completion.c - what a shell completes as a value, whatever the shell. */
#include <string.h>

#include "harness/pages/pages.h"

struct zg_completion zg_completion_of(const struct zg_command *command, const struct zg_flag *flag)
{
    struct zg_completion c = {.dirs = zg_flag_takes_dir(flag), .files = zg_flag_takes_file(flag)};
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    zg_flag_words(flag, c.words, sizeof c.words);
    c.is_list = zg_flag_takes_list(flag) && !flag->is_axis;
    for (int64_t i = 0; i < n; i++) /* a sweep, where the command takes one */
        if (options[i].flag == flag)
            c.is_list |= options[i].is_list;
    return c;
}
