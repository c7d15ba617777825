/*
 * fake_root.h - a tree of files that stands for another machine's /proc and /sys (ZOGAP_SYSROOT).
 *
 *     fake_root_open();
 *     fake_root_write("/proc/loadavg", "0.10 0 0 1/2 3\n");
 *     ... the code under test sees these files and no others ...
 *     fake_root_close();
 */
#ifndef ZG_TESTS_FAKE_ROOT_H
#define ZG_TESTS_FAKE_ROOT_H

/* An empty one; any other is closed first. */
void fake_root_open(void);
/* Writes a file, and makes the directories above it. */
void fake_root_write(const char *path, const char *text);
/* Removes it; the system's own files are read again. */
void fake_root_close(void);

#endif
