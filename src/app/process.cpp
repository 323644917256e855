#include "process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <initializer_list>

namespace otpd::app {

void prepare_process() noexcept {
    // Written to a client that is gone, or to a file that may not grow: an error there, not the end here.
    for (int const each : {SIGPIPE, SIGXFSZ})
        if (std::signal(each, SIG_IGN) == SIG_ERR) std::abort(); // never: both are constants
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    rlimit const no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (rlimit files{}; getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

} // namespace otpd::app
