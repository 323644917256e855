// What the SQLite backend guarantees beyond the contract, except for restarts
// (sqlite_restart_test.cpp): steps share commits, and disk failures are survived.

#include "eventually.hpp"
#include "sqlite_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

using namespace otpd::store;
using namespace otpd::test;
using namespace std::chrono_literals;

using fixture = sqlite_fixture;

namespace {

/// How long states are kept after they have expired.
constexpr std::chrono::minutes one_minute{1};

/// While this lives, the process cannot extend files, which looks like a full disk.
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

BOOST_AUTO_TEST_SUITE(sqlite_backend_rules)

// 400 concurrent steps take far fewer than 400 commits, and each is answered.
BOOST_AUTO_TEST_CASE(steps_that_wait_share_a_commit) {
    fixture f;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(0, 111, 0));
    f.clock.advance(retention_of_sends + one_minute);
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
    BOOST_TEST(f.held->usage().commits - before.commits == 1U);
}

BOOST_AUTO_TEST_CASE(a_full_queue_and_a_late_disk_refuse) {
    fixture f;
    f.options.sweep_interval = 1ms;
    f.options.queue_max = 10;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(0, 111, 0));
    f.options.timeout = 20ms;
    f.restart();
    // The only timing assumption is that the store's thread is blocked for longer than 20 ms.
    std::latch gate(1);
    f.hold_sweeper = &gate;
    f.clock.advance(retention_of_sends + one_minute);
    eventually([&] { return f.slices == 1; });
    f.hold_sweeper = nullptr;

    std::atomic<int> refusals{0};
    for (std::uint32_t i = 1; i <= 15; ++i) {
        auto body = [&f, &refusals, i]() -> boost::asio::awaitable<void> {
            auto const answer = co_await f.held->admit(send_of(i, 111, i));
            if (answer.has_error() && answer.error() == fault::not_executed) ++refusals;
        };
        boost::asio::co_spawn(f.context, body, [](std::exception_ptr) {});
        f.context.restart();
        f.context.poll(); // the first one is a batch of its own
    }
    BOOST_TEST(refusals == 4); // one is in flight, ten wait
    run_on_threads(f.context, 2);
    BOOST_TEST(refusals == 15); // none of their rules has run, so none was done
    gate.count_down();
    f.options.timeout = hang_limit;
    f.restart(); // the states were loaded, and nobody runs rules on them
    BOOST_TEST(f.held->usage().states == 0U);
}

BOOST_AUTO_TEST_CASE(a_disk_without_room_is_survived) {
    fixture f;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 4U);
    bool pinged = true;
    result<check_outcome> guess = fault::unknown;
    result<admit_outcome> send = fault::unknown;
    result<check_outcome> unwritten = fault::unknown;
    {
        no_room const full_disk(4096);
        guess = run(f.context, f.held->check_code(guess_of(1, 111)));
        send = run(f.context, f.held->admit(send_of(2, 111, 2)));
        unwritten = run(f.context, f.held->check_code(guess_of(3, 111)));
        pinged = f.answers();
    }
    BOOST_TEST((guess.has_error() && guess.error() == fault::not_executed));
    BOOST_TEST((send.has_error() && send.error() == fault::not_executed));
    BOOST_TEST((unwritten.has_error() && unwritten.error() == fault::not_executed));
    BOOST_TEST(!pinged);
    eventually([&] { return f.answers(); });
    BOOST_TEST(f.times_lost == 1);
    BOOST_TEST(f.times_ready == 2);
    BOOST_TEST(f.times_failed == 0);
    BOOST_TEST(f.held->usage().codes == 1U);
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 999))).attempts_left == 3U);
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111)))); // the failed step changed nothing
    f.restart();
    BOOST_TEST(is<absent>(f.check(guess_of(1, 111))));
}

// A step with several keys is one transaction: if it fails, none of them has changed.
BOOST_AUTO_TEST_CASE(a_step_that_fails_has_changed_no_state) {
    fixture f;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    auto shared_send = [](std::uint32_t phone) {
        auto request = send_of(phone, 111, phone);
        request.rate_limit_checks = {rate_limit_check{subject(everybody), "n", 1, one_hour}};
        request.idempotency = idempotency_key{subject(everybody + 1), {}, one_hour};
        return request;
    };
    auto const states = f.held->usage().states;
    result<admit_outcome> send = fault::unknown;
    {
        no_room const full_disk(4096);
        send = run(f.context, f.held->admit(shared_send(2)));
    }
    BOOST_TEST((send.has_error() && send.error() == fault::not_executed));
    BOOST_TEST(f.held->usage().states == states);
    eventually([&] { return f.answers(); });
    BOOST_TEST(is<admitted>(f.admit(shared_send(2))));
    f.restart();
    BOOST_TEST(f.held->usage().states == states + 3); // of the number, of the global limit, of the
                                                      // idempotency key
}

// Steps of one transaction see the changes of those before them.
BOOST_AUTO_TEST_CASE(steps_that_share_a_commit_share_their_limits) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    std::atomic<int> admissions{0};
    for (std::uint32_t i = 0; i < 100; ++i) {
        auto body = [&f, &admissions, i]() -> boost::asio::awaitable<void> {
            auto request = send_of(i, 111, i);
            request.rate_limit_checks = {rate_limit_check{subject(everybody), "n", 30, one_day}};
            auto const answer = co_await f.held->admit(std::move(request));
            if (answer.has_value() && is<admitted>(*answer)) ++admissions;
        };
        boost::asio::co_spawn(f.context, body, [](std::exception_ptr) {});
    }
    run_on_threads(f.context, 2);
    BOOST_TEST(admissions == 30);
    BOOST_TEST(f.held->usage().states == 31U);
}

