/// How the process prepares itself. Each check runs in a child process, because it cannot be
/// undone.

#include "app/process.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace {

/// Returns whether `holds()` in a child of this process.
template <class Check>
bool holds_in_child(Check holds) {
    pid_t const child = ::fork();
    if (child == 0) {
        bool held = false;
        try {
            held = holds();
        } catch (...) { // the check failed
        }
        ::_exit(held ? 0 : 1);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_dev_null(int descriptor) {
    struct stat about{};
    return ::fstat(descriptor, &about) == 0 && S_ISCHR(about.st_mode) &&
           about.st_rdev == ::makedev(1, 3);
}

void close_all_below_3() {
    for (int value = 0; value != 3; ++value)
        ::close(value);
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_prepared_process)

BOOST_AUTO_TEST_CASE(has_dev_null_where_a_standard_descriptor_was_closed) {
    BOOST_TEST(holds_in_child([] {
        int const unused = ::fcntl(0, F_DUPFD, 3);
        ::close(unused);
        close_all_below_3();
        otpd::app::prepare_process();
        return is_dev_null(0) && is_dev_null(1) && is_dev_null(2) &&
               ::fcntl(0, F_DUPFD, 3) == unused;
    }));
    BOOST_TEST(holds_in_child([] {
        ::close(1);
        otpd::app::prepare_process();
        return is_dev_null(1) && ::dup(0) != 1;
    }));
}

BOOST_AUTO_TEST_CASE(keeps_standard_descriptors_that_are_open) {
    BOOST_TEST(holds_in_child([] {
        int ends[2];
        if (::pipe(ends) != 0 || ::dup2(ends[1], 1) != 1) return false;
        otpd::app::prepare_process();
        char got = 0;
        return ::write(1, "x", 1) == 1 && ::read(ends[0], &got, 1) == 1 && got == 'x';
    }));
}

BOOST_AUTO_TEST_CASE(leaves_no_dump_and_lets_nobody_read_its_memory) {
    BOOST_TEST(holds_in_child([] {
        otpd::app::prepare_process();
        rlimit core{1, 1};
        return ::prctl(PR_GET_DUMPABLE) == 0 && ::getrlimit(RLIMIT_CORE, &core) == 0 &&
               core.rlim_cur == 0 && core.rlim_max == 0;
    }));
}

/// The /proc files of a process without dumps belong to root, but its own threads can read them.
BOOST_AUTO_TEST_CASE(still_sees_its_own_figures_without_being_root) {
    BOOST_TEST(holds_in_child([] {
        constexpr uid_t nobody = 65534;
        if (::getuid() == 0 && ::setuid(nobody) != 0) return false;
        otpd::app::prepare_process();
        otpd::telemetry::metrics const metrics{{.version = "test", .routes = {}}};
        auto const text = metrics.scrape();
        for (auto const* name : {"process_open_fds", "process_cpu_seconds_total",
                                 "process_resident_memory_bytes", "process_start_time_seconds"})
            if (text.find("\n" + std::string(name) + ' ') == std::string::npos) return false;
        return true;
    }));
}

BOOST_AUTO_TEST_CASE(does_not_end_because_of_signals_that_nobody_needs) {
    BOOST_TEST(holds_in_child([] {
        otpd::app::prepare_process();
        for (int const value : {SIGPIPE, SIGXFSZ, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM,
                                SIGPROF, SIGPOLL, SIGSTKFLT, SIGPWR, SIGRTMIN, SIGRTMAX})
            ::raise(value);
        return true;
    }));
}

BOOST_AUTO_TEST_SUITE_END()
