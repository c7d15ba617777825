/* completion_fish.c - the completion of fish: a line for each option of each command. */
#include <string.h>

#include "harness/pages/pages.h"

/* In single quotes, cut at its first clause. */
static void put_quoted(const char *text, FILE *out)
{
    const char *const end = strstr(text, "; ");
    fputc('\'', out);
    for (const char *c = text; *c && c != end; c++)
        fprintf(out, strchr("'\\", *c) ? "\\%c" : "%c", *c);
    fputc('\'', out);
}

/* One -a with all that is completed; files only where -F says so. */
static void put_action(const struct zg_completion *c, FILE *out)
{
    const bool dirs = c->dirs && !c->files;
    if (c->words[0] || dirs)
        fputs(" -a '", out);
    if (c->words[0] && c->has_settings)
        fprintf(out, "(__zogap_items %d %s)", c->is_list, c->words);
    else if (c->words[0] && c->is_list)
        fprintf(out, "(__zogap_list %s)", c->words);
    else
        fputs(c->words, out);
    if (dirs)
        fprintf(out, "%s(__fish_complete_directories)", c->words[0] ? " " : "");
    if (c->words[0] || dirs)
        fputc('\'', out);
    if (c->files)
        fputs(" -F", out);
}

static void put_settings(FILE *out)
{
    const char *head;
    fputs("# The settings of an engine or an algorithm.\n"
          "function __zogap_settings\n    switch \"$argv[1]\"\n",
          out);
    for (int64_t i = 0; (head = zg_completion_head(i)); i++) {
        fprintf(out, "        case %s\n            printf '%%s\\n'", head);
        zg_completion_put_settings(head, out);
        fputc('\n', out);
    }
    fputs("    end\nend\n\n", out);
}

static void put_command(const struct zg_command *command, FILE *out)
{
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_flag *const flag = options[i].flag;
        const struct zg_completion c = zg_completion_of(command, flag);
        fprintf(out, "complete -c zogap -n '__zogap_is %s' -l %s", command->name, flag->name);
        if (flag->value) {
            fputs(c.files ? " -r" : " -x", out); /* -x: and no file */
            put_action(&c, out);
        }
        fputs(" -d ", out);
        put_quoted(flag->summary, out);
        fputc('\n', out);
    }
    if (command->operand) {
        const struct zg_completion c = zg_completion_of(command, command->operand);
        fprintf(out, "complete -c zogap -n '__zogap_is %s'", command->name);
        put_action(&c, out);
        fputs(" -d ", out);
        put_quoted(command->operand->name, out);
        fputc('\n', out);
    }
}

void zg_completion_fish(FILE *out)
{
    const struct zg_command *command;
    fputs("# fish completion of zogap: made from the tables of options by zogap_pages, not to be "
          "edited.\n"
          "\n"
          "# Is the command the one named?  Nothing: is there none yet?\n"
          "function __zogap_is\n"
          "    set -l words (commandline -opc)\n"
          "    test \"$words[2]\" = \"$argv\"\n"
          "end\n"
          "\n"
          "# The words, behind what stands before the last comma.\n"
          "function __zogap_list\n"
          "    set -l before (commandline -ct | string replace -r '^--[a-z-]+=' '' | "
          "string match -r '^.*,')\n"
          "    printf '%s\\n' \"$before\"$argv\n"
          "end\n"
          "\n"
          "# LIST WORD...: words; behind a colon the settings of the one before it, and behind the "
          "plus of mechanisms=a+b\n"
          "# its values.\n"
          "function __zogap_items\n"
          "    set -l token (commandline -ct | string replace -r '^--[a-z-]+=' '')\n"
          "    set -l item \"$token\"\n"
          "    set -l before\n"
          "    if test \"$argv[1]\" = 1\n"
          "        set before (string match -r '^.*,' -- \"$token\")\n"
          "        set item (string replace -r '^.*,' '' -- \"$token\")\n"
          "    end\n"
          "    if not string match -q '*:*' -- \"$item\"\n"
          "        printf '%s\\n' \"$before\"$argv[2..-1]\n"
          "        return\n"
          "    end\n"
          "    set -l words (__zogap_settings (string replace -r ':.*' '' -- \"$item\"))\n"
          "    set -l last (string replace -r '^.*:' '' -- \"$item\")\n"
          "    if string match -qr '^(dtype|mechanisms)=.*\\+' -- \"$last\"\n"
          "        set -l key (string replace -r '=.*' '=' -- \"$last\")\n"
          "        set words (string replace -fr \"^$key\" '' -- $words)\n"
          "    end\n"
          "    set -l head (string match -r '^.*[:+]' -- \"$token\")\n"
          "    printf '%s\\n' \"$head\"$words\n"
          "end\n"
          "\n"
          "# A path behind the @ of an option file.\n"
          "function __zogap_option_file\n"
          "    set -l word (commandline -ct)\n"
          "    string match -q '@*' -- $word\n"
          "    and printf '@%s\\n' (__fish_complete_path (string sub -s 2 -- $word))\n"
          "end\n"
          "\n",
          out);
    put_settings(out);
    fputs("complete -c zogap -f\n"
          "complete -c zogap -a '(__zogap_option_file)'\n"
          "complete -c zogap -l help -s h -d 'usage, examples and options'\n"
          "complete -c zogap -n __zogap_is -l version -d 'version and sources'\n",
          out);
    for (int64_t i = 0; (command = zg_command_at(i)); i++) {
        fprintf(out, "complete -c zogap -n __zogap_is -a %s -d ", command->name);
        put_quoted(command->summary, out);
        fputc('\n', out);
    }
    for (int64_t i = 0; (command = zg_command_at(i)); i++)
        put_command(command, out);
}
