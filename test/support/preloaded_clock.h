/* Shared code of libraries that are preloaded into a server program to change its time of day. It
 * maps the offset in $TURNED_CLOCK's file, and defines the functions that are based on
 * clock_gettime(), which the including file defines. Only the time of day changes, never the
 * monotonic clocks, so that the server's own waits end. It calls the kernel directly and depends on
 * no other library. */
#pragma once
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The first 8 bytes of the file: the offset in microseconds. NULL without a file. */
static int64_t volatile const* in_file;

__attribute__((constructor)) static void map_the_file(void) {
    char const* const path = getenv("TURNED_CLOCK");
    int const file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void* const bytes = mmap(NULL, sizeof *in_file, PROT_READ, MAP_SHARED, file, 0);
    if (bytes != MAP_FAILED) in_file = bytes;
    close(file);
}

static int is_turned(clockid_t which) {
    return in_file != NULL && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE);
}

int gettimeofday(struct timeval* restrict to, void* restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    to->tv_sec = now.tv_sec;
    to->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t* to) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (to != NULL) *to = now.tv_sec;
    return now.tv_sec;
}
