/* Makes the history's clock a server's time of day: the file says how long after virtual_clock::begins_at it is. It
 * stands still until the history turns it. */
#include "../support/preloaded_clock.h"

static int64_t const begins_at = 50LL * 365 * 24 * 3600;

int clock_gettime(clockid_t which, struct timespec* to) {
    if (!is_turned(which)) return (int)syscall(SYS_clock_gettime, which, to);
    int64_t const now = *in_file;
    to->tv_sec = begins_at + now / 1000000;
    to->tv_nsec = now % 1000000 * 1000;
    return 0;
}
