/*
 * help.c - prints help from the tables, wrapped at 80 columns; `zogap help`.
 */
#include "harness/cmd/help.h"

#include <string.h>

extern const struct zg_command zg_command_help;

enum { WIDTH = 80, COLUMN = 26 }; /* of a line; where the text beside an option begins */

const char zg_help_about[] =
    "zogap measures the efficiency gap between zeroth-order fine-tuning as a training loop and as "
    "an inference workload, on CPUs.";
const char zg_help_list_text[] =
    "[list]: takes several values, like 16,32, whole numbers as ranges too, 4-16+4 or 1-64*2; "
    "together they make a sweep over all combinations.";

const struct zg_term zg_help_environment[] = {
    {"ZOGAP_ISA=portable|avx2|avx512|avx512bf16|amx",
     "caps the instruction sets that engines and peaks use, in capitals or not; default: what the "
     "processor has"},
    {"ZOGAP_PEAKS=full|brief",
     "how long the machine's peaks are measured in `run` and `ladder`; brief is enough where no "
     "share of them is looked at; default: full"},
    {"TMPDIR", "where `gate` keeps what it runs, where --out names no directory; default: /tmp"},
    {"OMP_*, GOMP_*, KMP_*, ONEDNN_*, DNNL_*, OPENBLAS_*, MALLOC_*, LD_PRELOAD",
     "of these, what changes the numbers is warned of, and what only prints is taken out; `zogap "
     "info` lists what is set"},
    {NULL, NULL},
};

const struct zg_term zg_help_exit_codes[] = {
    {"0", "good"},
    {"1", "a check failed: engines disagree, or the gate found a case worse"},
    {"2", "usage: an option, or a combination of options, that makes no sense"},
    {"3", "bad input: a file or what it holds"},
    {"4", "environment or I/O: no memory, a full disk, nothing that could be measured"},
    {"128+N", "after signal N"},
    {NULL, NULL},
};

/* ---- options in the order of help ------------------------------------------------------------ */

/* Goes over the words of a text; n: bytes of the word, 0 at the end. */
static const char *next_word(const char *at, size_t *n)
{
    at += strspn(at, " ");
    *n = strcspn(at, " ");
    return at;
}

static bool is_one_of(const char *words, const char *name)
{
    size_t n;
    for (words = next_word(words ? words : "", &n); n; words = next_word(words + n, &n))
        if (strlen(name) == n && memcmp(name, words, n) == 0)
            return true;
    return false;
}

static bool is_list(const struct zg_command *command, const struct zg_flag *flag)
{
    return flag->is_axis && !is_one_of(command->single, "all") &&
           !is_one_of(command->single, flag->name);
}

static const char *fallback_of(const struct zg_command *command, const struct zg_flag *flag)
{
    for (const struct zg_term *own = command->defaults; own && own->term; own++)
        if (strcmp(own->term, flag->name) == 0)
            return own->meaning;
    return flag->fallback;
}

/* In the order of the tables. */
static int64_t collect(const struct zg_command *command, struct zg_help_option *out)
{
    int64_t n = 0;
    for (const struct zg_flag_group *group = command->groups; group->title; group++) {
        const char *topic = group->title;
        for (const struct zg_flag *flag = group->flags; flag->name && n < ZG_MAX_FLAGS; flag++) {
            topic = flag->topic ? flag->topic : topic;
            if (!is_one_of(command->refused, flag->name))
                out[n++] = (struct zg_help_option){flag, topic, is_list(command, flag),
                                                   fallback_of(command, flag)};
        }
    }
    return n;
}

/* Gives the common ones their topic and puts them first; returns how many there are. */
static int64_t take_common(const char *common, struct zg_help_option *options, int64_t n)
{
    int64_t n_taken = 0;
    size_t length;
    for (common = next_word(common, &length); length; common = next_word(common + length, &length))
        for (int64_t i = n_taken; i < n; i++) {
            struct zg_help_option option = options[i];
            if (strlen(option.flag->name) != length ||
                memcmp(option.flag->name, common, length) != 0)
                continue;
            memmove(&options[n_taken + 1], &options[n_taken],
                    (size_t)(i - n_taken) * sizeof option);
            option.topic = ZG_TOPIC_COMMON;
            options[n_taken++] = option;
            break;
        }
    return n_taken;
}

