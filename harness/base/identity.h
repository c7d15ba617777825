/* identity.h - which run is this, and of which program file? */
#ifndef ZG_HARNESS_IDENTITY_H
#define ZG_HARNESS_IDENTITY_H

enum { ZG_RUN_ID = 1200, ZG_PROGRAM_ID = 20 };

/* "20260131T235959Z-0123456789ab", the time and chance; the same at each call of a process. */
const char *zg_run_id(void);
/* The process goes on with that run, or shows it; what it shows of several is joined by +. */
void zg_run_id_take(const char *id);

/* XXH3 of the file that runs, in hexadecimal: two builds of one commit may differ.  "": it cannot
 * be read. */
const char *zg_program_id(char text[ZG_PROGRAM_ID]);

#endif
