/* page.c - the width of the page, and paragraphs wrapped to it: page.h. */
#define _GNU_SOURCE /* vasprintf */
#include "harness/base/page.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engines/base/printable.h"

enum { USUAL_COLUMNS = 100, LEAST_COLUMNS = 40 };

static bool is_wide;

void zg_page_set_wide(bool wide)
{
    is_wide = wide;
}

/* Never more than usual, so that what is printed does not depend on how large a window is. */
int64_t zg_page_width(void)
{
    struct winsize window;
    if (is_wide)
        return INT32_MAX;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 ||
        window.ws_col == 0 || window.ws_col >= USUAL_COLUMNS)
        return USUAL_COLUMNS;
    return window.ws_col > LEAST_COLUMNS ? window.ws_col : LEAST_COLUMNS;
}

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

int64_t zg_page_columns(const char *text)
{
    int64_t n = 0;
    for (; *text; text++)
        n += begins_character(*text);
    return n;
}

/* May a line end behind text[i], inside a word? */
static bool is_joint(const char *text, size_t i)
{
    const char before = i > 0 ? text[i - 1] : ' ', after = text[i + 1];
    if (text[i] == '-') /* of a name, not of a number or an option */
        return isalnum((unsigned char)before) && isalnum((unsigned char)after);
    return strchr(",;:/+|=", text[i]) && after != ' ';
}

size_t zg_page_break(const char *text, int64_t width, bool cuts, size_t *next)
{
    size_t i = 0, blank = 0, joint = 0; /* where a line may end */
    for (int64_t columns = 0; text[i]; i++) {
        columns += begins_character(text[i]);
        if (text[i] == ' ' && i > 0 && columns <= width + 1)
            blank = i;
        if (columns > width && begins_character(text[i]))
            break;
        if (is_joint(text, i))
            joint = i + 1;
    }
    size_t end = i;
    if (text[i] && blank > 0)
        end = blank;
    else if (text[i] && cuts && joint > 0)
        end = joint;
    else if (text[i] && !cuts)
        end = i + strcspn(text + i, " ");
    while (end == 0 || !begins_character(text[end])) /* at least a character */
        end++;
    *next = end + strspn(text + end, " ");
    return end;
}

void zg_page_put(FILE *out, int64_t indent, const char *text)
{
    const int64_t width = zg_page_width();
    char *const line = zg_printable_copy(text); /* a name may hold anything */
    size_t next;
    text = line ? line : "note: no memory for a line of text";
    for (bool first = true; first || *text; first = false, text += next) {
        const int64_t before = first ? 0 : indent;
        const size_t n = *text ? zg_page_break(text, width - before, false, &next) : (next = 0);
        fprintf(out, "%*s", (int)before, "");
        fprintf(out, "%.*s\n", (int)n, text);
    }
    free(line);
}

void zg_page_print(FILE *out, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    const int n = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (n < 0)
        return;
    zg_page_put(out, 2, text);
    free(text);
}