int64_t zg_help_options(const struct zg_command *command, struct zg_help_option *out)
{
    const int64_t n = collect(command, out);
    int64_t end = command->common ? take_common(command->common, out, n) : 0; /* in place so far */
    for (; end < n; end++)
        for (int64_t i = end + 1; i < n; i++) { /* the next of the same topic follows */
            const struct zg_help_option option = out[i];
            if (strcmp(option.topic, out[end].topic) != 0)
                continue;
            memmove(&out[end + 2], &out[end + 1], (size_t)(i - end - 1) * sizeof option);
            out[end + 1] = option;
            break;
        }
    return n;
}

/* ---- printing -------------------------------------------------------------------------------- */

/* Prints words from column `at` on, the following lines indented; a newline in them ends a line. */
static void print_wrapped(const char *text, int at, int indent, FILE *out)
{
    bool is_first = true; /* of its line */
    for (const char *c = text; *c;) {
        const int n = (int)strcspn(c, " \n");
        if (!is_first && at + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            is_first = true;
        }
        at += fprintf(out, "%s%.*s", is_first ? "" : " ", n, c);
        is_first = false;
        c += n;
        for (; *c == ' ' || *c == '\n'; c++)
            if (*c == '\n') {
                fprintf(out, "\n%*s", indent, "");
                at = indent;
                is_first = true;
            }
    }
    fputc('\n', out);
}

/* A head, and its text beside it or below. */
static void print_entry(const char *head, const char *text, int column, FILE *out)
{
    const int n = fprintf(out, "  %s", head);
    if (n < column - 1)
        fprintf(out, "%*s", column - n, "");
    else
        fprintf(out, "\n%*s", column, "");
    print_wrapped(text, column, column, out);
}

const char *zg_help_text(const struct zg_help_option *option, char *text, size_t size)
{
    const char *const fallback = option->fallback;
    snprintf(text, size, "%s%s%s%s%s", option->flag->summary, fallback ? " [default: " : "",
             fallback ? fallback : "", fallback ? "]" : "", option->is_list ? " [list]" : "");
    return text;
}

static void print_option(const struct zg_help_option *option, FILE *out)
{
    const struct zg_flag *const flag = option->flag;
    char head[128], text[ZG_HELP_TEXT];
    snprintf(head, sizeof head, "--%s%s%s", flag->name, flag->value ? " " : "",
             flag->value ? flag->value : "");
    print_entry(head, zg_help_text(option, text, sizeof text), COLUMN, out);
}

static void print_terms(const char *title, const struct zg_term *terms, int column, FILE *out)
{
    fprintf(out, "\n%s:\n", title);
    for (; terms->term; terms++)
        print_entry(terms->term, terms->meaning, column, out);
}

static void print_examples(const struct zg_command *command, FILE *out)
{
    fprintf(out, "\nExamples:\n");
    for (const struct zg_term *example = command->examples; example->term; example++) {
        fprintf(out, "  %s\n      ", example->term);
        print_wrapped(example->meaning, 6, 6, out);
    }
}

/* The options that `all` or being common shows; the number of those left out. */
static int64_t print_options(const struct zg_command *command, bool all, FILE *out)
{
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    const char *topic = "";
    bool has_list = false;
    int64_t i = 0;
    for (; i < n && (all || !command->common || strcmp(options[i].topic, ZG_TOPIC_COMMON) == 0);
         i++) {
        if (strcmp(options[i].topic, topic) != 0)
            fprintf(out, "\n%s:\n", options[i].topic);
        topic = options[i].topic;
        print_option(&options[i], out);
        has_list |= options[i].is_list;
    }
    if (has_list) {
        fputc('\n', out);
        print_wrapped(zg_help_list_text, 0, 0, out);
    }
    return n - i;
}

