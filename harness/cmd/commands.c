/*
 * commands.c - from the command line to a command: --help, --version, parsing into a request.
 */
#include <stdio.h>
#include <string.h>

#include "engines/base/json_memory.h"
#include "harness/base/build.h"
#include "harness/base/line.h"
#include "harness/base/page.h"
#include "harness/cmd/help.h"
#include "harness/request/choices.h"
#include "harness/rows/table.h"

#define FIELD(name) .offset = offsetof(struct zg_request, name)
const struct zg_flag zg_engine_flags[] = {
    {"engines", ZG_FLAG_TEXT, "LIST", NULL,
     "engines, like naive:gemm=onednn,openblas:mechanisms=-trie,fused; default: all of this build",
     FIELD(engines), .word_at = zg_choice_engine},
    {ZG_FLAG_MECHANISMS},
    {.name = NULL},
};
const struct zg_flag zg_output_flags[] = {
    {"out", ZG_FLAG_TEXT, "DIR", NULL,
     "directory for result files; default: of `run` and `ladder` a new one, "
     "zogap-results/DATE-TIME, "
     "else none is written",
     FIELD(out_dir)},
    {ZG_FLAG_FORMAT},
    {ZG_FLAG_WIDE},
    {.name = NULL},
};

/* The last use of an option counts, so that a command line can say otherwise than its @FILE. */
static void note_given(struct zg_request *request, const struct zg_flag *flag, const char *value)
{
    int64_t i = 0;
    if (!value || (flag->kind == ZG_FLAG_CUSTOM && !flag->is_axis)) /* some add up */
        return;
    while (i < request->n_given && request->given[i].flag != flag)
        i++;
    if (i == ZG_MOST_GIVEN)
        return;
    if (i < request->n_given && strcmp(request->given[i].value, value) != 0)
        request->overridden = request->given[i];
    request->n_given += i == request->n_given;
    request->given[i] = (struct zg_given){flag, value};
}

/* Not in silence: who did not mean it would have other results than asked for. */
static void tell_overridden(const struct zg_request *request)
{
    const struct zg_given *const before = &request->overridden;
    for (int64_t i = 0; i < request->n_given && before->flag; i++)
        if (request->given[i].flag == before->flag)
            zg_line_print(stderr, "note: --%s is given more than once: %s counts, not %s",
                          before->flag->name, request->given[i].value, before->value);
}

static enum zg_status take_flag(void *context, const struct zg_flag_group *group,
                                const struct zg_flag *flag, const char *value, struct zg_error *err)
{
    struct zg_request *const request = context;
    if (!group)
        return zg_flag_set(request, flag, value, err);
    note_given(request, flag, value);
    if (group->flags == zg_case_flags)
        return zg_sweep_add(&request->sweep, flag, value, err);
    return zg_flag_set((char *)request + group->offset, flag, value, err);
}

/* The defaults of case options belong to struct zg_case: zg_sweep_case() sets them. */
static enum zg_status set_defaults(const struct zg_flag_group *groups, struct zg_request *request,
                                   struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (; groups->title && !status; groups++) {
        const struct zg_flag_group one[] = {*groups, {0}};
        if (groups->flags != zg_case_flags)
            status = zg_flags_default(one, request, err);
    }
    return status;
}

static bool has_axis(const struct zg_sweep *sweep, const char *name)
{
    for (int64_t i = 0; i < sweep->n_axes; i++)
        if (strcmp(sweep->axes[i].flag->name, name) == 0)
            return true;
    return false;
}

/* The defaults of case options that are the command's own, of those that nobody gave. */
static enum zg_status add_own_defaults(const struct zg_command *command, struct zg_sweep *sweep,
                                       struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (const struct zg_term *own = command->defaults; own && own->term && !status; own++)
        for (const struct zg_flag *flag = zg_case_flags; flag->name && !status; flag++)
            if (strcmp(flag->name, own->term) == 0 && !has_axis(sweep, flag->name))
                status = zg_sweep_add(sweep, flag, own->meaning, err);
    return status;
}

enum zg_status zg_command_parse(const struct zg_command *command, struct zg_request *request,
                                bool *help, struct zg_error *err)
{
    request->sweep.one_case = command->single && strcmp(command->single, "all") == 0;
    enum zg_status status = set_defaults(command->groups, request, err);
    if (!status)
        status = zg_flags_parse(command->groups, command->operand, (int)request->words.n_words - 1,
                                request->words.words + 1, take_flag, request, help, err);
    return status ? status : add_own_defaults(command, &request->sweep, err);
}

/* Behind the command's name. */
static bool has_word(const struct zg_words *words, const char *word)
{
    for (int64_t i = 2; i < words->n_words; i++)
        if (strcmp(words->words[i], word) == 0)
            return true;
    return false;
}

static enum zg_status run_command(const struct zg_command *command, struct zg_request *request,
                                  struct zg_error *err)
{
    const bool all = has_word(&request->words, "--all");
    bool help = all && (has_word(&request->words, "--help") || has_word(&request->words, "-h"));
    enum zg_status status = ZG_OK;
    if (!help)
        status = zg_command_parse(command, request, &help, err);
    zg_page_set_wide(request->wide);
    if (!status && help)
        zg_help_command(command, all, stdout);
    else if (!status)
        status = command->run(request, err);
    if (!status && !help)
        tell_overridden(request);
    if (zg_json_memory_failed() && (!status || status == ZG_INPUT || status == ZG_USAGE)) {
        zg_error_clear(err); /* it was not the file */
        status = zg_fail(err, ZG_ENV, "no memory to read or write JSON");
    }
    if (status)
        zg_fail_within(err, status, "%s", command->name);
    zg_sweep_close(&request->sweep);
    return status;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

enum zg_status zg_command_line(int argc, char **argv, struct zg_error *err)
{
    struct zg_request request = {.argv = argv, .policy.max_time_s = -1};
    const struct zg_command *command = NULL;
    enum zg_status status = zg_words_expand(&request.words, argc, argv, err);
    if (status)
        return status;
    const char *const name = request.words.n_words > 1 ? request.words.words[1] : NULL;
    if (name && strcmp(name, "--version") == 0)
        printf("zogap %s (%s)\n", ZG_VERSION_TEXT, ZG_GIT_STATE);
    else if (!name)
        status = zg_fail(err, ZG_USAGE, "no command; `zogap --help` lists them");
    else
        status = zg_command_find(&command, is_help(name) ? "help" : name, err);
    if (command)
        status = run_command(command, &request, err);
    zg_words_close(&request.words);
    return status;
}
