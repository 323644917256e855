#include "net/reuse_policy.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace std::chrono_literals;

namespace {

net::pool_options usual_options() {
    net::pool_options options;
    options.idle_max = 30s;
    options.probation = 200ms;
    options.fresh_min = 5s;
    options.fresh_max = 80s;
    return options;
}

struct policy_fixture {
    net::reuse_policy policy{usual_options()};
    steady_time now{1h};

    void gain_trust() {
        policy.begin_trial();
        policy.end_trial(true);
        BOOST_TEST_REQUIRE(policy.is_trusting());
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(reuse_policy, policy_fixture)

BOOST_AUTO_TEST_CASE(starts_distrustful_and_lets_one_rest) {
    BOOST_TEST(!policy.is_trusting());
    BOOST_TEST(policy.may_rest(false, now));
    BOOST_TEST(!policy.may_rest(true, now));
}

BOOST_AUTO_TEST_CASE(trusts_from_the_start_and_for_ever_without_a_probation) {
    auto options = usual_options();
    options.probation = 0ms;
    net::reuse_policy blind(options);
    BOOST_TEST(blind.is_trusting());
    blind.lose_trust();
    BOOST_TEST(!blind.lose_request(now).has_value());
    blind.on_idle_closed(1s, now);
    BOOST_TEST(blind.is_trusting());
    BOOST_TEST(blind.may_rest(true, now));
    BOOST_TEST((blind.idle_max(now) == 30s));
}

BOOST_AUTO_TEST_CASE(a_trial_that_is_answered_earns_trust) {
    policy.begin_trial();
    BOOST_TEST(!policy.is_trusting());
    policy.end_trial(true);
    BOOST_TEST(policy.is_trusting());
    BOOST_TEST(policy.may_rest(true, now));
}

BOOST_AUTO_TEST_CASE(a_trial_that_fails_earns_none_and_another_follows) {
    policy.begin_trial();
    policy.end_trial(false);
    BOOST_TEST(!policy.is_trusting());
    BOOST_TEST(policy.may_rest(false, now));
    gain_trust();
}

BOOST_AUTO_TEST_CASE(none_rests_while_one_is_on_trial) {
    policy.begin_trial();
    BOOST_TEST(!policy.may_rest(false, now));
}

/// If a fresh connection is closed early during the trial, there is still only one trial.
BOOST_AUTO_TEST_CASE(none_rests_while_one_is_on_trial_though_trust_is_lost_meanwhile) {
    policy.begin_trial();
    policy.lose_trust();
    BOOST_TEST(!policy.may_rest(false, now));
    policy.end_trial(false);
    BOOST_TEST(policy.may_rest(false, now));
}

BOOST_AUTO_TEST_CASE(an_answered_trial_does_not_restore_what_was_lost_meanwhile) {
    policy.begin_trial();
    policy.lose_trust();
    policy.end_trial(true);
    BOOST_TEST(!policy.is_trusting());
    gain_trust(); // the next one counts again
}

BOOST_AUTO_TEST_CASE(a_request_that_is_lost_voids_a_trial_too) {
    policy.begin_trial();
    policy.lose_request(now);
    policy.end_trial(true);
    BOOST_TEST(!policy.is_trusting());
}

BOOST_AUTO_TEST_CASE(what_is_closed_within_the_probation_costs_the_trust) {
    gain_trust();
    policy.on_idle_closed(199ms, now);
    BOOST_TEST(!policy.is_trusting());
    BOOST_TEST(policy.may_rest(false, now));
    BOOST_TEST((policy.idle_max(now) == 30s));
}

/// Half of the observed time, for `fresh_max`. A longer time changes nothing.
BOOST_AUTO_TEST_CASE(how_long_the_origin_keeps_idle_connections_is_learned) {
    gain_trust();
    policy.on_idle_closed(20s, now);
    BOOST_TEST(policy.is_trusting());
    BOOST_TEST((policy.idle_max(now) == 10s));
    policy.on_idle_closed(8s, now);
    BOOST_TEST((policy.idle_max(now) == 4s));
    policy.on_idle_closed(20s, now);
    BOOST_TEST((policy.idle_max(now) == 4s));
    BOOST_TEST((policy.idle_max(now + 80s - 1ms) == 4s));
    BOOST_TEST((policy.idle_max(now + 80s) == 30s));
}

BOOST_AUTO_TEST_CASE(what_is_learned_is_not_below_the_probation) {
    gain_trust();
    policy.on_idle_closed(300ms, now);
    BOOST_TEST((policy.idle_max(now) == 200ms));
}

BOOST_AUTO_TEST_CASE(a_lost_request_keeps_all_from_resting_for_a_time) {
    gain_trust();
    BOOST_TEST((policy.lose_request(now) == 5s));
    BOOST_TEST(!policy.is_trusting());
    BOOST_TEST(!policy.may_rest(false, now + 5s - 1ms));
    BOOST_TEST(policy.may_rest(false, now + 5s));
}

BOOST_AUTO_TEST_CASE(requests_that_were_under_way_together_are_lost_once) {
    gain_trust();
    policy.lose_request(now);
    BOOST_TEST(!policy.lose_request(now + 1s).has_value());
    BOOST_TEST(policy.may_rest(false, now + 5s));
}

BOOST_AUTO_TEST_CASE(each_further_lost_request_costs_four_times_as_long_up_to_a_bound) {
    for (auto const expected : {5s, 20s, 80s, 80s}) {
        BOOST_TEST((policy.lose_request(now) == expected));
        now += expected;
    }
    BOOST_TEST((policy.lose_request(now + 80s) == 5s)); // long ago: the backoff starts again
}

BOOST_AUTO_TEST_SUITE_END()
