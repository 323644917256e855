// What the SQLite store promises beyond the contract: everything acknowledged is there after a restart,
// the file is nobody else's, many steps share a commit, and a disk that fails is survived.

#include "contract/store_contract.hpp"
#include "eventually.hpp"
#include "manual_clock.hpp"
#include "otpd/store/sqlite_store.hpp"
#include "temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <sstream>

using namespace otpd::store;
using namespace otpd::test;
using namespace std::chrono_literals;

namespace {

template <class Outcome, class Variant>
bool is(Variant const& outcome) {
    return std::holds_alternative<Outcome>(outcome);
}

/// A clock whose wall can be set beside its steady time.
class two_clocks final : public otpd::clock {
public:
    [[nodiscard]] otpd::steady_time now() const noexcept override {
        return otpd::steady_time(1h) + steady_.load();
    }
    [[nodiscard]] otpd::wall_time wall() const noexcept override {
        return otpd::wall_time(24h * 365 * 50) + wall_.load();
    }
    void advance(std::chrono::nanoseconds by) noexcept {
        steady_ = steady_.load() + by;
        set_wall(by);
    }
    /// As an administrator or NTP does: the steady time does not know of it.
    void set_wall(std::chrono::nanoseconds by) noexcept { wall_ = wall_.load() + by; }

private:
    std::atomic<std::chrono::nanoseconds> steady_{0ns};
    std::atomic<std::chrono::nanoseconds> wall_{0ns};
};

struct fixture : observer {
    explicit fixture(sqlite_options with = {}) : options(std::move(with)) {
        options.path = path;
        if (options.timeout == sqlite_options().timeout) options.timeout = hang_limit;
    }
    ~fixture() override { held.reset(); }

    /// Why the store cannot be used, or an empty text.
    std::string start() {
        held = std::make_unique<sqlite_store>(clock, options, *this);
        auto why = run(context, held->start());
        if (why) held.reset();
        return why.value_or("");
    }
    void restart() {
        held.reset();
        BOOST_REQUIRE_EQUAL(start(), "");
    }

    admit_outcome admit(admission request) {
        return run(context, held->admit(std::move(request))).value();
    }
    check_outcome check(otpd::store::check request) {
        return run(context, held->check_code(std::move(request))).value();
    }
    bool answers() { return run(context, held->ping()).has_value(); }

    void swept(sweep_slice slice) noexcept override {
        ++slices;
        removed += slice.removed;
        largest_slice = std::max<std::uint64_t>(largest_slice, slice.removed);
        if (auto* gate = hold_sweeper.load()) gate->wait();
    }
    void ready(std::string_view) noexcept override { ++times_ready; }
    void lost(std::string_view) noexcept override { ++times_lost; }
    void failed(std::exception_ptr) noexcept override { ++times_failed; }

