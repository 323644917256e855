#include "bridgexapi/route_gate.hpp"
#include "fake_gateway.hpp"
#include "manual_clock.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace otpd;
using namespace otpd::bridgexapi;
using namespace std::chrono_literals;

namespace {

/// Draws the smallest value.
class lowest_random final : public random_source {
public:
    void fill(std::span<std::byte> out) override { std::ranges::fill(out, std::byte{}); }
};

route_gate_options four_places() {
    route_gate_options options;
    options.concurrency_min = 1;
    options.concurrency_initial = 4;
    options.concurrency_max = 8;
    options.queue_max = 4;
    options.circuit.failures_to_open = 3;
    options.circuit.probes_to_close = 2;
    options.circuit.open_min = 1s;
    options.circuit.open_max = 3s;
    options.circuit.open_longest = 6s;
    return options;
}

send_outcome good() {
    return test::fake_gateway::default_receipt();
}
send_outcome bad() {
    return unknown{reason::timed_out};
}

/// A gate, and sends that end as the test decides.
struct gate_fixture {
    explicit gate_fixture(route_gate_options options = four_places()) : gate(options, random) {}

    route_gate::decision ask(std::size_t waiting = 0, route_gate::duration left = 20s) {
        return gate.arrive(clock.now(), waiting, left);
    }
    route_gate::ticket enter() {
        auto const asked = ask();
        BOOST_REQUIRE(std::holds_alternative<route_gate::ticket>(asked));
        return std::get<route_gate::ticket>(asked);
    }
    route_gate::change leave(route_gate::ticket const& place, send_outcome const& outcome) {
        return gate.leave(place, verdict_on(outcome), clock.now());
    }
    route_gate::change pass(send_outcome const& outcome, std::chrono::milliseconds takes = 0ms) {
        auto const place = enter();
        clock.advance(takes);
        return leave(place, outcome);
    }
    /// Fails until the breaker opens.
    std::chrono::milliseconds open() {
        for (int i = 0; i < 10; ++i)
            if (auto const change = pass(bad()); change.opened) return change.opened->for_how_long;
        BOOST_FAIL("the breaker did not open");
        return {};
    }
    std::optional<reason> refused(std::size_t waiting = 0, route_gate::duration left = 20s) {
        auto const asked = ask(waiting, left);
        auto const* no = std::get_if<route_gate::refusal>(&asked);
        if (no == nullptr) return std::nullopt;
        BOOST_TEST(no->retry_after.count() >= 1);
        return no->why;
    }

    lowest_random random;
    test::manual_clock clock;
    route_gate gate;
};

verdict::kind kind_of(send_outcome const& outcome) {
    return verdict_on(outcome).is;
}

} // namespace

BOOST_AUTO_TEST_SUITE(route_gate_suite)

// --- what a send says about its route -----------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_no_for_the_callers_own_fault_is_an_answer) {
    for (auto const why : {reason::authentication, reason::invalid_route, reason::no_pricing,
                           reason::insufficient_balance, reason::invalid_request})
        BOOST_TEST((kind_of(rejected{why}) == verdict::kind::answered));
    BOOST_TEST((kind_of(good()) == verdict::kind::answered));
}

BOOST_AUTO_TEST_CASE(what_the_route_or_the_way_to_it_did_is_a_failure) {
    for (auto const why : {reason::vendor_failed, reason::upstream_error, reason::rate_limited})
        BOOST_TEST((kind_of(rejected{why}) == verdict::kind::failed));
    for (auto const why : {reason::connect_failed, reason::connection_lost, reason::timed_out})
        BOOST_TEST((kind_of(not_sent{why}) == verdict::kind::failed));
    for (auto const why : {reason::protocol_error, reason::connection_lost, reason::timed_out})
        BOOST_TEST((kind_of(unknown{why}) == verdict::kind::failed));
}

BOOST_AUTO_TEST_CASE(what_the_client_refuses_by_itself_says_nothing_about_a_route) {
    for (auto const why : {reason::circuit_open, reason::pool_exhausted, reason::shutting_down})
        BOOST_TEST((kind_of(not_sent{why}) == verdict::kind::no_matter));
    BOOST_TEST((kind_of(unknown{reason::shutting_down}) == verdict::kind::no_matter));
}

BOOST_AUTO_TEST_CASE(sends_lost_on_stale_connections_do_not_open_the_breaker) {
    gate_fixture fixture;
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(!fixture.pass(unknown{reason::connection_lost, true}).opened.has_value());
    BOOST_TEST(fixture.gate.limit().places() == 4u);
}

