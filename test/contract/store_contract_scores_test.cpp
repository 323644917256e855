// How well routes perform, as counted by all instances together. The rule is in
// otpd/store/scores.hpp; test/unit/store_engine has its thresholds.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

score_slot const counted{"NL", 500'000};
/// What is added to a number for its key over all clients.
constexpr std::uint32_t all_clients = 1'000'000;

/// An admitted send whose settlement counts.
settlement scored_send(contract& s, std::uint32_t phone, std::uint32_t id) {
    s.admitted(free_send_of(phone, 111, id));
    auto request = accepted_settlement(phone, id);
    request.score = send_score{number(all_clients + phone),
                               counted,
                               {{8, false, std::nullopt}, {3, true, request.accepted->cost}}};
    return request;
}

delivery_update report_of(std::uint32_t phone, std::uint32_t id, delivery message) {
    delivery_update update;
    update.address = address_of(phone, id);
    update.message = message;
    update.details = "status=DELIVERED";
    update.score = report_score{counted, 3, duration(3000)};
    return update;
}

check scored_guess(std::uint32_t phone, std::uint32_t code, std::uint32_t id) {
    auto guess = held_guess_of(phone, code, id);
    guess.score = counted;
    return guess;
}

std::vector<route_counts> counts(contract& s) {
    return s.scores({{}, {counted}}).counts.at(0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_scores)

STORE_TEST(steps_count_what_they_say_of_routes) {
    contract s;
    BOOST_TEST((s.settle(scored_send(s, 1, 1)) == settle_outcome::settled));
    BOOST_TEST((s.update(report_of(1, 1, delivery::delivered)) == update_outcome::updated));
    BOOST_TEST((s.update(report_of(1, 1, delivery::delivered)) == update_outcome::known));
    BOOST_TEST(std::holds_alternative<verified>(s.check(scored_guess(1, 111, 1))));
    BOOST_TEST(std::holds_alternative<absent>(s.check(scored_guess(1, 111, 1))));
    auto const found = counts(s);
    BOOST_REQUIRE(found.size() == 2U);
    route_counts accepted;
    accepted.route_id = 3;
    accepted.sent = accepted.accepted = accepted.delivered = accepted.verified = 1;
    accepted.priced = 1;
    accepted.cost = 87'000;
    accepted.seconds[score_bucket(duration(3000))] = 1;
    BOOST_TEST((found[0] == accepted));
    BOOST_TEST(found[1].route_id == 8);
    BOOST_TEST(found[1].sent == 1);
    BOOST_TEST(found[1].accepted == 0);
}

// An identity provider checks its code.
STORE_TEST(a_verification_that_is_said_to_be_verified_ends_and_counts_once) {
    contract s;
    s.settle(scored_send(s, 1, 1));
    BOOST_TEST((s.cancel(1, 1, "nobody:", counted) == cancel_outcome::absent));
    BOOST_TEST((s.cancel(1, 1, "", counted) == cancel_outcome::canceled));
    BOOST_TEST((s.cancel(1, 1, "", counted) == cancel_outcome::ended));
    BOOST_TEST((s.state(1, 1) == progress::verified));
    BOOST_TEST(counts(s).at(0).verified == 1);
    BOOST_TEST(std::holds_alternative<absent>(s.check(scored_guess(1, 111, 1))));
}

STORE_TEST(a_number_gives_one_sample_a_day) {
    contract s;
    for (std::uint32_t id = 1; id <= 3; ++id) {
        s.settle(scored_send(s, 1, id));
        s.update(report_of(1, id, delivery::delivered));
    }
    BOOST_TEST(counts(s).at(0).sent == 1);
    BOOST_TEST(counts(s).at(0).delivered == 1);
    s.settle(scored_send(s, 2, 4));
    BOOST_TEST(counts(s).at(0).sent == 2);
    auto other_client = scored_send(s, 3, 7);
    other_client.score->number = number(all_clients + 1);
    s.settle(other_client);
    BOOST_TEST(counts(s).at(0).sent == 2);
    s.advance(one_hour); // the verifications are forgotten, and the sample is not
    s.settle(scored_send(s, 1, 5));
    BOOST_TEST(counts(s).at(0).sent == 2);
    s.advance(one_day - one_hour + one_second);
    s.settle(scored_send(s, 1, 6));
    BOOST_TEST(counts(s).at(0).sent == 3);
}

STORE_TEST(a_step_that_changes_nothing_counts_nothing) {
    contract s;
    auto const lost = [] {
        auto request = accepted_settlement(1, 1);
        request.score = send_score{number(all_clients + 1), counted, {{3, true, std::nullopt}}};
        return request;
    }();
    BOOST_TEST((s.settle(lost) == settle_outcome::superseded)); // it was never admitted
    BOOST_TEST((s.update(report_of(1, 1, delivery::delivered)) == update_outcome::absent));
    s.settle(scored_send(s, 2, 2));
    BOOST_TEST(std::holds_alternative<wrong>(s.check(scored_guess(2, 222, 2))));
    s.cancel(2, 2);
    BOOST_TEST(std::holds_alternative<absent>(s.check(scored_guess(2, 111, 2))));
    BOOST_TEST(counts(s).at(0).sent == 1);
    BOOST_TEST(counts(s).at(0).verified == 0);
}

STORE_TEST(hours_and_countries_are_counted_apart_and_end_by_themselves) {
    contract s;
    s.settle(scored_send(s, 1, 1));
    auto other = scored_send(s, 2, 2);
    other.score->slot = {"", counted.hour};
    s.settle(other);
    other = scored_send(s, 3, 3);
    other.score->slot = {"NL", counted.hour + 1};
    s.settle(other);
    score_read const all{
        {counted.hour - 1, counted.hour, counted.hour + 1},
        {counted, {"", counted.hour}, {"NL", counted.hour + 1}, {"DE", counted.hour}}};
    auto const found = s.scores(all);
    BOOST_TEST(found.countries.at(0).empty());
    auto both = found.countries.at(1);
    std::ranges::sort(both);
    BOOST_TEST((both == std::vector<std::string>{"", "NL"}));
    BOOST_TEST((found.countries.at(2) == std::vector<std::string>{"NL"}));
    for (std::size_t n = 0; n < 3; ++n)
        BOOST_TEST(found.counts.at(n).at(0).sent == 1);
    BOOST_TEST(found.counts.at(3).empty());
    s.advance(28 * one_hour);
    auto const ended = s.scores(all);
    for (auto const& country : ended.countries)
        BOOST_TEST(country.empty());
    for (auto const& count : ended.counts)
        BOOST_TEST(count.empty());
}

BOOST_AUTO_TEST_SUITE_END()
