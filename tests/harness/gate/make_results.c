/*
 * make_results.c - a zogap that measures nothing: to test the gate without waiting for a clock.
 *
 *     make_results FACTOR verify ...                          exits 0
 *     make_results FACTOR --version                           says that it is a zogap
 *     make_results FACTOR run --out=DIR [--blocks=N] ...      writes a result directory
 *     make_results broken ...                                 says why, exits 3
 *     make_results misused ...                                likewise, exits 2
 *     make_results stuck ...                                  waits for SIGTERM, exits 77
 *     make_results FACTOR:hangs=WORD WORD ...                 takes no notice of SIGTERM
 *
 * Behind FACTOR may stand, in this order, what is odd about the build:
 *
 *     :lacks   it has no fused           :noise=X    times stray by X in place of 0.02
 *     :more    it has onednn, too        :flops      its steps are other work
 *     :fast    a thousandth of the times :tiny       a millionth
 *     :gone    fused is not there after block 0
 *     :lazy    it never times fused      :strange    algorithms that nobody knows
 *     :unsure  fused is timed in the pilot and in block 0, and in the pilot alone with :never
 *     :meta={...}                        members of meta.json; the last
 *
 * Engine naive takes 2 s and fused 1 s times FACTOR a step, on batches of 16 and 32, with a noise
 * of 1 % that the last part of DIR, the block and FACTOR decide.  `--steps` is 4 whatever is asked.
 */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/base/philox.h"
#include "tests/harness/result_fixture.h"
#include "tests/support/cunit_run.h"

enum { MOST_BLOCKS = 64, MOST_ENGINES = 6 };

static double factor;
static const char *out_dir;
static int64_t n_blocks = 1;
static const char *odd; /* what stands behind the factor */

static bool is_odd(const char *name)
{
    return strstr(odd, name) != NULL;
}

static double noise(int64_t engine, int64_t block)
{
    uint32_t word;
    uint64_t seed = (uint64_t)(1e6 * factor);
    const char *const slash = strrchr(out_dir, '/');
    for (const char *c = slash ? slash : out_dir; *c; c++)
        seed = 31 * seed + (unsigned char)*c;
    zg_philox_words(seed, 0, ZG_STREAM_DATA, engine * MOST_BLOCKS + block, 1, &word);
    const double width = is_odd(":noise=") ? strtod(strstr(odd, ":noise=") + 7, NULL) : 0.02;
    return 1 + width * (((double)word + 0.5) * 0x1p-32 - 0.5);
}

/* Has this run times of fused? */
static bool times_fused(void)
{
    const bool is_pilot = strstr(out_dir, "pilot") != NULL;
    return !is_odd(":lazy") &&
           (is_pilot || !is_odd(":unsure") || (strstr(out_dir, "block-000-") && !is_odd(":never")));
}

static void write_results(void)
{
    static const char *const names[] = {"naive", "fused", "onednn"};
    static double wall_s[MOST_ENGINES][MOST_BLOCKS];
    struct zg_fixture_engine engines[MOST_ENGINES];
    int64_t n = 0;
    for (int64_t i = 0; i < MOST_ENGINES; i++) {
        const int64_t engine = i % 3;
        const bool later = strstr(out_dir, "block-") && !strstr(out_dir, "block-000-");
        if ((engine == 1 && (is_odd(":lacks") || (later && is_odd(":gone")))) ||
            (engine == 2 && !is_odd(":more")))
            continue;
        for (int64_t b = 0; b < n_blocks; b++)
            wall_s[n][b] = (engine == 1 ? factor : 2) * noise(i, b) *
                           (is_odd(":fast")   ? 1e-3
                            : is_odd(":tiny") ? 1e-6
                                              : 1);
        engines[n] = (struct zg_fixture_engine){.engine = names[engine],
                                                .algorithm = !is_odd(":strange") ? NULL
                                                             : engine            ? "unheard-of:x=1"
                                                                                 : "",
                                                .batch = i < 3 ? 16 : 32,
                                                .n = engine == 1 && !times_fused() ? 0 : n_blocks,
                                                .wall_s = wall_s[n],
                                                .useful_flops = is_odd(":flops") ? 2e9 : 0};
        n++;
    }
    CU_ASSERT_FATAL(mkdir(out_dir, 0777) == 0);
    const char *const meta = strstr(odd, ":meta=");
    zg_fixture_write(
        out_dir,
        &(struct zg_fixture){.n_engines = n, .engines = engines, .meta = meta ? meta + 6 : NULL});
}

static void finish(int number)
{
    (void)number;
    _exit(77);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    if (strcmp(argv[2], "--version") == 0) {
        puts("zogap of a test");
        return 0;
    }
    if (strcmp(argv[1], "misused") == 0) {
        fprintf(stderr, "zogap: run: --batch many: must be an integer\n");
        return 2;
    }
    if (strcmp(argv[1], "broken") == 0) {
        fprintf(stderr, "zogap: this build is broken\n");
        return 3;
    }
    if (strcmp(argv[1], "stuck") == 0) {
        signal(SIGTERM, finish);
        kill(getppid(), SIGTERM);
        for (;;)
            pause();
    }
    const char *const hangs = strstr(argv[1], ":hangs=");
    if (hangs && strcmp(hangs + strlen(":hangs="), argv[2]) == 0) {
        signal(SIGTERM, SIG_IGN);
        for (;;)
            pause();
    }
    factor = strtod(argv[1], NULL);
    odd = strchr(argv[1], ':') ? strchr(argv[1], ':') : "";
    for (int i = 3; i < argc; i++) {
        if (strncmp(argv[i], "--out=", 6) == 0)
            out_dir = argv[i] + 6;
        if (strncmp(argv[i], "--blocks=", 9) == 0)
            n_blocks = strtoll(argv[i] + 9, NULL, 10);
    }
    if (strcmp(argv[2], "verify") == 0)
        return 0;
    if (strcmp(argv[2], "run") != 0 || !out_dir || n_blocks < 1 || n_blocks > MOST_BLOCKS)
        return 2;
    const struct zg_test tests[] = {{"write", write_results}, {0}};
    return zg_test_run("make_results", tests);
}
