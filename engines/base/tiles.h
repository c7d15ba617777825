/*
 * tiles.h - setting up AMX's tile registers: for files that are compiled for ZG_ISA_AMX.
 *
 * All eight hold 16 rows of 64 bytes.  Whoever sets a thread's up gives them back before other code
 * runs in it: a library sets them up its own way.
 */
#ifndef ZG_BASE_TILES_H
#define ZG_BASE_TILES_H

#include <immintrin.h>
#include <stdint.h>

enum { ZG_TILE_SIDE = 16 }; /* rows, and 4-byte words of a row */

/* What p points to is in memory: GCC's intrinsics do not tell the compiler what they read. */
static inline void zg_tiles_publish(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}

static inline void zg_tiles_begin(void)
{
    /* What LDTILECFG reads. */
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } shape = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        shape.row_bytes[i] = 4 * ZG_TILE_SIDE;
        shape.rows[i] = ZG_TILE_SIDE;
    }
    zg_tiles_publish(&shape);
    _tile_loadconfig(&shape);
}

static inline void zg_tiles_end(void)
{
    _tile_release();
}

#endif