    temporary_directory directory;
    std::string path = directory.path() + "/otpd.db";
    boost::asio::io_context context;
    two_clocks clock;
    sqlite_options options;
    std::atomic<std::uint64_t> slices{0};
    std::atomic<std::uint64_t> removed{0};
    std::atomic<std::uint64_t> largest_slice{0};
    std::atomic<int> times_ready{0};
    std::atomic<int> times_lost{0};
    std::atomic<int> times_failed{0};
    /// The sweeper waits here after its next slice, and with it the store's thread.
    std::atomic<std::latch*> hold_sweeper{nullptr};
    std::unique_ptr<sqlite_store> held;
};

/// Runs statements on a file that no store has open.
void edit(std::string const& path, char const* statements) {
    sqlite3* handle = nullptr;
    int code = sqlite3_open(path.c_str(), &handle);
    if (code == SQLITE_OK) code = sqlite3_exec(handle, statements, nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    BOOST_REQUIRE_EQUAL(code, SQLITE_OK);
}

std::string contents(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

void fill(std::string const& path, std::string const& with) {
    std::ofstream(path, std::ios::binary) << with;
}

bool contains(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// While it lives, this process cannot make files longer: what a full disk is to a program.
class no_room {
public:
    explicit no_room(rlim_t bytes) {
        getrlimit(RLIMIT_FSIZE, &before_);
        set(bytes);
    }
    ~no_room() { set(before_.rlim_cur); }
    no_room(no_room const&) = delete;
    no_room& operator=(no_room const&) = delete;

private:
    void set(rlim_t bytes) const {
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    rlimit before_{};
};

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_store_rules)

BOOST_AUTO_TEST_CASE(a_restart_keeps_codes_attempts_guesses_and_cooldowns) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.admit(send_of(2, 222, 2));
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 4U);
    f.clock.advance(2s);
    f.restart();
    BOOST_TEST(f.held->usage().codes == 2U);
    BOOST_TEST(f.held->usage().items == 5U);
    BOOST_TEST(is<refused>(f.admit(send_of(1, 111, 3))));
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 3U);
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111))));
    BOOST_TEST(is<verified>(f.check(guess_of(2, 222))));
    f.restart();
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111)))); // used up for good
    f.clock.advance(cooldown_window);
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 4))));
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_a_lockout) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    auto guess = guess_of(1, 999);
    guess.guesses.quota = 2;
    f.admit(send_of(1, 111, 1));
    f.check(guess);
    f.check(guess);
    f.restart();
    guess.candidates = {mac(111)};
    BOOST_TEST(is<locked>(f.check(guess)));
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_a_receipt_with_and_without_a_cost) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    for (std::uint32_t phone : {1U, 2U}) {
        f.admit(send_of(phone, 111, phone));
        auto settlement = settlement_of(phone, phone, send_result::accepted);
        settlement.accepted = receipt{7, "22953", "", std::nullopt};
        if (phone == 1) settlement.accepted->cost = otpd::money::from_micros(87'000);
        run(f.context, f.held->settle(settlement)).value();
    }
    f.restart();
    auto const first = std::get<verified>(f.check(guess_of(1, 111)));
    auto const second = std::get<verified>(f.check(guess_of(2, 111)));
    BOOST_REQUIRE((first.sent && second.sent));
    BOOST_TEST(first.sent->route_id == 7);
    BOOST_TEST(first.sent->order_id == "22953");
    BOOST_TEST(first.sent->bx_message_id.empty());
    BOOST_TEST((first.sent->cost == otpd::money::from_micros(87'000)));
    BOOST_TEST(!second.sent->cost.has_value());
}

// A code's life goes on while nobody runs: the wall clock knows how long that was.
BOOST_AUTO_TEST_CASE(time_passes_between_runs) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.held.reset();
    f.clock.set_wall(ttl);
    f.restart();
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111))));
}

// A wall clock that was put back while nobody ran must not bring a code back to life.
BOOST_AUTO_TEST_CASE(time_never_goes_behind_what_was_written) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.clock.advance(ttl - 1s);
    f.admit(send_of(2, 111, 2));
    f.held.reset();
    f.clock.set_wall(-24h);
    f.restart();
    BOOST_TEST(is<wrong>(f.check(guess_of(1, 999))));
    f.clock.advance(1s);
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111))));
    BOOST_TEST(is<verified>(f.check(guess_of(2, 111))));
}

BOOST_AUTO_TEST_CASE(a_wall_clock_that_is_set_while_running_moves_no_expiry) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.clock.set_wall(24h);
    BOOST_TEST(is<wrong>(f.check(guess_of(1, 999))));
    f.clock.set_wall(-48h);
    f.clock.advance(ttl);
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111))));
}

// What the file holds are keyed hashes and MACs: nobody else's to read.
BOOST_AUTO_TEST_CASE(the_file_and_its_log_are_their_owners_only) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    std::size_t files = 0;
    for (auto const& file : std::filesystem::directory_iterator(f.directory.path())) {
        struct stat found{};
        BOOST_REQUIRE(::stat(file.path().c_str(), &found) == 0);
        BOOST_TEST((found.st_mode & 0777U) == 0600U, file.path());
        ++files;
    }
    BOOST_TEST(files == 2U); // the file and its -wal; there is no memory shared with anybody
}

BOOST_AUTO_TEST_CASE(an_end_in_order_leaves_one_whole_file) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    f.held.reset();
    BOOST_TEST(std::filesystem::exists(f.path));
    BOOST_TEST(!std::filesystem::exists(f.path + "-wal"));
}

