/* completion.c - what a shell completes as a value, whatever the shell. */
#include "harness/pages/pages.h"
#include "harness/request/choices.h"

struct zg_completion zg_completion_of(const struct zg_command *command, const struct zg_flag *flag)
{
    struct zg_completion c = {.dirs = zg_flag_takes_dir(flag), .files = zg_flag_takes_file(flag)};
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    zg_flag_words(flag, c.words, sizeof c.words);
    c.has_settings = flag->word_at == zg_choice_engine || flag->word_at == zg_choice_algorithm;
    c.is_list = zg_flag_takes_list(flag) && !flag->is_axis;
    for (int64_t i = 0; i < n; i++) /* a sweep, where the command takes one */
        if (options[i].flag == flag)
            c.is_list |= options[i].is_list;
    return c;
}

const char *zg_completion_head(int64_t index)
{
    const char *head = zg_choice_engine(index);
    for (int64_t i = 0; !head && i <= index; i++) /* behind the last engine */
        if (!zg_choice_engine(i))
            return zg_choice_algorithm(index - i);
    return head;
}

void zg_completion_put_settings(const char *head, FILE *out)
{
    char text[128];
    for (int64_t i = 0; zg_choice_setting(head, i, text, sizeof text); i++)
        fprintf(out, " %s", text);
}
