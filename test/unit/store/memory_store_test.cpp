// What the memory store promises beyond the contract: exact boundaries, bounded memory, and a sweeper
// that works in slices.

#include "contract/store_contract.hpp"
#include "manual_clock.hpp"
#include "otpd/store/memory_store.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <random>

using namespace otpd::store;
using namespace otpd::test;
using namespace std::chrono_literals;

namespace {

struct fixture : observer {
    explicit fixture(memory_options options = {})
        : store(context.get_executor(), clock, options, *this) {}

    admit_outcome admit(admission request) {
        return run(context, store.admit(std::move(request))).value();
    }
    check_outcome check(otpd::store::check request) {
        return run(context, store.check_code(std::move(request))).value();
    }
    void sweep() { run(context, store.sweep()); }

    void swept(sweep_slice slice) noexcept override {
        ++slices;
        removed += slice.removed;
    }
    void failed(std::exception_ptr) noexcept override { sweeper_failed = true; }

    boost::asio::io_context context;
    manual_clock clock;
    std::atomic<std::uint64_t> slices{0};
    std::atomic<std::uint64_t> removed{0};
    std::atomic<bool> sweeper_failed{false};
    memory_store store;
};

template <class Outcome, class Variant>
bool is(Variant const& outcome) {
    return std::holds_alternative<Outcome>(outcome);
}

memory_options holding(std::size_t items) {
    memory_options options;
    options.items_max = items;
    return options;
}

} // namespace

BOOST_AUTO_TEST_SUITE(memory_store_rules)

BOOST_AUTO_TEST_CASE(a_code_lives_until_its_time_and_not_a_tick_longer) {
    fixture f;
    f.admit(send_of(1, 111, 1));
    f.admit(send_of(2, 111, 2));
    f.clock.advance(ttl - 1ns);
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111))));
    f.clock.advance(1ns);
    BOOST_TEST(is<absent>(f.check(guess_of(2, 111))));
}

BOOST_AUTO_TEST_CASE(a_cooldown_ends_exactly_when_the_refusal_said) {
    fixture f;
    f.admit(send_of(1, 111, 1));
    f.clock.advance(2500us);
    auto const answer = std::get<refused>(f.admit(send_of(1, 111, 2)));
    // rounded up to whole milliseconds, so that whoever waits as told is let in
    BOOST_TEST((answer.violations[0].retry_after == cooldown_window - 2ms));
    f.clock.advance(answer.violations[0].retry_after - 1ms);
    BOOST_TEST(is<refused>(f.admit(send_of(1, 111, 3))));
    f.clock.advance(1ms);
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 4))));
}

BOOST_AUTO_TEST_CASE(a_full_store_refuses_and_keeps_what_it_has) {
    fixture f(holding(4)); // two codes with their cooldowns
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
    BOOST_TEST(is<admitted>(f.admit(send_of(2, 111, 2))));
    BOOST_TEST(is<full>(f.admit(send_of(3, 111, 3))));
    BOOST_TEST(f.store.usage().items == 4U);
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111)))); // makes room for one code …
    BOOST_TEST(is<full>(f.admit(send_of(3, 111, 4))));   // … but not for its cooldown
    f.clock.advance(cooldown_window);
    f.sweep();
    BOOST_TEST(is<admitted>(f.admit(send_of(3, 111, 5))));
}

// A resend needs no new room: a full store still serves the numbers it knows.
BOOST_AUTO_TEST_CASE(a_full_store_admits_a_resend) {
    fixture f(holding(2));
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
    f.clock.advance(cooldown_window);
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 222, 2))));
    BOOST_TEST(is<verified>(f.check(guess_of(1, 222))));
}

BOOST_AUTO_TEST_CASE(guesses_are_counted_even_when_full) {
    fixture f(holding(2));
    f.admit(send_of(1, 111, 1));
    BOOST_TEST(std::get<wrong>(f.check(guess_of(1, 222))).attempts_left == 4U);
    BOOST_TEST(f.store.usage().items == 3U);
}

