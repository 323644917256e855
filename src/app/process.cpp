#include "process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace otpd::app {

namespace {

void open_standard_descriptors() {
    for (int const value : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(value, F_GETFD) != -1 || errno != EBADF) continue;
        // open() takes the lowest free descriptor, and those below it are open by now.
        if (::open("/dev/null", O_RDWR) != value)
            throw std::system_error(errno, std::generic_category(), "cannot open /dev/null");
    }
}

void ignore_signals() {
    // Raised by writes to a closed connection, or to a file at its size limit. The write returns an
    // error instead.
    for (int const value : {SIGPIPE, SIGXFSZ})
        std::signal(value, SIG_IGN);
    // Their senders do not mean to end the process. Signals with a use get their handlers later
    // (application.cpp).
    for (int const value :
         {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL, SIGSTKFLT, SIGPWR})
        std::signal(value, SIG_IGN);
    for (int value = SIGRTMIN; value <= SIGRTMAX; ++value)
        std::signal(value, SIG_IGN);
}

} // namespace

void prepare_process() {
    open_standard_descriptors();
    ignore_signals();
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    rlimit const no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (rlimit files{}; ::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
}

} // namespace otpd::app
