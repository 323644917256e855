// The minimum retention of what a step has counted: it may stop counting earlier, but must not be
// gone earlier.

#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

store_time end_of(engine_world const& w, state::state_key const& key) {
    return w.io.ends.at(key);
}

budget_key daily() {
    return {key_of(everybody), "daily", "2026-05-04"};
}

admission paid_send(std::uint32_t n) {
    auto request = send_of(n, n);
    request.reservations = {{daily(), 60, 100, 1h}};
    return request;
}

conversion_guard guard() {
    conversion_guard rule;
    rule.key = key_of(everybody);
    rule.name = "pumping";
    rule.out_max = 4;
    return rule;
}

admission guarded_send(std::uint32_t n, conversion_guard const& rule) {
    auto request = send_of(n, n);
    request.guards = {rule};
    return request;
}

settlement refusal_of(std::uint32_t n) {
    return settlement_of(n, n, send_result::refused);
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_retention)

BOOST_AUTO_TEST_CASE(a_limit_is_kept_for_its_window_and_a_minute) {
    engine_world w;
    auto request = send_of(1, 1);
    request.rate_limit_checks = {rate_limit_check{key_of(everybody), "limit", 4, 40s}};
    w.admit(request);
    auto const key = state::limit_state_key(key_of(everybody));
    BOOST_TEST((end_of(w, key) == some_time + 40s + 1min));
    w.pass(10s);
    auto refusal = refusal_of(1);
    refusal.refund = request.rate_limit_checks;
    w.settle(refusal);
    BOOST_TEST((end_of(w, key) == some_time + 50s + 1min));
}

BOOST_AUTO_TEST_CASE(a_pause_that_never_grows_is_kept_until_it_ends) {
    engine_world w;
    auto request = send_of(1, 1);
    request.retention = 60s;
    request.cooldown = cooldown_rule{90s, 90s, 1h};
    w.admit(request);
    BOOST_TEST((end_of(w, state::number_state_key(key_of(1))) == some_time + 90s + 1min));
}

BOOST_AUTO_TEST_CASE(a_budget_is_kept_for_a_day_after_its_end) {
    engine_world w;
    auto const key = state::budget_state_key(daily());
    auto const end = some_time + 1h;
    w.admit(paid_send(1));
    BOOST_TEST((end_of(w, key) == end + 24h));
    w.pass(10s);
    w.admit(paid_send(2)); // prolongs nothing
    auto correction = settlement_of(1, 1, send_result::accepted);
    correction.adjustments = {{daily(), 5}};
    w.settle(correction);
    BOOST_TEST((end_of(w, key) == end + 24h));
}

BOOST_AUTO_TEST_CASE(what_a_guard_counts_is_kept_until_it_says_nothing) {
    auto const key = state::limit_state_key(key_of(everybody));
    engine_world w;
    w.admit(guarded_send(1, guard()));
    BOOST_TEST((end_of(w, key) == some_time + 3h));
    w.pass(10s);
    auto refusal = refusal_of(1);
    refusal.guarded = {key_of(everybody)};
    w.settle(refusal);
    BOOST_TEST((end_of(w, key) == some_time + 10s + 3h));
    w.admit(send_of(2, 2));
    auto guess = guess_of(2, 1);
    guess.guarded = {key_of(everybody)};
    BOOST_TEST(is<verified>(w.check(guess)));
    BOOST_TEST((end_of(w, key) == some_time + 10s + 3h));
}

BOOST_AUTO_TEST_SUITE_END()
