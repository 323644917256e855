// What the memory store guarantees beyond the contract: exact thresholds, bounded memory, and a
// sweeper that works in slices.

#include "backend/memory_backend.hpp"
#include "contract/store_contract.hpp"
#include "manual_clock.hpp"

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
    settle_outcome settle(settlement request) {
        return run(context, store.settle(std::move(request))).value();
    }
    std::optional<verification> find(std::uint32_t phone, std::uint32_t id) {
        return run(context, store.find(address_of(phone, id))).value();
    }
    void sweep() {
        auto round = [](memory_backend& of) -> boost::asio::awaitable<bool> {
            co_await of.sweep();
            co_return true;
        };
        run(context, round(store));
    }
    memory_usage usage() { return run(context, store.usage()); }

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
    memory_backend store;
};

/// How long a state is kept beyond its last expiry.
constexpr auto spare = 60s;

template <class Outcome, class Variant>
bool is(Variant const& outcome) {
    return std::holds_alternative<Outcome>(outcome);
}

memory_options holding(std::size_t states) {
    memory_options options;
    options.states_max = states;
    return options;
}

/// Runs a random step with random keys.
void step_of_any_kind(fixture& f, std::mt19937& random, std::uint32_t id) {
    auto pick = [&random](std::uint32_t below) {
        return static_cast<std::uint32_t>(random() % below);
    };
    std::uint32_t const phone = pick(50);
    std::string const scope = pick(2) == 0 ? "login" : "payment";
    std::vector const rate_limit_checks{
        rate_limit_check{subject(everybody + pick(3)), "a", 1000, duration(60'000)},
        rate_limit_check{number(phone), "b", 5, duration(5000), 1, pick(2) == 0}};
    conversion_guard rule;
    rule.key = subject(everybody + pick(3));
    rule.out_max = pick(2) == 0 ? 100 : 5;
    rule.typing = std::chrono::seconds(3);
    rule.observed = pick(2) == 0;
    budget_key const daily{subject(everybody + pick(3)), "daily", pick(2) == 0 ? "1" : "2"};
    reservation const price{daily, pick(50), 200, duration(20'000), pick(2) == 0};
    idempotency_key const idempotency{subject(everybody + 10 + pick(20)), {}, duration(20'000)};
    switch (pick(10)) {
    case 0:
    case 1:
    case 2: {
        auto request = send_of(phone, pick(3), id, scope);
        request.cooldown.memory = duration(30'000);
        if (pick(2) == 0) request.repeat.repeated_for = duration(pick(2000));
        request.lease = duration(pick(2000));
        request.rate_limit_checks = rate_limit_checks;
        request.guards = {rule};
        request.reservations = {price};
        if (pick(3) == 0) request.idempotency = idempotency;
        f.admit(std::move(request));
        break;
    }
    case 3:
    case 4: {
        auto guess = guess_of(phone, pick(3), scope);
        if (pick(2) == 0) guess.id = id_of(id - 1 - pick(20));
        guess.rate_limit_checks = rate_limit_checks;
        guess.guarded = {rule.key};
        f.check(std::move(guess));
        break;
    }
    case 5: {
        auto settlement =
            settlement_of(phone, id - 1 - pick(20), static_cast<send_result>(pick(3)));
        settlement.back_off = duration(pick(2) * 500);
        settlement.refund = rate_limit_checks;
        settlement.guarded = {rule.key};
        settlement.adjustments = {adjustment{daily, -10}};
        if (pick(3) == 0) settlement.idempotency = idempotency;
        f.settle(std::move(settlement));
        break;
    }
    case 6: {
        cancellation request{address_of(phone, id - 1 - pick(20)), ""};
        run(f.context, f.store.cancel(std::move(request))).value();
        break;
    }
    case 7: {
        delivery_update request{address_of(phone, id - 1 - pick(20)),
                                static_cast<delivery>(pick(5)),
                                {},
                                "x",
                                {adjustment{daily, 5}}};
        run(f.context, f.store.update(std::move(request))).value();
        break;
    }
    case 8: {
        reservation_replacement request{
            address_of(phone, id - 1 - pick(20)), {note{}}, {adjustment{daily, -5}}, {price}};
        run(f.context, f.store.replace_reservation(std::move(request))).value();
        break;
    }
    default:
        f.clock.advance(std::chrono::milliseconds(pick(4000)));
        if (pick(4) == 0) f.sweep();
    }
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
    // rounded up to whole milliseconds, so that a client that waits as told is admitted
    BOOST_TEST((answer.violations[0].retry_after == cooldown_window - 2ms));
    f.clock.advance(answer.violations[0].retry_after - 1ms);
    BOOST_TEST(is<refused>(f.admit(send_of(1, 111, 3))));
    f.clock.advance(1ms);
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 4))));
}

BOOST_AUTO_TEST_CASE(a_verification_is_forgotten_at_its_time_and_not_a_tick_earlier) {
    fixture f;
    f.admit(send_of(1, 111, 1));
    f.clock.advance(retention_of_sends - 1ns);
    BOOST_TEST(f.find(1, 1).has_value());
    f.clock.advance(1ns);
    BOOST_TEST(!f.find(1, 1).has_value());
}

// Hours and days are exactly those of the store's clock.
BOOST_AUTO_TEST_CASE(a_guard_goes_from_hour_to_hour_at_the_hour) {
    fixture f; // its clock starts at a full hour
    auto guarded = [&](std::uint32_t phone) {
        auto request = free_send_of(phone, 111, phone);
        conversion_guard rule;
        rule.key = subject(everybody);
        rule.name = "w";
        rule.out_max = 2;
        rule.typing = std::chrono::hours(1);
        request.guards = {rule};
        return f.admit(std::move(request));
    };
    BOOST_TEST(is<admitted>(guarded(1)));
    BOOST_TEST(is<admitted>(guarded(2)));
    f.clock.advance(59min);
    auto const answer = std::get<refused>(guarded(3));
    BOOST_TEST((answer.violations[0].retry_after == 1min + 1ms));
    f.clock.advance(1min - 1us);
    BOOST_TEST((std::get<refused>(guarded(3)).violations[0].retry_after == 2ms)); // rounded up
    f.clock.advance(1us); // both were in the previous hour, all of which still counts
    BOOST_TEST((std::get<refused>(guarded(4)).violations[0].retry_after == 1ms));
    f.clock.advance(1ms); // no longer all of it
    BOOST_TEST(is<admitted>(guarded(5)));
    BOOST_TEST(is<refused>(guarded(6)));
}

// --- bounded memory -----------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_full_store_refuses_and_keeps_what_it_has) {
    fixture f(holding(2)); // two numbers
    BOOST_TEST(is<admitted>(f.admit(send_of(1, 111, 1))));
    BOOST_TEST(is<admitted>(f.admit(send_of(2, 111, 2))));
    BOOST_TEST(is<full>(f.admit(send_of(3, 111, 3))));
    BOOST_TEST(f.usage().states == 2U);
    BOOST_TEST(is<verified>(f.check(guess_of(1, 111))));
    BOOST_TEST(f.usage().codes == 1U);
    BOOST_TEST(f.usage().states == 2U);                // it can still be found
    BOOST_TEST(is<full>(f.admit(send_of(3, 111, 4)))); // so there is no room
    f.clock.advance(retention_of_sends + spare);
    f.sweep();
    BOOST_TEST(f.usage().states == 0U); // a full store remembers no number that was verified
    BOOST_TEST(is<admitted>(f.admit(send_of(3, 111, 5))));
}

// An admission is added as a whole or not at all, whatever it counts.
BOOST_AUTO_TEST_CASE(a_full_store_writes_no_part_of_an_admission) {
    auto request = send_of(2, 111, 2);
    request.rate_limit_checks = {rate_limit_check{subject(everybody), "a", 9, one_hour},
                                 rate_limit_check{number(2), "c", 9, one_hour}};
    request.reservations = {reservation{{subject(everybody), "a", "2026-11"}, 1, 9, one_hour}};
    request.idempotency = idempotency_key{subject(everybody + 1), {}, one_hour};
    fixture f(holding(1));
    f.admit(send_of(1, 111, 1));
    BOOST_TEST(is<full>(f.admit(request)));
    BOOST_TEST(f.usage().states == 1U);
}

// A message is in flight already.
BOOST_AUTO_TEST_CASE(another_try_is_never_refused_for_want_of_room) {
    fixture f(holding(1));
    f.admit(free_send_of(1, 111, 1));
    reservation_replacement other;
    other.address = address_of(1, 1);
    other.take = {reservation{{subject(everybody), "a", "2026-11"}, 1, 1, one_hour}};
    BOOST_TEST(
        is<reservation_replaced>(run(f.context, f.store.replace_reservation(other)).value()));
    BOOST_TEST(f.usage().states == 2U);
}

BOOST_AUTO_TEST_CASE(guesses_and_their_price_are_counted_even_when_full) {
    fixture f(holding(1));
    f.admit(send_of(1, 111, 1));
    auto guess = guess_of(1, 222);
    guess.rate_limit_checks = {rate_limit_check{subject(everybody), "guesses", 2, one_hour}};
    BOOST_TEST(std::get<wrong>(f.check(guess)).attempts_left == 4U);
    BOOST_TEST(f.usage().states == 2U);
    BOOST_TEST(is<wrong>(f.check(guess)));
    BOOST_TEST(is<refused>(f.check(guess)));
}

BOOST_AUTO_TEST_CASE(a_budget_is_forgotten_exactly_when_the_refusal_said) {
    fixture f;
    auto request = free_send_of(1, 111, 1);
    request.retention = one_day;
    request.reservations = {reservation{{subject(everybody), "a", "2026-11"}, 1, 1, one_hour}};
    BOOST_TEST(is<admitted>(f.admit(request)));
    request.key.number = number(2);
    f.clock.advance(2500us);
    BOOST_TEST((std::get<refused>(f.admit(request)).violations[0].retry_after == one_hour - 2ms));
    f.clock.advance(one_hour - 2500us - 1us);
    BOOST_TEST(is<refused>(f.admit(request)));
    f.clock.advance(1us);
    BOOST_TEST(is<admitted>(f.admit(request)));
}

// Expired codes stop being live without a request, long before they are forgotten.
BOOST_AUTO_TEST_CASE(an_expired_code_is_not_live_though_it_is_kept) {
    fixture f;
    f.admit(free_send_of(1, 111, 1));
    f.admit(free_send_of(2, 111, 2));
    BOOST_TEST(f.usage().codes == 2U);
    f.clock.advance(ttl);
    f.sweep();
    BOOST_TEST(f.usage().codes == 0U);
    BOOST_TEST(f.usage().states == 2U);
    BOOST_TEST(f.removed == 0U);
    BOOST_TEST((f.find(1, 1)->state == progress::expired));
    f.clock.advance(retention_of_sends - ttl + spare);
    f.sweep();
    BOOST_TEST(f.usage().states == 0U);
    BOOST_TEST(f.removed == 2U);
}

// Nothing is left once everything has expired: neither memory nor counted room leaks.
BOOST_AUTO_TEST_CASE(everything_is_swept_in_the_end) {
    std::mt19937 random(20261123); // a fixed seed makes a failure repeatable
    fixture f;
    for (std::uint32_t i = 100; i < 20'000; ++i)
        step_of_any_kind(f, random, i);
    BOOST_TEST(f.usage().states > 0U);
    BOOST_TEST(f.usage().codes > 0U);
    f.clock.advance(91 * 24h); // a success is kept the longest
    f.sweep();
    BOOST_TEST(f.usage().states == 0U);
    BOOST_TEST(f.usage().codes == 0U);
}

// --- the sweeper --------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_sweeper_never_visits_more_than_a_batch_at_once) {
    memory_options options;
    options.shards = 1;
    options.sweep_batch = 10;
    fixture f(options);
    constexpr std::uint32_t codes = 1000;
    for (std::uint32_t i = 0; i < codes; ++i)
        f.admit(send_of(i, 111, i));
    f.clock.advance(retention_of_sends + spare);
    f.sweep();
    BOOST_TEST(f.usage().states == 0U);
    BOOST_TEST(f.removed == codes);
    BOOST_TEST(f.slices >= codes / options.sweep_batch);
}

// A check that arrives while a million codes are being removed waits for one slice at most: it is
// served long before the sweep ends. Counted in slices, not in time.
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

BOOST_AUTO_TEST_CASE(the_running_sweeper_removes_by_itself_and_can_be_stopped) {
    memory_options options;
    options.sweep_interval = 1ms;
    fixture f(options);
    f.admit(send_of(1, 111, 1));
    f.clock.advance(retention_of_sends + spare);
    run(f.context, f.store.start());
    auto conversion_guard = [&]() -> boost::asio::awaitable<void> {
        for (memory_usage left{1, 1, 1}; left.states != 0; left = co_await f.store.usage())
            co_await boost::asio::post(f.context, boost::asio::use_awaitable);
        f.store.stop();
    };
    boost::asio::co_spawn(f.context, conversion_guard, [](std::exception_ptr) {});
    run_on_threads(f.context, 2); // fails if the sweeper never stops
    BOOST_TEST(!f.sweeper_failed);
    BOOST_TEST(f.usage().states == 0U);
}

BOOST_AUTO_TEST_CASE(shards_are_a_power_of_two) {
    memory_options options;
    options.shards = 3;
    BOOST_CHECK_THROW(fixture{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
