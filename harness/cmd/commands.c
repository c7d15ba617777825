/*
 * commands.c - from the command line to a command: the list, --help, --version, parsing into a
 * request.
 */
#include "harness/cmd/command.h"

#include <string.h>

#include "engines/base/json_memory.h"
#include "engines/base/nearest.h"
#include "harness/base/build.h"
#include "harness/rows/table.h"

#define ZG_COMMAND(name) extern const struct zg_command zg_command_##name;
#include "harness/cmd/commands.def"
#undef ZG_COMMAND

static const struct zg_command *const commands[] = {
#define ZG_COMMAND(name) &zg_command_##name,
#include "harness/cmd/commands.def"
#undef ZG_COMMAND
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

#define FIELD(name) .offset = offsetof(struct zg_request, name)
const struct zg_flag zg_engine_flags[] = {
    {"engines", ZG_FLAG_TEXT, "LIST", NULL,
     "engines, like naive:gemm=onednn,openblas:mechanisms=-trie,fused; default: all of this build",
     FIELD(engines)},
    {"mechanisms", ZG_FLAG_TEXT, "LIST", NULL,
     "mechanisms of the inference-style engines: names, all, none, or default and what differs "
     "from it: default,centred,-trie; -trie alone: default,-trie",
     FIELD(mechanisms)},
    {.name = NULL},
};
const struct zg_flag zg_output_flags[] = {
    {"out", ZG_FLAG_TEXT, "DIR", NULL, "directory for result files", FIELD(out_dir)},
    {ZG_FLAG_FORMAT},
    {.name = NULL},
};

static void print_program_help(void)
{
    puts("zogap measures the efficiency gap between zeroth-order fine-tuning as a training loop "
         "and as an\n"
         "inference workload, on CPUs.\n\n"
         "usage: zogap COMMAND [--option value]... [@FILE]\n\ncommands:");
    for (int i = 0; i < N_COMMANDS; i++)
        printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
    puts("\n`zogap COMMAND --help` lists a command's options; @FILE reads options from a file.\n"
         "Exit codes: 0 good, 1 a check failed, 2 usage, 3 bad input, 4 environment or I/O.");
}

static void print_command_help(const struct zg_command *command)
{
    const struct zg_flag *const operand = command->operand;
    printf("usage: zogap %s%s%s [--option value]... [@FILE]\n\n%s\n", command->name,
           operand ? " " : "", operand ? operand->name : "", command->details);
    if (operand) {
        puts("");
        zg_flag_print(operand, "", stdout);
    }
    zg_flags_print(command->groups, stdout);
    puts("\n  --help\n      this text");
}

static const struct zg_command *command_find(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static enum zg_status fail_command(const char *name, struct zg_error *err)
{
    char known[256] = "";
    size_t n = 0;
    for (int i = 0; i < N_COMMANDS && n < sizeof known; i++)
        n +=
            (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "", commands[i]->name);
    return zg_fail(err, ZG_USAGE, "unknown command '%s'; must be one of %s%s", name, known,
                   zg_nearest_word(name, known).hint);
}

static enum zg_status take_flag(void *context, const struct zg_flag_group *group,
                                const struct zg_flag *flag, const char *value, struct zg_error *err)
{
    struct zg_request *const request = context;
    if (!group)
        return zg_flag_set(request, flag, value, err);
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

static enum zg_status run_command(const struct zg_command *command, struct zg_request *request,
                                  struct zg_error *err)
{
    bool help = false;
    enum zg_status status = set_defaults(command->groups, request, err);
    if (!status)
        status = zg_flags_parse(command->groups, command->operand, (int)request->words.n_words - 1,
                                request->words.words + 1, take_flag, request, &help, err);
    if (!status && help)
        print_command_help(command);
    else if (!status)
        status = command->run(request, err);
    if (zg_json_memory_failed() && (!status || status == ZG_INPUT || status == ZG_USAGE)) {
        zg_error_clear(err); /* it was not the file */
        status = zg_fail(err, ZG_ENV, "no memory to read or write JSON");
    }
    if (status)
        zg_fail_within(err, status, "%s", command->name);
    zg_sweep_close(&request->sweep);
    return status;
}

enum zg_status zg_command_line(int argc, char **argv, struct zg_error *err)
{
    struct zg_request request = {.argv = argv, .policy.max_time_s = -1};
    enum zg_status status = zg_words_expand(&request.words, argc, argv, err);
    if (status)
        return status;
    const char *const name = request.words.n_words > 1 ? request.words.words[1] : NULL;
    const struct zg_command *const command = name ? command_find(name) : NULL;
    if (command)
        status = run_command(command, &request, err);
    else if (!name)
        status = zg_fail(err, ZG_USAGE, "no command; `zogap --help` lists them");
    else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        print_program_help();
    else if (strcmp(name, "--version") == 0)
        printf("zogap %s (%s)\n", ZG_VERSION_TEXT, ZG_GIT_STATE);
    else
        status = fail_command(name, err);
    zg_words_close(&request.words);
    return status;
}
