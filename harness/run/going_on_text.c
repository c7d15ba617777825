/* going_on_text.c - quotes what a shell would take apart. */
#include "harness/run/going_on_text.h"

#include <string.h>

static void put_word(const char *word, FILE *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";
    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        *word == '\'' ? fputs("'\\''", out) : fputc(*word, out);
    fputc('\'', out);
}

void zg_going_on_print(const struct zg_request *request, const char *dir, FILE *out)
{
    for (char *const *word = request->argv; *word; word++) {
        fputs(word == request->argv ? "" : " ", out);
        put_word(*word, out);
    }
    if (!request->out_dir) {
        fputs(" --out ", out);
        put_word(dir, out);
    }
    fputs(request->policy.resume ? "\n" : " --resume\n", out);
}