// --- the limit ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_round_of_good_answers_raises_the_limit_by_one_up_to_its_bound) {
    gate_fixture fixture;
    for (int i = 0; i < 5; ++i)
        fixture.pass(good());
    BOOST_TEST(fixture.gate.limit().places() == 5u);
    for (int i = 0; i < 200; ++i)
        fixture.pass(good());
    BOOST_TEST(fixture.gate.limit().places() == 8u);
}

BOOST_AUTO_TEST_CASE(failures_that_began_together_halve_the_limit_once) {
    gate_fixture fixture;
    auto const first = fixture.enter();
    auto const second = fixture.enter();
    auto const third = fixture.enter();
    fixture.leave(first, bad());
    BOOST_TEST(fixture.gate.limit().places() == 2u);
    fixture.leave(second, bad());
    BOOST_TEST(fixture.gate.limit().places() == 2u);
    fixture.leave(third, good());
    fixture.pass(bad());
    BOOST_TEST(fixture.gate.limit().places() == 1u);
    fixture.pass(good());
    fixture.pass(bad());
    BOOST_TEST(fixture.gate.limit().places() == 1u);
}

BOOST_AUTO_TEST_CASE(a_limit_that_fell_lets_nobody_in_before_enough_have_left) {
    gate_fixture fixture;
    auto const failing = fixture.enter();
    auto const second = fixture.enter();
    fixture.enter();
    fixture.enter();
    fixture.leave(failing, bad());
    BOOST_TEST(!fixture.gate.next(fixture.clock.now()));
    fixture.leave(second, rejected{reason::no_pricing});
    BOOST_TEST(!fixture.gate.next(fixture.clock.now()));
}

// --- waiting ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(who_comes_while_others_wait_does_not_overtake_them) {
    gate_fixture fixture;
    BOOST_TEST(std::holds_alternative<route_gate::has_to_wait>(fixture.ask(1)));
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses) {
    gate_fixture fixture;
    BOOST_TEST(!fixture.refused(3));
    BOOST_TEST((fixture.refused(4) == reason::pool_exhausted));
}

BOOST_AUTO_TEST_CASE(a_turn_that_would_come_too_late_is_refused_at_once) {
    gate_fixture fixture;
    fixture.pass(good(), 4s);
    for (int i = 0; i < 4; ++i)
        fixture.enter();
    // Four places of four seconds each give a turn every second.
    BOOST_TEST(!fixture.refused(1, 6s + 1ms));
    BOOST_TEST((fixture.refused(1, 6s - 1ms) == reason::pool_exhausted));
    BOOST_TEST(!fixture.refused(3, 8s + 1ms));
    BOOST_TEST((fixture.refused(3, 8s - 1ms) == reason::pool_exhausted));
}

BOOST_AUTO_TEST_CASE(a_route_that_stands_still_is_taken_to_need_at_least_so_long) {
    gate_fixture fixture;
    fixture.pass(good(), 1ms);
    for (int i = 0; i < 4; ++i)
        fixture.enter();
    BOOST_TEST(!fixture.refused(0, 10s));
    fixture.clock.advance(9s);
    BOOST_TEST((fixture.refused(0, 10s) == reason::pool_exhausted));
    BOOST_TEST(!fixture.refused(0, 12s));
}

BOOST_AUTO_TEST_CASE(a_free_place_is_given_however_slow_the_route) {
    gate_fixture fixture;
    fixture.pass(good(), 60s);
    BOOST_TEST(!fixture.refused(0, 1s));
}

// --- breaker ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(failures_in_a_row_open_the_breaker_and_an_answer_begins_the_row_anew) {
    gate_fixture fixture;
    fixture.pass(bad());
    fixture.pass(bad());
    fixture.pass(rejected{reason::no_pricing});
    fixture.pass(bad());
    fixture.pass(bad());
    BOOST_TEST(!fixture.gate.breaker().is_open());
    auto const change = fixture.pass(rejected{reason::vendor_failed});
    BOOST_REQUIRE(change.opened);
    BOOST_TEST((change.opened->why == reason::vendor_failed));
    BOOST_TEST((fixture.refused() == reason::circuit_open));
}

BOOST_AUTO_TEST_CASE(after_its_time_one_probe_at_a_time_passes_and_enough_answers_close_it) {
    gate_fixture fixture;
    fixture.open();
    fixture.clock.advance(1s - 1ms);
    BOOST_TEST((fixture.refused() == reason::circuit_open));
    fixture.clock.advance(1ms);
    auto const probe = fixture.enter();
    BOOST_TEST((fixture.refused() == reason::circuit_open));
    BOOST_TEST(!fixture.leave(probe, good()).closed);
    auto const second = fixture.enter();
    BOOST_TEST((fixture.refused() == reason::circuit_open));
    BOOST_TEST(fixture.leave(second, good()).closed);
    BOOST_TEST(!fixture.refused());
    BOOST_TEST(!fixture.gate.breaker().is_open());
}