BOOST_AUTO_TEST_CASE(a_second_opener_is_refused_and_the_first_goes_on) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    sqlite_store second(f.clock, f.options, f);
    BOOST_TEST(run(f.context, second.start()).value_or("") ==
               f.path + " is in use by another process");
    BOOST_TEST(!run(f.context, second.ping()).has_value());
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_refused) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    for (std::uint32_t i = 0; i < 500; ++i)
        f.admit(send_of(i, 111, i));
    f.held.reset();
    auto bytes = contents(f.path);
    BOOST_REQUIRE(bytes.size() > 20 * 4096U);
    std::fill(bytes.begin() + 10 * 4096, bytes.begin() + 12 * 4096, '\x5a');
    fill(f.path, bytes);
    auto const why = f.start();
    BOOST_TEST(contains(why, f.path + " is damaged: "), why);
    BOOST_TEST(!contains(why, "\n"), why);
    BOOST_TEST((contents(f.path) == bytes)); // for whoever wants to rescue something
}

BOOST_AUTO_TEST_CASE(what_is_no_database_is_refused) {
    fixture f;
    fill(f.path, std::string(8192, 'x'));
    BOOST_TEST(f.start() == f.path + " is not an SQLite database");
    std::filesystem::remove(f.path);
    std::filesystem::create_directory(f.path);
    BOOST_TEST(f.start() == f.path + " is not a file");
    f.options.path = f.directory.path() + "/missing/otpd.db";
    BOOST_TEST(f.start() == f.options.path + " cannot be made: No such file or directory");
}

BOOST_AUTO_TEST_CASE(somebody_elses_database_is_refused_and_left_alone) {
    fixture f;
    edit(f.path, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    auto const before = contents(f.path);
    BOOST_TEST(f.start() == f.path + " is not a database of otpd");
    BOOST_TEST((contents(f.path) == before));
}

BOOST_AUTO_TEST_CASE(a_newer_schema_is_refused) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.held.reset();
    edit(f.path, "PRAGMA user_version = 1000");
    BOOST_TEST(contains(f.start(), "has schema version 1000, this otpd knows up to "));
}

// A process that died before the first schema step was done has left an empty file.
BOOST_AUTO_TEST_CASE(an_empty_file_is_brought_up_to_date) {
    fixture f;
    fill(f.path, "");
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
}

// 400 steps on their way at once take far fewer than 400 commits, and each is answered.
BOOST_AUTO_TEST_CASE(steps_that_wait_share_a_commit) {
    fixture f;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(0, 111, 0));
    f.clock.advance(ttl);
    std::latch gate(1);
    f.hold_sweeper = &gate;
    eventually([&] { return f.slices == 1; });
    f.hold_sweeper = nullptr;
    auto const before = f.held->usage();
    std::atomic<int> ended{0};
    for (std::uint32_t i = 1; i <= 400; ++i) {
        auto body = [&f, &ended, i]() -> boost::asio::awaitable<void> {
            auto const answer = co_await f.held->admit(send_of(i, 111, i));
            if (answer.has_value() && is<admitted>(*answer)) ++ended;
        };
        boost::asio::co_spawn(f.context, body, [](std::exception_ptr) {});
    }
    f.context.restart();
    f.context.poll(); // all are queued now
    BOOST_TEST(ended == 0);
    gate.count_down();
    run_on_threads(f.context, 2);
    BOOST_TEST(ended == 400);
    BOOST_TEST(f.held->usage().steps - before.steps == 400U);
    BOOST_TEST(f.held->usage().commits - before.commits <= 2U); // the sweeper's may be one
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_and_a_late_answer_is_a_timeout) {
    fixture f;
    f.options.sweep_interval = 1ms;
    f.options.queue_max = 10;
    f.options.timeout = 20ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    // Nothing is told of time here but that the store's thread stands still for longer than 20 ms.
    std::latch gate(1);
    f.hold_sweeper = &gate;
    BOOST_REQUIRE(run(f.context, f.held->admit(send_of(0, 111, 0))).has_value());
    f.clock.advance(ttl);
    eventually([&] { return f.slices == 1; });
    f.hold_sweeper = nullptr;

    std::atomic<int> late{0};
    std::atomic<int> turned_away{0};
    for (std::uint32_t i = 1; i <= 15; ++i) {
        auto body = [&f, &late, &turned_away, i]() -> boost::asio::awaitable<void> {
            auto const answer = co_await f.held->admit(send_of(i, 111, i));
            if (answer.has_value()) co_return;
            ++(answer.error() == fault::timed_out ? late : turned_away);
        };
        boost::asio::co_spawn(f.context, body, [](std::exception_ptr) {});
    }
    run_on_threads(f.context, 2);
    BOOST_TEST(late == 10);
    BOOST_TEST(turned_away == 5);
    gate.count_down();
    f.held.reset(); // does what is queued
    f.options.timeout = hang_limit;
    f.restart();
    // Whoever stopped waiting before the step's turn is told the truth: it was not done.
    BOOST_TEST(f.held->usage().codes == 0U);
}

