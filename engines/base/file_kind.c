/* file_kind.c - a table of first bytes. */
#include "engines/base/file_kind.h"

#include <string.h>

#define UTF16 "UTF-16 text; save it as UTF-8"
#define MAGIC(TEXT, AT, KIND)                                                                      \
    {                                                                                              \
        TEXT, sizeof TEXT - 1, AT, KIND                                                            \
    }

static const struct {
    const char *bytes;
    size_t n, at;
    const char *kind;
} kinds[] = {
    MAGIC("version https://git-lfs", 0,
          "a Git LFS pointer, not the file itself; `git lfs pull` fetches it"),
    MAGIC("\x1f\x8b", 0, "compressed by gzip; gunzip it first"),
    MAGIC("1AY&SY", 4, "compressed by bzip2; unpack it first"),
    MAGIC("\xfd"
          "7zXZ",
          0, "compressed by xz; unpack it first"),
    MAGIC("\x28\xb5\x2f\xfd", 0, "compressed by zstd; unpack it first"),
    MAGIC("7z\xbc\xaf", 0, "a 7z archive; unpack it first"),
    MAGIC("ustar\0", 257, "a tar archive; unpack it first"),
    MAGIC("ustar  \0", 257, "a tar archive; unpack it first"),
    MAGIC("PK\x03\x04", 0,
          "a zip archive, as PyTorch's .bin and .pt are; zogap reads weights from safetensors"),
    MAGIC("\x80\x02", 0, "a Python pickle; zogap reads weights from safetensors"),
    MAGIC("\x80\x03", 0, "a Python pickle; zogap reads weights from safetensors"),
    MAGIC("\x80\x04", 0, "a Python pickle; zogap reads weights from safetensors"),
    MAGIC("\x80\x05", 0, "a Python pickle; zogap reads weights from safetensors"),
    MAGIC("GGUF\x02\0", 0, "a GGUF file; zogap reads weights from safetensors"),
    MAGIC("GGUF\x03\0", 0, "a GGUF file; zogap reads weights from safetensors"),
    MAGIC("\x89HDF", 0, "an HDF5 file; zogap reads weights from safetensors"),
    MAGIC("\x93NUMPY", 0, "a NumPy file; zogap reads weights from safetensors"),
    MAGIC("PAR1\x15", 0, "a Parquet file; export it as CSV"),
    MAGIC("ARROW1\0", 0, "an Arrow file; export it as CSV"),
    MAGIC("SQLite format 3", 0, "an SQLite database; export it as CSV"),
    MAGIC("%PDF-", 0, "a PDF file"),
    MAGIC("<!DOCTYPE", 0, "an HTML page, perhaps an error in place of a download"),
    MAGIC("<!doctype", 0, "an HTML page, perhaps an error in place of a download"),
    MAGIC("<html", 0, "an HTML page, perhaps an error in place of a download"),
    MAGIC("\xff\xfe\x00\x00", 0, "UTF-32 text; save it as UTF-8"),
    MAGIC("\x00\x00\xfe\xff", 0, "UTF-32 text; save it as UTF-8"),
    MAGIC("\xff\xfe", 0, UTF16),
    MAGIC("\xfe\xff", 0, UTF16),
};

/* Without a mark: every other byte of its first letters is NUL. */
static const char *unmarked_utf16(const unsigned char *b, size_t n)
{
    if (n < 4)
        return NULL;
    const int little = b[0] && !b[1] && b[2] && !b[3], big = !b[0] && b[1] && !b[2] && b[3];
    return little || big ? UTF16 : NULL;
}

const char *zg_file_kind(const void *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (n >= kinds[i].at + kinds[i].n &&
            memcmp((const char *)bytes + kinds[i].at, kinds[i].bytes, kinds[i].n) == 0)
            return kinds[i].kind;
    return unmarked_utf16(bytes, n);
}

enum zg_status zg_file_expect_text(const void *bytes, size_t n, const char *what,
                                   struct zg_error *err)
{
    const char *const kind = zg_file_kind(bytes, n);
    return kind ? zg_fail(err, ZG_INPUT, "%s: this is %s", what, kind) : ZG_OK;
}

size_t zg_utf8_mark(const void *bytes, size_t n)
{
    return n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}