BOOST_AUTO_TEST_CASE(a_failed_probe_opens_it_again_for_twice_as_long_up_to_a_bound) {
    gate_fixture fixture;
    auto time = fixture.open();
    BOOST_TEST((time == 1s));
    for (auto const expected : {2s, 4s, 6s, 6s}) {
        fixture.clock.advance(time);
        auto const change = fixture.pass(bad());
        BOOST_REQUIRE(change.opened);
        time = change.opened->for_how_long;
        BOOST_TEST((time == expected));
    }
    fixture.clock.advance(time);
    fixture.pass(good());
    BOOST_TEST(fixture.pass(good()).closed);
    BOOST_TEST((fixture.open() == 1s));
}

BOOST_AUTO_TEST_CASE(a_retry_after_opens_it_at_once_and_for_so_long) {
    gate_fixture fixture;
    auto change = fixture.pass(rejected{reason::rate_limited, 5s});
    BOOST_REQUIRE(change.opened);
    BOOST_TEST((change.opened->for_how_long == 5s));
    BOOST_TEST((change.opened->why == reason::rate_limited));
    fixture.clock.advance(5s);
    change = fixture.pass(rejected{reason::rate_limited, 3600s});
    BOOST_REQUIRE(change.opened);
    BOOST_TEST((change.opened->for_how_long == 6s));
}

BOOST_AUTO_TEST_CASE(a_rate_limit_without_a_time_is_a_failure_like_others) {
    gate_fixture fixture;
    BOOST_TEST(!fixture.pass(rejected{reason::rate_limited}).opened);
    BOOST_TEST(!fixture.pass(rejected{reason::rate_limited, 0s}).opened);
    BOOST_TEST(fixture.pass(rejected{reason::rate_limited}).opened.has_value());
}

BOOST_AUTO_TEST_CASE(a_probe_that_says_nothing_about_the_route_makes_room_for_the_next) {
    gate_fixture fixture;
    auto const time = fixture.open();
    fixture.clock.advance(time);
    auto const change = fixture.pass(not_sent{reason::circuit_open, 1s});
    BOOST_TEST(!change.opened);
    BOOST_TEST(!change.closed);
    fixture.pass(good());
    BOOST_TEST(fixture.pass(good()).closed);
}

BOOST_AUTO_TEST_CASE(an_unreachable_upstream_is_no_failure_of_a_route) {
    gate_fixture fixture;
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(!fixture.pass(not_sent{reason::circuit_open, 1s}).opened);
    BOOST_TEST(fixture.gate.limit().places() == 4u);
}

BOOST_AUTO_TEST_CASE(sends_of_before_the_breaker_changed_change_it_no_more) {
    gate_fixture fixture;
    auto const old_failure = fixture.enter();
    auto const old_answer = fixture.enter();
    auto const older_failure = fixture.enter();
    auto const limited = fixture.pass(rejected{reason::rate_limited, 2s});
    BOOST_REQUIRE(limited.opened);
    BOOST_TEST(!fixture.leave(old_failure, bad()).opened);
    BOOST_TEST(!fixture.leave(old_answer, good()).closed);
    BOOST_TEST(fixture.gate.breaker().is_open());
    fixture.clock.advance(2s);
    fixture.pass(good());
    BOOST_TEST(fixture.pass(good()).closed);
    fixture.leave(older_failure, rejected{reason::rate_limited, 2s});
    BOOST_TEST(!fixture.gate.breaker().is_open());
}

BOOST_FIXTURE_TEST_CASE(other_options_bound_the_limit_and_keep_what_was_learned, gate_fixture) {
    auto const first = enter();
    auto options = four_places();
    options.concurrency_max = 2;
    options.circuit.failures_to_open = 1;
    gate.apply(options);
    BOOST_TEST(gate.limit().places() == 2U);
    BOOST_TEST(gate.running() == 1U);
    auto const second = enter();
    BOOST_TEST(std::holds_alternative<route_gate::has_to_wait>(ask()));
    leave(first, good());
    BOOST_TEST(gate.limit().places() == 2U);
    BOOST_TEST(leave(second, bad()).opened.has_value());
    gate.apply(four_places());
    BOOST_TEST(gate.breaker().is_open());
}

BOOST_AUTO_TEST_SUITE_END()