BOOST_AUTO_TEST_CASE(a_disk_without_room_is_survived) {
    fixture f;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 4U);
    bool pinged = true;
    result<check_outcome> guess = fault::timed_out;
    result<admit_outcome> send = fault::timed_out;
    result<check_outcome> unwritten = fault::timed_out;
    {
        no_room const full_disk(4096);
        guess = run(f.context, f.held->check_code(guess_of(1, 111)));
        send = run(f.context, f.held->admit(send_of(2, 111, 2)));
        unwritten = run(f.context, f.held->check_code(guess_of(3, 111)));
        pinged = f.answers();
    }
    BOOST_TEST((guess.has_error() && guess.error() == fault::unavailable));
    BOOST_TEST((send.has_error() && send.error() == fault::unavailable));
    BOOST_TEST((unwritten.has_error() && unwritten.error() == fault::unavailable));
    BOOST_TEST(!pinged);
    eventually([&] { return f.answers(); });
    BOOST_TEST(f.times_lost == 1);
    BOOST_TEST(f.times_ready == 2);
    BOOST_TEST(f.times_failed == 0);
    BOOST_TEST(f.held->usage().codes == 1U);
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 3U);
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111)))); // what failed was not half done
    f.restart();
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111))));
}

BOOST_AUTO_TEST_CASE(the_sweeper_removes_what_expired_a_slice_at_a_time) {
    fixture f;
    f.options.sweep_interval = 1ms;
    f.options.sweep_batch = 10;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    for (std::uint32_t i = 0; i < 100; ++i)
        f.admit(send_of(i, 111, i));
    f.clock.advance(ttl - 1s); // cooldowns are over, codes are not
    eventually([&] { return f.held->usage().items == 100; });
    BOOST_TEST(f.held->usage().codes == 100U);
    f.clock.advance(1s);
    eventually([&] { return f.held->usage().items == 0; });
    BOOST_TEST(f.removed == 200U);
    BOOST_TEST(f.largest_slice == 10U);
}

BOOST_AUTO_TEST_CASE(a_full_store_refuses_and_keeps_what_it_has) {
    fixture f;
    f.options.items_max = 4;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
    BOOST_TEST(is<admitted>(f.admit(send_of(2, 111, 2))));
    BOOST_TEST(is<full>(f.admit(send_of(3, 111, 3))));
    f.restart();
    BOOST_TEST(is<full>(f.admit(send_of(3, 111, 4))));
    BOOST_TEST(is<wrong>(f.check(guess_of(1, 999)))); // guesses are counted whatever the bound
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111))));
    f.clock.advance(cooldown_window);
    eventually([&] { return f.held->usage().items == 1; });
    BOOST_TEST(is<admitted>(f.admit(send_of(3, 111, 5))));
}

// Steps that were queued before the end are done and answered; later ones are refused, none hangs.
BOOST_AUTO_TEST_CASE(an_end_answers_everybody) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    std::atomic<std::uint64_t> admissions{0};
    std::atomic<int> refusals{0};
    for (std::uint32_t i = 0; i < 300; ++i) {
        auto body = [&f, &admissions, &refusals, i]() -> boost::asio::awaitable<void> {
            if (i == 200) f.held->stop();
            auto const answer = co_await f.held->admit(send_of(i, 111, i));
            answer.has_value() ? static_cast<void>(++admissions) : static_cast<void>(++refusals);
        };
        boost::asio::co_spawn(boost::asio::make_strand(f.context), body, [](std::exception_ptr) {});
    }
    run_on_threads(f.context, 4);
    BOOST_TEST(admissions + static_cast<std::uint64_t>(refusals) == 300U);
    f.restart();
    BOOST_TEST(f.held->usage().codes == admissions);
}

BOOST_AUTO_TEST_CASE(without_a_start_every_step_is_refused) {
    fixture f;
    sqlite_store never(f.clock, f.options, f);
    BOOST_TEST(run(f.context, never.ping()).has_error());
    BOOST_TEST(run(f.context, never.live_codes()).has_error());
    BOOST_TEST(run(f.context, never.admit(send_of(1, 111, 1))).has_error());
}

BOOST_AUTO_TEST_SUITE_END()
