// Acknowledged data is on the disk after kill -9, and differs from data that may be there after a
// failed fsync.

#include "eventually.hpp"
#include "sqlite_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>

using namespace otpd::store;
using namespace otpd::test;
using namespace std::chrono_literals;

using fixture = sqlite_fixture;

namespace {

std::atomic<bool> fsync_fails{false};
std::atomic<int> fsyncs{0};

int sync_or_fail(long how, int file) {
    ++fsyncs;
    if (!fsync_fails) return static_cast<int>(syscall(how, file));
    errno = EIO;
    return -1;
}

} // namespace

// Replaces the C library's function, for SQLite as well.
extern "C" int fsync(int file) {
    return sync_or_fail(SYS_fsync, file);
}
extern "C" int fdatasync(int file) {
    return sync_or_fail(SYS_fdatasync, file);
}

namespace {

enum class stage : std::uint8_t { nothing, sent, guessed, used };

/// A result that a worker has received.
struct acknowledgement {
    std::uint32_t phone = 0;
    stage reached = stage::nothing;
};

/// For one number after the other, makes a send, a wrong guess and the right one. Reports each to
/// `pipe` when it is answered.
boost::asio::awaitable<void> work(fixture& f, std::uint32_t phone, int pipe) {
    auto const acknowledge = [&](stage reached) {
        acknowledgement const acknowledged{phone, reached};
        if (write(pipe, &acknowledged, sizeof acknowledged) != sizeof acknowledged) _exit(1);
    };
    for (;; ++phone) {
        static_cast<void>((co_await f.held->admit(send_of(phone, 111, phone))).value());
        acknowledge(stage::sent);
        static_cast<void>((co_await f.held->check_code(guess_of(phone, 999))).value());
        acknowledge(stage::guessed);
        static_cast<void>((co_await f.held->check_code(guess_of(phone, 111))).value());
        acknowledge(stage::used);
    }
}

/// A separate process that works on the file until it is killed.
[[noreturn]] void work_until_killed(std::string const& path, std::uint32_t first, int pipe) {
    try {
        sqlite_options options;
        options.path = path;
        fixture f(options);
        f.options.path = path;
        if (!f.start().empty()) _exit(1);
        for (std::uint32_t worker = 0; worker < 8; ++worker)
            boost::asio::co_spawn(f.context, work(f, first + 100'000 * worker, pipe),
                                  [](std::exception_ptr) { _exit(1); });
        f.context.restart();
        f.context.run();
    } catch (...) {
    }
    _exit(1);
}

/// Everything that was reported before the kill: the last report of each number.
std::map<std::uint32_t, stage> work_and_kill(std::string const& path, std::uint32_t first,
                                             std::size_t kill_after) {
    int ends[2];
    BOOST_REQUIRE(pipe(ends) == 0);
    pid_t const child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) work_until_killed(path, first, ends[1]);
    close(ends[1]);
    std::map<std::uint32_t, stage> known;
    acknowledgement acknowledged;
    for (std::size_t count = 1;
         read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged; ++count) {
        known[acknowledged.phone] = acknowledged.reached;
        if (count == kill_after) kill(child, SIGKILL);
    }
    close(ends[0]);
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    return known;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_durability)

BOOST_AUTO_TEST_CASE(nothing_acknowledged_is_lost_by_sigkill) {
    fixture f;
    for (std::uint32_t round = 0; round < 10; ++round) {
        // Small and large numbers: before, during and after the first checkpoints of the log.
        auto const known = work_and_kill(f.path, 1'000 * (round + 1), 20 + 97 * round);
        BOOST_REQUIRE_EQUAL(f.start(), "");
        for (auto const& [phone, reached] : known)
            BOOST_TEST_CONTEXT("round " << round << ", number " << phone) {
                auto const found = f.find(phone, phone);
                BOOST_REQUIRE(found.has_value());
                if (reached >= stage::guessed)
                    BOOST_TEST(std::ranges::count(found->events, event_type::wrong, &event::type) ==
                               1);
                auto const right = f.check(guess_of(phone, 111));
                if (reached == stage::used) BOOST_TEST(is<absent>(right));
            }
        f.held.reset();
    }
}

// Its pages may or may not be found after a power cut.
BOOST_AUTO_TEST_CASE(a_commit_whose_fsync_failed_is_unknown) {
    fixture f;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    fsync_fails = true;
    auto const send = run(f.context, f.held->admit(send_of(2, 111, 2)));
    auto const later = run(f.context, f.held->admit(send_of(3, 111, 3)));
    fsync_fails = false;
    BOOST_TEST((send.has_error() && send.error() == fault::unknown));
    BOOST_TEST((later.has_error() && later.error() == fault::not_executed));
    eventually([&] { return f.answers(); });
    BOOST_TEST(f.times_lost == 1);
    BOOST_TEST(f.times_ready == 2);
    BOOST_TEST(f.held->usage().codes == 1U);
    BOOST_TEST(is<admitted>(f.admit(send_of(2, 111, 4))));
    f.restart();
    BOOST_TEST(!f.find(2, 2).has_value()); // later writes have replaced it
    BOOST_TEST(is<verified>(f.check(guess_of(2, 111))));
}

BOOST_AUTO_TEST_CASE(a_step_costs_one_fsync_and_one_that_changes_nothing_none) {
    fixture f;
    f.options.sweep_interval = 1h;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1)); // with the log's first page
    auto const before = fsyncs.load();
    f.admit(send_of(2, 111, 2));
    BOOST_TEST(fsyncs - before == 1);
    BOOST_TEST(f.find(2, 2).has_value());
    BOOST_TEST(is<refused>(f.admit(send_of(2, 111, 3))));
    BOOST_TEST(fsyncs - before == 1);
}

BOOST_AUTO_TEST_SUITE_END()
