/* algorithm_cell.c - cuts NAME:KEY=VALUE+KEY=VALUE into its options. */
#include "harness/rows/algorithm_cell.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A plus before a digit belongs to a number, 1e+06. */
static size_t value_length(const char *text)
{
    size_t n = 0;
    while (text[n] && (text[n] != '+' || isdigit((unsigned char)text[n + 1])))
        n++;
    return n;
}

bool zg_option_cell_next(const char **at, struct zg_option_cell *out)
{
    const char *const text = *at ? *at : "";
    const size_t n = strcspn(text, ":=");
    const bool is_name = text[n] != '=';
    const char *const value = is_name ? text : text + n + 1;
    const size_t length = is_name ? n : value_length(value);
    if (!*text)
        return false;
    snprintf(out->key, sizeof out->key, "%.*s", is_name ? 32 : (int)n,
             is_name ? "algorithm" : text);
    snprintf(out->value, sizeof out->value, "%.*s", (int)length, value);
    *at = value + length + (value[length] != '\0');
    return true;
}

bool zg_option_cell_find(const char *text, const char *key, struct zg_option_cell *out)
{
    while (zg_option_cell_next(&text, out))
        if (zg_option_key_same(out->key, key))
            return true;
    return false;
}

bool zg_option_key_same(const char *a, const char *b)
{
    while (*a && (*a == *b || (*a == '-' && *b == '_') || (*a == '_' && *b == '-'))) {
        a++;
        b++;
    }
    return *a == *b;
}
