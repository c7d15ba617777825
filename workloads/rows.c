/* rows.c - gathers examples, and hashes their numbers byte by byte, whatever order the machine
 * has. */
#include "workloads/rows.h"

#include <xxhash.h>

struct zg_batch zg_rows_batch(const struct zg_dataset *dataset, const int64_t *rows, int64_t n,
                              struct zg_example *examples)
{
    for (int64_t i = 0; i < n; i++)
        examples[i] = zg_dataset_examples(dataset)[zg_dataset_find_row(dataset, rows[i])];
    return (struct zg_batch){examples, n, zg_dataset_loss(dataset), ZG_TOKEN_PAD};
}

uint64_t zg_rows_chain(uint64_t before, uint64_t next)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(next >> 8 * i);
    return XXH3_64bits_withSeed(bytes, sizeof bytes, before);
}

uint64_t zg_rows_hash(const int64_t *rows, int64_t n)
{
    uint64_t hash = 0;
    for (int64_t i = 0; i < n; i++)
        hash = zg_rows_chain(hash, (uint64_t)rows[i]);
    return hash;
}