// Whatever happened before, nothing is left once everything has expired: no leak of memory or of the
// room it is accounted with.
BOOST_AUTO_TEST_CASE(everything_is_swept_in_the_end) {
    constexpr std::uint32_t seed = 20261123; // any: it makes a failure repeatable
    std::mt19937 random(seed);
    auto pick = [&random](std::uint32_t below) {
        return static_cast<std::uint32_t>(random() % below);
    };
    fixture f;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        std::uint32_t const phone = pick(50);
        switch (pick(5)) {
        case 0:
        case 1:
            f.admit(send_of(phone, pick(3), i, pick(2) == 0 ? "login" : "payment"));
            break;
        case 2:
            f.check(guess_of(phone, pick(3)));
            break;
        case 3: {
            auto settlement = settlement_of(phone, i, static_cast<send_result>(pick(3)));
            if (pick(2) == 0) settlement.back_off = charge{"cooldown", 1, duration(500)};
            run(f.context, f.store.settle(settlement));
            break;
        }
        default:
            f.clock.advance(std::chrono::milliseconds(pick(4000)));
            if (pick(4) == 0) f.sweep();
        }
    }
    BOOST_TEST(f.store.usage().items > 0U);
    f.clock.advance(guess_limit.window + ttl);
    f.sweep();
    BOOST_TEST(f.store.usage().items == 0U);
    BOOST_TEST(f.store.usage().codes == 0U);
}

BOOST_AUTO_TEST_CASE(the_sweeper_never_looks_at_more_than_a_batch_at_once) {
    memory_options options;
    options.shards = 1;
    options.sweep_batch = 10;
    fixture f(options);
    constexpr std::uint32_t codes = 1000;
    for (std::uint32_t i = 0; i < codes; ++i)
        f.admit(send_of(i, 111, i));
    f.clock.advance(ttl);
    f.sweep();
    BOOST_TEST(f.store.usage().items == 0U);
    BOOST_TEST(f.removed == 2 * codes);
    BOOST_TEST(f.slices >= codes / options.sweep_batch);
}

// A check that arrives while a million codes are being removed waits for one slice at most: it is
// served long before the sweep is over. Counted in slices, not in time.
BOOST_AUTO_TEST_CASE(a_check_in_the_middle_of_a_mass_expiry_is_served_between_slices) {
    memory_options options;
    options.shards = 1;
    options.sweep_batch = 100;
    fixture f(options);
    constexpr std::uint32_t codes = 20'000;
    for (std::uint32_t i = 0; i < codes; ++i)
        f.admit(send_of(i, 111, i));
    f.clock.advance(ttl);
    f.admit(send_of(codes, 111, codes));

    std::uint64_t slices_at_answer = 0;
    bool served = false;
    auto sweep = [&]() -> boost::asio::awaitable<void> { co_await f.store.sweep(); };
    auto check = [&]() -> boost::asio::awaitable<void> {
        auto const answer = co_await f.store.check_code(guess_of(codes, 111));
        served = answer.has_value() && is<verified>(*answer);
        slices_at_answer = f.slices;
    };
    auto rethrow = [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    };
    boost::asio::co_spawn(f.context, sweep, rethrow);
    boost::asio::co_spawn(f.context, check, rethrow);
    run_on_threads(f.context, 1);
    BOOST_TEST(served);
    BOOST_TEST(f.slices >= codes / options.sweep_batch);
    BOOST_TEST(slices_at_answer < 10U);
}

BOOST_AUTO_TEST_CASE(the_running_sweeper_removes_by_itself_and_stops_when_told) {
    memory_options options;
    options.sweep_interval = 1ms;
    fixture f(options);
    f.admit(send_of(1, 111, 1));
    f.clock.advance(ttl);
    run(f.context, f.store.start());
    auto watch = [&]() -> boost::asio::awaitable<void> {
        while (f.store.usage().items != 0)
            co_await boost::asio::post(f.context, boost::asio::use_awaitable);
        f.store.stop();
    };
    boost::asio::co_spawn(f.context, watch, [](std::exception_ptr) {});
    run_on_threads(f.context, 2); // fails when the sweeper goes on for ever
    BOOST_TEST(!f.sweeper_failed);
    BOOST_TEST(f.store.usage().items == 0U);
}

BOOST_AUTO_TEST_CASE(shards_are_a_power_of_two) {
    memory_options options;
    options.shards = 3;
    BOOST_CHECK_THROW(fixture{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