BOOST_AUTO_TEST_CASE(a_step_that_changes_nothing_writes_nothing) {
    fixture f;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    f.admit(send_of(1, 111, 1));
    auto guess = guess_of(1, 999);
    guess.attempts_max = 1;
    BOOST_TEST(is<wrong>(f.check(guess)));
    auto const commits = f.held->usage().commits;
    BOOST_TEST(f.find(1, 1).has_value());
    BOOST_TEST(!f.find(2, 1).has_value());
    BOOST_TEST(is<refused>(f.admit(send_of(1, 222, 2))));
    delivery_update const nothing_new{address_of(1, 1), delivery::queued, {}, "", {}};
    BOOST_TEST((run(f.context, f.held->update(nothing_new)).value() == update_outcome::known));
    reservation_replacement too_much;
    too_much.address = address_of(1, 1);
    too_much.take = {reservation{{subject(everybody), "daily", "2026"}, 2, 1, one_hour}};
    BOOST_TEST(is<refused>(run(f.context, f.held->replace_reservation(too_much)).value()));
    BOOST_TEST(run(f.context, f.held->spent({too_much.take[0].budget})).value().at(0) == 0);
    BOOST_TEST(is<absent>(f.check(guess_of(2, 111))));
    BOOST_TEST(is<exhausted>(f.check(guess))); // the number was loaded for a change, and did not
                                               // change
    BOOST_TEST(f.held->usage().commits == commits);
}

// A manual edit, a bug or a newer format: the state is not replaced, and is kept.
BOOST_AUTO_TEST_CASE(a_state_that_cannot_be_read_is_a_fault) {
    for (char const* damage :
         {"UPDATE states SET state = zeroblob(9)",
          "UPDATE states SET state = CAST(state || x'00' AS BLOB)",
          "UPDATE states SET state = substr(state, 1, length(state) - 1)",
          "UPDATE states SET state = CAST(substr(state, 1, 8) || x'1f' || substr(state, 10) AS "
          "BLOB)"}) {
        fixture f;
        BOOST_REQUIRE_EQUAL(f.start(), "");
        f.admit(send_of(1, 111, 1));
        f.held.reset();
        edit(f.path, damage);
        auto const before = contents(f.path);
        BOOST_REQUIRE_EQUAL(f.start(), "");
        auto const answer = run(f.context, f.held->check_code(guess_of(1, 111)));
        BOOST_TEST((answer.has_error() && answer.error() == fault::not_executed), damage);
        BOOST_TEST(f.times_failed == 0);
        f.held.reset();
        BOOST_TEST((contents(f.path) == before), damage);
    }
}

BOOST_AUTO_TEST_CASE(the_sweeper_deletes_what_has_ended_a_slice_at_a_time) {
    fixture f;
    f.options.sweep_interval = 1ms;
    f.options.sweep_batch = 10;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    for (std::uint32_t i = 0; i < 100; ++i)
        f.admit(send_of(i, 111, i));
    BOOST_TEST(f.held->usage().codes == 100U);
    f.clock.advance(ttl); // codes have expired, verifications can still be found
    eventually([&] { return f.held->usage().codes == 0; });
    BOOST_TEST(f.held->usage().states == 100U);
    BOOST_TEST((f.find(1, 1)->state == progress::expired));
    f.clock.advance(retention_of_sends - ttl + one_minute);
    eventually([&] { return f.held->usage().states == 0; });
    BOOST_TEST(f.removed == 100U);
    BOOST_TEST(f.largest_slice == 10U);
}

BOOST_AUTO_TEST_CASE(codes_are_counted_over_a_restart_and_after_their_time) {
    fixture f;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    auto second = fresh_send_of(1, 222, 2);
    second.ttl = 2 * ttl;
    f.admit(free_send_of(1, 111, 1));
    f.admit(second);
    f.restart();
    BOOST_TEST(f.held->usage().codes == 2U);
    BOOST_TEST(run(f.context, f.held->live_codes()).value() == 2U);
    f.clock.advance(ttl);
    eventually([&] { return f.held->usage().codes == 1; });
    BOOST_TEST(is<verified>(f.check(guess_of(1, 222))));
    BOOST_TEST(f.held->usage().codes == 0U);
}

BOOST_AUTO_TEST_CASE(a_full_store_refuses_and_keeps_what_it_has) {
    fixture f;
    f.options.states_max = 2;
    f.options.sweep_interval = 1ms;
    BOOST_REQUIRE_EQUAL(f.start(), "");
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
    BOOST_TEST(is<admitted>(f.admit(send_of(2, 111, 2))));
    BOOST_TEST(is<full>(f.admit(send_of(3, 111, 3))));
    f.restart();
    BOOST_TEST(is<full>(f.admit(send_of(3, 111, 4))));
    BOOST_TEST(is<wrong>(f.check(guess_of(1, 999)))); // guesses are counted regardless of the bound
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111))));
    BOOST_TEST(f.held->usage().states == 2U);
    f.clock.advance(retention_of_sends + one_minute);
    // A full store remembers no number that was verified.
    eventually([&] { return f.held->usage().states == 0; });
    BOOST_TEST(is<admitted>(f.admit(send_of(3, 111, 5))));
}

// Steps in flight are done and answered; others are refused, and none hangs.
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
    sqlite_backend never(f.context.get_executor(), f.clock, f.options, f);
    BOOST_TEST(run(f.context, never.ping()).has_error());
    BOOST_TEST(run(f.context, never.live_codes()).has_error());
    BOOST_TEST(run(f.context, never.admit(send_of(1, 111, 1))).has_error());
}

BOOST_AUTO_TEST_SUITE_END()
