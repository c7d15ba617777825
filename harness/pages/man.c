/* man.c - the man pages: the sections of man-pages(7) in its macros. */
#include <ctype.h>
#include <string.h>

#include "harness/base/build.h"
#include "harness/pages/pages.h"

/* ---- roff ------------------------------------------------------------------------------------ */

enum { WIDTH = 78 }; /* of a line of the source */

/* One character, roff's own escaped; `such` is set bold.  Returns the bytes written. */
static int put_character(char c, bool *is_bold, FILE *out)
{
    switch (c) {
    case '`':
        *is_bold = !*is_bold;
        return fprintf(out, *is_bold ? "\\fB" : "\\fR");
    case '-':
        return fprintf(out, "\\-");
    case '\\':
        return fprintf(out, "\\e");
    case '\'':
        return fprintf(out, "\\(aq");
    case '^':
        return fprintf(out, "\\(ha");
    case '~':
        return fprintf(out, "\\(ti");
    default:
        return fprintf(out, "%c", c);
    }
}

/* Words, with `column` bytes on their line already; returns how many are on the last.  `newline`
 * ends a line of the source, in place of a blank.  A line that began with a dot would be a
 * request. */
static int put_words(const char *text, int column, const char *newline, FILE *out)
{
    bool is_bold = false;
    for (const char *c = text; *c;) {
        const int n = (int)strcspn(c, " ");
        if (c > text && column + n > WIDTH * 4 / 5) { /* escapes take more */
            fputs(newline, out);
            column = 0;
        } else if (c > text) {
            column += fprintf(out, " ");
        }
        if (column == 0 && *c == '.')
            column += fprintf(out, "\\&");
        for (int i = 0; i < n; i++)
            column += put_character(c[i], &is_bold, out);
        c += n;
        c += strspn(c, " ");
    }
    return column;
}

static int put_text(const char *text, int column, FILE *out)
{
    return put_words(text, column, "\n", out);
}

static void put_line(const char *text, FILE *out)
{
    put_text(text, 0, out);
    fputc('\n', out);
}

/* Paragraphs: a newline begins one. */
static void put_paragraphs(const char *text, FILE *out)
{
    for (const char *end; *text; text = end + (*end == '\n')) {
        char line[2048];
        end = text + strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)(end - text), text);
        put_line(line, out);
        if (*end)
            fputs(".PP\n", out);
    }
}

static void put_header(const char *name, const char *date, FILE *out)
{
    fputs(".\\\" Made from the tables of options by zogap_pages: not to be edited.\n.TH ", out);
    for (const char *c = name; *c; c++)
        *c == '-' ? fputs("\\-", out) : fputc(toupper((unsigned char)*c), out);
    fprintf(out, " 1 %s \"zogap %s\" \"User Commands\"\n", date, ZG_VERSION_TEXT);
}

static void put_name(const char *name, const char *summary, FILE *out)
{
    fputs(".SH NAME\n", out);
    const int column = put_text(name, 0, out) + fprintf(out, " \\- ");
    put_text(summary, column, out);
    fputc('\n', out);
}

/* A term in bold with its meaning. */
static void put_term(const char *term, const char *meaning, FILE *out)
{
    fputs(".TP\n\\fB", out);
    put_words(term, 4, " \\\n", out); /* a term is one line */
    fputs("\\fR\n", out);
    put_line(meaning, out);
}

static void put_terms(const char *title, const struct zg_term *terms, FILE *out)
{
    if (!terms)
        return;
    fprintf(out, ".SH %s\n", title);
    for (; terms->term; terms++)
        put_term(terms->term, terms->meaning, out);
}

static void put_examples(const struct zg_term *examples, FILE *out)
{
    fputs(".SH EXAMPLES\n", out);
    for (; examples->term; examples++)
        put_term(examples->term, examples->meaning, out);
}

/* ---- the parts of our pages ------------------------------------------------------------------ */

