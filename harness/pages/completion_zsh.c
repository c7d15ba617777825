/*
 * completion_zsh.c - the completion of zsh: one _arguments a command.
 *
 * A specification is '--option=[what it is]:what the value is:how it is completed', in single
 * quotes: `]` ends the first part and `:` the second unless a backslash stands before it.
 */
#include <string.h>

#include "harness/pages/pages.h"

/* Text inside of a specification, cut at its first clause: a line of a menu is short. */
static void put_text(const char *text, FILE *out)
{
    const char *const end = strstr(text, "; ");
    for (const char *c = text; *c && c != end; c++) {
        if (*c == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *c))
            fprintf(out, "\\%c", *c);
        else
            fputc(*c, out);
    }
}

/* How a value is completed; nothing: not at all. */
static void put_action(const struct zg_completion *c, FILE *out)
{
    const bool paths = c->dirs || c->files;
    if (c->has_settings)
        fprintf(out, " _zogap_items %d %s", c->is_list, c->words);
    else if (paths && c->words[0])
        fprintf(out, " _zogap_either %s %s", c->files ? "_files" : "_directories", c->words);
    else if (paths)
        fputs(c->files ? "_files" : "_files -/", out);
    else if (c->words[0] && c->is_list)
        fprintf(out, " _sequence compadd - %s", c->words);
    else if (c->words[0])
        fprintf(out, "(%s)", c->words);
    else
        fputc(' ', out);
}

static void put_settings(FILE *out)
{
    const char *head;
    fputs("# The settings of an engine or an algorithm, into reply.\n"
          "_zogap_settings() {\n  reply=()\n  case $1 in\n",
          out);
    for (int64_t i = 0; (head = zg_completion_head(i)); i++) {
        fprintf(out, "    (%s) reply=(", head);
        zg_completion_put_settings(head, out);
        fputs(" ) ;;\n", out);
    }
    fputs("  esac\n}\n\n", out);
}

static void put_command(const struct zg_command *command, FILE *out)
{
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    fprintf(out, "    (%s)\n      _arguments -s", command->name);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_flag *const flag = options[i].flag;
        const struct zg_completion c = zg_completion_of(command, flag);
        fprintf(out, " \\\n        '--%s%s[", flag->name, flag->value ? "=" : "");
        put_text(flag->summary, out);
        fputc(']', out);
        if (flag->value) {
            fputc(':', out);
            put_text(flag->value, out);
            fputc(':', out);
            put_action(&c, out);
        }
        fputc('\'', out);
    }
    fputs(" \\\n        '--help[usage, examples and options]'", out);
    if (command->operand) {
        const struct zg_completion c = zg_completion_of(command, command->operand);
        fputs(" \\\n        '*:", out);
        put_text(command->operand->name, out);
        fputc(':', out);
        put_action(&c, out);
        fputc('\'', out);
    }
    fputs("\n      ;;\n", out);
}

void zg_completion_zsh(FILE *out)
{
    const struct zg_command *command;
    fputs(
        "#compdef zogap\n"
        "# Made from the tables of options by zogap_pages, not to be edited.\n"
        "\n"
        "# _zogap_either FUNCTION WORD...: a path, or some of the words.\n"
        "_zogap_either() {\n"
        "  local paths=$1\n"
        "  shift\n"
        "  _alternative \"words:word: _sequence compadd - $*\" \"paths:path:$paths\"\n"
        "}\n"
        "\n"
        "# _zogap_items LIST WORD...: words; behind a colon the settings of the one before it, and "
        "behind the plus of\n"
        "# mechanisms=a+b its values.\n"
        "_zogap_items() {\n"
        "  local list=$1 item=$PREFIX key\n"
        "  local -a reply\n"
        "  shift\n"
        "  [[ $list == 1 ]] && item=${PREFIX##*,}\n"
        "  if [[ $item != *:* ]]; then\n"
        "    if [[ $list == 1 ]]; then _sequence compadd - \"$@\"; else compadd - \"$@\"; fi\n"
        "    return\n"
        "  fi\n"
        "  _zogap_settings ${item%%:*}\n"
        "  if [[ ${item##*:} == (dtype|mechanisms)=*+* ]]; then\n"
        "    key=${${item##*:}%%=*}=\n"
        "    reply=(${${(M)reply:#$key*}#$key})\n"
        "  fi\n"
        "  compset -P '*[:+]'\n"
        "  compadd -S '' - $reply\n"
        "}\n"
        "\n",
        out);
    put_settings(out);
    fputs("_zogap() {\n"
          "  local -a commands\n"
          "  commands=(\n",
          out);
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        fprintf(out, "    '%s:", command->name);
        put_text(command->summary, out);
        fputs("'\n", out);
    }
    fputs("  )\n"
          "  if (( CURRENT == 2 )); then\n"
          "    _describe -t commands command commands\n"
          "    _arguments '--help[what there is]' '--version[version and sources]'\n"
          "    return\n"
          "  fi\n"
          "  if [[ $PREFIX == @* ]]; then\n"
          "    compset -P @\n"
          "    _files\n"
          "    return\n"
          "  fi\n"
          "  shift words\n"
          "  (( CURRENT-- ))\n"
          "  case $words[1] in\n",
          out);
    for (int64_t i = 0; (command = zg_command_at(i)); i++)
        put_command(command, out);
    fputs("  esac\n}\n\n_zogap \"$@\"\n", out);
}
