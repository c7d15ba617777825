/* temp_dir.c - makes, fills and removes a temporary directory. */
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void make_temp_dir(char dir[64])
{
    snprintf(dir, 64, "/tmp/zogap-test-XXXXXX");
    if (!mkdtemp(dir))
        abort();
}

const char *temp_path(const char *dir, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static int each_file(const char *dir, int remove_it)
{
    DIR *const stream = opendir(dir);
    int n = 0;
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        n++;
        if (remove_it)
            unlink(temp_path(dir, entry->d_name));
    }
    if (stream)
        closedir(stream);
    return n;
}

void remove_temp_dir(const char *dir)
{
    each_file(dir, 1);
    rmdir(dir);
}

int count_temp_files(const char *dir)
{
    return each_file(dir, 0);
}

void write_temp_file(const char *dir, const char *name, const char *bytes, size_t n)
{
    FILE *const file = fopen(temp_path(dir, name), "wb");
    if (!file || fwrite(bytes, 1, n, file) != n || fclose(file))
        abort();
}

char *read_temp_file(const char *dir, const char *name)
{
    FILE *const file = fopen(temp_path(dir, name), "rb");
    char *text = NULL;
    size_t capacity = 0;
    if (!file)
        return NULL;
    if (getdelim(&text, &capacity, '\0', file) < 0) { /* all of it: a text holds no NUL */
        free(text);
        text = calloc(1, 1);
    }
    fclose(file);
    return text;
}
