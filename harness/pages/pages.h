/*
 * pages.h - man pages, and what shells complete, from the commands' tables.  zogap_pages writes
 * them when zogap is built.
 */
#ifndef ZG_HARNESS_PAGES_H
#define ZG_HARNESS_PAGES_H

#include <stdio.h>

#include "harness/cmd/help.h"

/* zogap(1), and zogap-NAME(1); `date` is YYYY-MM-DD. */
void zg_page_of_program(const char *date, FILE *out);
void zg_page_of_command(const struct zg_command *command, const char *date, FILE *out);

void zg_completion_bash(FILE *out);
void zg_completion_zsh(FILE *out);
void zg_completion_fish(FILE *out);

/* What a shell completes as an option's value, or as an operand. */
enum { ZG_WORDS_TEXT = 512 };
struct zg_completion {
    char words[ZG_WORDS_TEXT]; /* separated by blanks; "": none */
    bool is_list;              /* of such words, separated by commas */
    bool has_settings;         /* behind a colon of theirs: zg_choice_setting() */
    bool dirs, files;
};
struct zg_completion zg_completion_of(const struct zg_command *command, const struct zg_flag *flag);

/* The index-th word that has settings, an engine or an algorithm; NULL past the end. */
const char *zg_completion_head(int64_t index);
/* Its settings, each behind a blank. */
void zg_completion_put_settings(const char *head, FILE *out);

#endif