/* The options that are not shown, by topic. */
static void print_rest(const struct zg_command *command, int64_t n_left, FILE *out)
{
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    char text[2048];
    size_t used =
        (size_t)snprintf(text, sizeof text, "`zogap %s --help --all` has %lld more:", command->name,
                         (long long)n_left);
    for (int64_t i = n - n_left; i < n && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s --%s",
                                 i > n - n_left ? "," : "", options[i].flag->name);
    fputc('\n', out);
    print_wrapped(text, 0, 0, out);
}

void zg_help_command(const struct zg_command *command, bool all, FILE *out)
{
    const struct zg_flag *const operand = command->operand;
    fprintf(out, "usage: zogap %s%s%s [--option value]... [@FILE]\n\n", command->name,
            operand ? " " : "", operand ? operand->name : "");
    print_wrapped(command->details, 0, 0, out);
    if (operand) {
        fputc('\n', out);
        print_entry(operand->name, operand->summary, COLUMN, out);
    }
    const int64_t n_left = print_options(command, all, out);
    print_examples(command, out);
    if (n_left > 0)
        print_rest(command, n_left, out);
}

void zg_help_program(bool all, FILE *out)
{
    const struct zg_command *command;
    print_wrapped(zg_help_about, 0, 0, out);
    fprintf(out, "\nusage: zogap COMMAND [--option value]... [@FILE]\n\nCommands:\n");
    for (int64_t i = 0; (command = zg_command_at(i)); i++)
        print_entry(command->name, command->summary, 13, out);
    print_examples(&zg_command_help, out);
    print_terms("Environment", zg_help_environment, 10, out);
    print_terms("Exit codes", zg_help_exit_codes, 10, out);
    fputc('\n', out);
    print_wrapped(
        "`zogap help COMMAND`, or `zogap COMMAND --help`, tells of a command; with --all of "
        "every option.  @FILE reads options from a file.",
        0, 0, out);
    for (int64_t i = 0; all && (command = zg_command_at(i)); i++) {
        fprintf(out, "\n---- zogap %s ----\n\n", command->name);
        zg_help_command(command, true, out);
    }
}

/* ---- zogap help ------------------------------------------------------------------------------ */

static enum zg_status run_help(struct zg_request *request, struct zg_error *err)
{
    const struct zg_command *command = NULL;
    enum zg_status status = ZG_OK;
    if (request->about)
        status = zg_command_find(&command, request->about, err);
    if (command)
        zg_help_command(command, request->all, stdout);
    else if (!status)
        zg_help_program(request->all, stdout);
    return status;
}

static enum zg_status set_about(void *target, const struct zg_flag *flag, const char *value,
                                struct zg_error *err)
{
    (void)flag;
    struct zg_request *const request = target;
    if (request->about)
        return zg_fail(err, ZG_USAGE, "%s: one command at a time, and %s is one", value,
                       request->about);
    request->about = value;
    return ZG_OK;
}

static const char *command_name(int64_t index)
{
    const struct zg_command *const command = zg_command_at(index);
    return command ? command->name : NULL;
}

static const struct zg_flag help_flags[] = {
    {"all", ZG_FLAG_SWITCH, NULL, NULL, "every option, and of every command where none is named",
     .offset = offsetof(struct zg_request, all)},
    {.name = NULL},
};
static const struct zg_flag_group groups[] = {{"Options", help_flags, 0}, {0}};
static const struct zg_flag operand = {.name = "[COMMAND]",
                                       .kind = ZG_FLAG_CUSTOM,
                                       .summary = "command to tell of; default: what there is",
                                       .word_at = command_name,
                                       .set = set_about};
static const struct zg_term examples[] = {
    {"zogap run --model opt-mini --engines naive,fused --max-time 60",
     "a first table, in a minute"},
    {"zogap help run --all", "every option of `run`"},
    {NULL, NULL},
};

const struct zg_command zg_command_help = {
    .name = "help",
    .summary = "commands, options and examples",
    .details = "Tells of zogap, or of one command: what it does, its options, examples.",
    .groups = groups,
    .operand = &operand,
    .examples = examples,
    .run = run_help,
};