static void put_option(const struct zg_help_option *option, FILE *out)
{
    const struct zg_flag *const flag = option->flag;
    char text[ZG_HELP_TEXT];
    fputs(".TP\n\\fB\\-\\-", out);
    put_text(flag->name, 8, out);
    fputs("\\fR", out);
    if (flag->value) {
        fputs(" \\fI", out);
        put_text(flag->value, 4, out);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_line(zg_help_text(option, text, sizeof text), out);
}

static void put_options(const struct zg_command *command, FILE *out)
{
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    const char *topic = "";
    bool has_list = false;
    fputs(".SH OPTIONS\n", out);
    for (int64_t i = 0; i < n; i++) {
        if (strcmp(options[i].topic, topic) != 0)
            fprintf(out, ".SS %s\n", options[i].topic);
        topic = options[i].topic;
        put_option(&options[i], out);
        has_list |= options[i].is_list;
    }
    fputs(".SS All commands\n", out);
    put_term("--help", "usage, examples and the common options; --help --all: every option", out);
    put_term("@FILE",
             "stands for the words in that file: white space separates them, quotes and \\ "
             "work as in a shell, # begins a comment",
             out);
    if (has_list) {
        fputs(".PP\n", out);
        put_line(zg_help_list_text, out);
    }
}

static void put_see_also(const struct zg_command *page, FILE *out)
{
    const struct zg_command *command;
    fputs(".SH SEE ALSO\n", out);
    fputs(page ? ".BR zogap (1)" : "", out);
    bool is_first = !page;
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        if (command == page)
            continue;
        fprintf(out, "%s.BR zogap\\-%s (1)", is_first ? "" : ",\n", command->name);
        is_first = false;
    }
    fputc('\n', out);
}

void zg_page_of_command(const struct zg_command *command, const char *date, FILE *out)
{
    char name[64];
    snprintf(name, sizeof name, "zogap-%s", command->name);
    put_header(name, date, out);
    put_name(name, command->summary, out);
    fprintf(out, ".SH SYNOPSIS\n\\fBzogap %s\\fR", command->name);
    if (command->operand)
        fprintf(out, " \\fI%s\\fR", command->operand->name);
    fputs(" [\\fB\\-\\-\\fIoption value\\fR]... [\\fB@\\fIFILE\\fR]\n.SH DESCRIPTION\n", out);
    put_paragraphs(command->details, out);
    if (command->operand)
        put_term(command->operand->name, command->operand->summary, out);
    put_options(command, out);
    put_terms("EXIT STATUS", zg_help_exit_codes, out);
    put_terms("ENVIRONMENT", zg_help_environment, out);
    put_terms("FILES", command->files, out);
    put_examples(command->examples, out);
    put_see_also(command, out);
}

static const struct zg_command *named(const char *name)
{
    const struct zg_command *command = NULL;
    zg_command_find(&command, name, NULL);
    return command;
}

void zg_page_of_program(const char *date, FILE *out)
{
    static const struct zg_term files[] = {
        {"zogap-results/DATE-TIME/", "a result directory: zogap-run(1) tells what it holds"},
        {NULL, NULL},
    };
    const struct zg_command *command;
    put_header("zogap", date, out);
    put_name("zogap", "zeroth-order fine-tuning, measured as a training loop and as inference",
             out);
    fputs(".SH SYNOPSIS\n\\fBzogap\\fR \\fICOMMAND\\fR [\\fB\\-\\-\\fIoption value\\fR]... "
          "[\\fB@\\fIFILE\\fR]\n.SH DESCRIPTION\n",
          out);
    put_paragraphs(zg_help_about, out);
    fputs(".SH COMMANDS\n", out);
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        char page[64];
        snprintf(page, sizeof page, "zogap-%s(1)", command->name);
        put_term(page, command->summary, out);
    }
    fputs(".SH OPTIONS\n", out);
    put_term("--help", "what `zogap help` tells; --help --all: every option of every command", out);
    put_term("--version", "the version, and the sources that the program was built from", out);
    put_terms("EXIT STATUS", zg_help_exit_codes, out);
    put_terms("ENVIRONMENT", zg_help_environment, out);
    put_terms("FILES", files, out);
    put_examples(named("help")->examples, out);
    put_see_also(NULL, out);
}
