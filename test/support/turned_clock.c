/* Adds the offset in the file to a server's time of day. */
#include "preloaded_clock.h"

int clock_gettime(clockid_t which, struct timespec* to) {
    int const result = (int)syscall(SYS_clock_gettime, which, to);
    if (result != 0 || !is_turned(which)) return result;
    int64_t const turned_by = *in_file;
    int64_t const nanoseconds = to->tv_nsec + turned_by % 1000000 * 1000;
    to->tv_sec += turned_by / 1000000 + nanoseconds / 1000000000;
    to->tv_nsec = nanoseconds % 1000000000;
    return 0;
}
