/*
 * completion_bash.c - the completion of bash: a function of its own, without bash-completion's.
 *
 * Readline cuts words at = and :, so that `--engines=naive:ge` comes as five, of which a reply
 * takes the last one's place; _zogap() puts them together and takes the reply apart.  A comma does
 * not cut: what is completed behind one has to begin with what stands before it.
 */
#include "harness/pages/pages.h"

static const char functions[] =
    "# bash completion of zogap: made from the tables of options by zogap_pages, not to be "
    "edited.\n"
    "\n"
    "# _zogap_words LIST WORD...: those that begin with the current one; LIST 1: behind the last "
    "comma.\n"
    "_zogap_words() {\n"
    "    local before='' list=$1 word\n"
    "    shift\n"
    "    [[ $list == 1 && $cur == *,* ]] && before=${cur%,*},\n"
    "    for word; do\n"
    "        [[ $before$word == \"$cur\"* ]] && COMPREPLY+=(\"$before$word\")\n"
    "    done\n"
    "    [[ $list == 1 ]] && compopt -o nospace 2>/dev/null\n"
    "    return 0\n"
    "}\n"
    "\n"
    "# _zogap_items LIST WORD...: the same; behind a colon the settings of the word before it, and "
    "behind the\n"
    "# plus of mechanisms=a+b its values.\n"
    "_zogap_items() {\n"
    "    local item=$cur head=${cur%\"${cur##*[:+]}\"} key='' setting\n"
    "    [[ $1 == 1 ]] && item=${cur##*,}\n"
    "    if [[ $item != *:* ]]; then\n"
    "        _zogap_words \"$@\"\n"
    "        return\n"
    "    fi\n"
    "    [[ ${item##*:} == @(dtype|mechanisms)=*+* ]] && key=${item##*:} && key=${key%%=*}=\n"
    "    for setting in $(_zogap_settings \"${item%%:*}\"); do\n"
    "        [[ $setting == \"$key\"* && $head${setting#\"$key\"} == \"$cur\"* ]] &&\n"
    "            COMPREPLY+=(\"$head${setting#\"$key\"}\")\n"
    "    done\n"
    "    compopt -o nospace 2>/dev/null\n"
    "    return 0\n"
    "}\n"
    "\n"
    "# _zogap_paths -d|-f: directories, or files and directories.\n"
    "_zogap_paths() {\n"
    "    local path\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    while IFS= read -r path; do\n"
    "        COMPREPLY+=(\"$path\")\n"
    "    done < <(compgen \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "# A path behind the @ of an option file.\n"
    "_zogap_option_file() {\n"
    "    local path\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    while IFS= read -r path; do\n"
    "        COMPREPLY+=(\"@$path\")\n"
    "    done < <(compgen -f -- \"${cur#@}\")\n"
    "}\n";

static const char beginning[] = "\n"
                                "# cur behind option, of command.\n"
                                "_zogap_complete() {\n";

static const char ending[] =
    "\n"
    "_zogap() {\n"
    "    local at=$COMP_CWORD piece=${COMP_WORDS[COMP_CWORD]} cur option='' command='' i\n"
    "    COMPREPLY=()\n"
    "    cur=$piece\n"
    "    while ((at > 2)) && [[ ${COMP_WORDS[at]} == [:=]* || ${COMP_WORDS[at - 1]} == *[:=] ]]; "
    "do\n"
    "        ((at -= 1))\n"
    "        cur=${COMP_WORDS[at]}$cur\n"
    "    done\n"
    "    ((at > 1)) && option=${COMP_WORDS[at - 1]} command=${COMP_WORDS[1]}\n"
    "    if [[ $cur == --*=* ]]; then\n"
    "        option=${cur%%=*}\n"
    "        cur=${cur#*=}\n"
    "    fi\n"
    "    _zogap_complete\n"
    "    [[ $piece == [:=]* ]] && piece=''\n"
    "    for i in \"${!COMPREPLY[@]}\"; do\n"
    "        if [[ $cur == *\"$piece\" ]]; then\n"
    "            COMPREPLY[i]=${COMPREPLY[i]#\"${cur%\"$piece\"}\"}\n"
    "        else # a shell that does not cut at =\n"
    "            COMPREPLY[i]=${piece%\"$cur\"}${COMPREPLY[i]}\n"
    "        fi\n"
    "    done\n"
    "}\n"
    "complete -F _zogap zogap\n";

static void put_action(const struct zg_completion *c, FILE *out)
{
    if (c->words[0])
        fprintf(out, " %s %d %s;", c->has_settings ? "_zogap_items" : "_zogap_words", c->is_list,
                c->words);
    if (c->dirs || c->files)
        fprintf(out, " _zogap_paths %s;", c->files ? "-f" : "-d");
}

/* A line for each option that has a value: what it takes. */
static void put_values(const struct zg_command *command, FILE *out)
{
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    for (int64_t i = 0; i < n; i++) {
        const struct zg_flag *const flag = options[i].flag;
        const struct zg_completion c = zg_completion_of(command, flag);
        if (!flag->value)
            continue;
        fprintf(out, "    %s,--%s)", command->name, flag->name);
        put_action(&c, out);
        fputs(" return ;;\n", out);
    }
}

static void put_settings(FILE *out)
{
    const char *head;
    fputs("\n# The settings of an engine or an algorithm.\n_zogap_settings() {\n    case $1 in\n",
          out);
    for (int64_t i = 0; (head = zg_completion_head(i)); i++) {
        fprintf(out, "    %s) echo", head);
        zg_completion_put_settings(head, out);
        fputs(" ;;\n", out);
    }
    fputs("    esac\n}\n", out);
}

/* What begins a new word: an operand, or an option. */
static void put_options(const struct zg_command *command, FILE *out)
{
    struct zg_help_option options[ZG_MAX_FLAGS];
    const int64_t n = zg_help_options(command, options);
    fprintf(out, "    %s)", command->name);
    if (command->operand) {
        const struct zg_completion c = zg_completion_of(command, command->operand);
        fputs(" [[ $cur == -* ]] || {", out);
        put_action(&c, out);
        fputs(" return; };", out);
    }
    fputs(" _zogap_words 0", out);
    for (int64_t i = 0; i < n; i++)
        fprintf(out, " --%s", options[i].flag->name);
    fputs(" --help ;;\n", out);
}

void zg_completion_bash(FILE *out)
{
    const struct zg_command *command;
    fputs(functions, out);
    put_settings(out);
    fputs(beginning, out);
    fputs("    case $command,$option in\n", out);
    for (int64_t i = 0; (command = zg_command_at(i)); i++)
        put_values(command, out);
    fputs("    esac\n"
          "    if [[ $cur == @* ]]; then\n"
          "        _zogap_option_file\n"
          "        return\n"
          "    fi\n"
          "    case $command in\n",
          out);
    for (int64_t i = 0; (command = zg_command_at(i)); i++)
        put_options(command, out);
    fputs("    '') _zogap_words 0", out);
    for (int64_t i = 0; (command = zg_command_at(i)); i++)
        fprintf(out, " %s", command->name);
    fputs(" --help --version ;;\n    esac\n}\n", out);
    fputs(ending, out);
}
