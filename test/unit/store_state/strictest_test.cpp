// Merging two versions of a number's state after a store has lost its last writes.

#include "state/strictest.hpp"
#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

namespace {

verification_state send(std::uint8_t n, std::uint8_t code, progress how = progress::active) {
    auto made = typical_number().verifications.front();
    made.id = id_of(n);
    made.code = code;
    made.admitted += std::chrono::seconds(n);
    if (how != progress::active) made.end(how);
    return made;
}

live_code code(std::uint8_t number, std::uint64_t nonce) {
    return {number, {1, id_of(nonce), 6}, some_time, some_time + 600s, {}};
}

/// A state of sends that each have their own code.
number_state account_of(std::vector<verification_state> sends) {
    number_state state;
    state.verifications = std::move(sends);
    for (auto& verification : state.verifications)
        if (verification.is_live())
            state.codes.push_back(code(verification.code, 100U + verification.code));
    return state;
}

} // namespace

BOOST_AUTO_TEST_SUITE(strictest_states)

BOOST_AUTO_TEST_CASE(what_is_over_in_one_of_them_is_over) {
    auto theirs = account_of({send(1, 1), send(2, 2, progress::canceled), send(3, 3)});
    auto const mine = account_of({send(1, 1, progress::verified), send(2, 2), send(3, 3)});
    make_strictest(theirs, mine);
    BOOST_REQUIRE(theirs.verifications.size() == 3U);
    BOOST_TEST((theirs.verifications[0].code_state == progress::verified));
    BOOST_TEST((theirs.verifications[1].code_state == progress::canceled));
    BOOST_TEST(theirs.verifications[2].is_live());
    BOOST_TEST((theirs.codes == std::vector{code(3, 103)}));
}

BOOST_AUTO_TEST_CASE(what_is_over_in_both_of_them_has_ended_as_it_was_seen_last) {
    auto theirs = account_of({send(1, 1, progress::expired)});
    make_strictest(theirs, account_of({send(1, 1, progress::verified)}));
    BOOST_TEST((theirs.verifications.at(0).code_state == progress::verified));
}

BOOST_AUTO_TEST_CASE(a_send_that_is_in_flight_in_both_of_them_stays_so) {
    auto theirs = account_of({send(1, 1)});
    theirs.verifications[0].lease_end = some_time + 30s;
    auto const mine = theirs;
    make_strictest(theirs, mine);
    BOOST_TEST((theirs.verifications.at(0).lease_end == some_time + 30s));
}

// Both versions may number the same code differently.
BOOST_AUTO_TEST_CASE(codes_are_known_by_what_they_are_made_of) {
    auto theirs = account_of({send(1, 1), send(2, 2)});
    auto mine = theirs;
    for (auto& verification : mine.verifications)
        verification.code = verification.code == 1 ? 2 : 1;
    std::swap(mine.codes[0].seed, mine.codes[1].seed);
    mine.codes[0].attempts = {{{}, 3}};
    make_strictest(theirs, mine);
    BOOST_TEST(theirs.code_of(theirs.verifications[0]).attempts_of({}) == 0U);
    BOOST_TEST(theirs.code_of(theirs.verifications[1]).attempts_of({}) == 3U);
}

// The code of its message is in both versions, so that the code stays valid.
BOOST_AUTO_TEST_CASE(a_resend_that_only_one_knows_leaves_the_code_it_repeated) {
    auto theirs = account_of({send(1, 1)});
    auto mine = theirs;
    mine.verifications.push_back(send(2, 1));
    make_strictest(theirs, mine);
    BOOST_TEST(theirs.verifications.at(0).is_live());
    BOOST_TEST(!theirs.verifications.at(1).is_live());
    BOOST_TEST((theirs.codes == std::vector{code(1, 101)}));
}

// The other code may have replaced it, or it may have been used up elsewhere.
BOOST_AUTO_TEST_CASE(a_code_that_only_one_knows_never_verifies) {
    auto theirs = account_of({send(2, 1)});
    auto const mine = account_of({send(1, 1), send(3, 2, progress::verified)});
    make_strictest(theirs, mine);
    BOOST_REQUIRE(theirs.verifications.size() == 3U);
    for (std::size_t n = 0; n < 3; ++n) {
        BOOST_TEST((theirs.verifications[n].id == id_of(n + 1)));
        BOOST_TEST(!theirs.verifications[n].is_live());
    }
    BOOST_TEST((theirs.verifications[2].code_state == progress::verified));
    BOOST_TEST(theirs.codes.empty());
}

BOOST_AUTO_TEST_CASE(counts_and_pauses_are_the_greater_ones) {
    auto theirs = account_of({send(1, 1)});
    requester const other{std::byte{1}};
    theirs.codes[0].attempts = {{{}, 3}, {other, 1}};
    theirs.limits = {{"a", some_time + 5s}, {"b", some_time + 9s}};
    theirs.cooldowns = {{"a", {}, 2, some_time, some_time + 5s, some_time + 90s}};
    theirs.guesses = {{{}, guess_kind::common, 5, some_time, some_time + 50s},
                      {{}, guess_kind::of_id, 1, some_time, some_time + 50s}};
    theirs.guess_from = {some_time + 1s, some_time + 5s};
    theirs.failures_in_a_row = 9;
    theirs.last_failure = some_time;
    auto mine = account_of({send(1, 1)});
    requester const third{std::byte{2}};
    mine.codes[0].attempts = {{other, 4}, {{}, 1}, {third, 1}};
    mine.verifications[0].is_guessed = true;
    mine.codes[0].end -= 10s;
    mine.limits = {{"b", some_time + 7s}, {"a", some_time + 6s}, {"c", some_time + 1s}};
    auto const known = requester_class::known_device;
    mine.cooldowns = {{"b", {}, 1, some_time, some_time + 1s, some_time + 1s},
                      {"a", known, 1, some_time, some_time + 2s, some_time + 2s},
                      {"a", {}, 1, some_time + 3s, some_time + 8s, some_time + 80s}};
    mine.guesses = {{{}, guess_kind::common, 4, some_time, some_time + 60s},
                    {{}, guess_kind::common, 2, some_time + 5s, some_time + 55s}};
    mine.guess_from = {some_time + 4s, some_time + 3s};
    mine.failures_in_a_row = 2;
    mine.last_failure = some_time + 5s;
    make_strictest(theirs, mine);
    auto const& only = theirs.codes.at(0);
    BOOST_TEST(only.attempts_of({}) == 3U);
    BOOST_TEST(only.attempts_of(other) == 4U);
    BOOST_TEST(only.attempts_of(third) == 1U);
    BOOST_TEST(theirs.verifications[0].is_guessed);
    BOOST_TEST((only.end == mine.codes[0].end));
    BOOST_TEST((theirs.limits == std::vector<number_limit>{{"a", some_time + 6s},
                                                           {"b", some_time + 9s},
                                                           {"c", some_time + 1s}}));
    BOOST_TEST(
        (theirs.cooldowns ==
         std::vector<cooldown_state>{{"a", {}, 2, some_time + 3s, some_time + 8s, some_time + 90s},
                                     {"b", {}, 1, some_time, some_time + 1s, some_time + 1s},
                                     {"a", known, 1, some_time, some_time + 2s, some_time + 2s}}));
    BOOST_TEST(
        (theirs.guesses ==
         std::vector<wrong_guesses>{{{}, guess_kind::common, 5, some_time, some_time + 60s},
                                    {{}, guess_kind::of_id, 1, some_time, some_time + 50s},
                                    {{}, guess_kind::common, 2, some_time + 5s, some_time + 55s}}));
    BOOST_TEST((theirs.guess_from == per_class<store_time>{some_time + 4s, some_time + 5s}));
    BOOST_TEST(theirs.failures_in_a_row == 9U);
    BOOST_TEST((theirs.last_failure == some_time + 5s));
}

BOOST_AUTO_TEST_CASE(
    a_code_is_as_old_as_the_older_one_and_a_verification_is_kept_as_the_longer_one) {
    for (bool const is_mine : {false, true}) {
        auto theirs = account_of({send(1, 1)});
        auto mine = theirs;
        auto& other = is_mine ? mine : theirs;
        other.codes[0].begun -= 1s;
        other.verifications[0].retained_until += 1h;
        make_strictest(theirs, mine);
        BOOST_TEST((theirs.codes.at(0).begun == some_time - 1s));
        BOOST_TEST((theirs.verifications.at(0).retained_until == some_time + 25h));
    }
}

// A right that only one of them grants is none.
BOOST_AUTO_TEST_CASE(a_device_is_known_and_a_number_verified_if_both_say_so) {
    device_hash const both{std::byte{1}};
    number_state theirs;
    theirs.devices = {{both, some_time + 5s}, {{std::byte{2}}, some_time}};
    theirs.verified_at = some_time + 5s;
    theirs.untyped = {1, 3};
    number_state mine;
    mine.devices = {{{std::byte{3}}, some_time}, {both, some_time + 2s}};
    mine.verified_at = some_time + 2s;
    mine.untyped = {2, 1};
    make_strictest(theirs, mine);
    BOOST_TEST((theirs.devices == std::vector<known_device>{{both, some_time + 2s}}));
    BOOST_TEST((theirs.verified_at == some_time + 2s));
    BOOST_TEST((theirs.untyped == per_class<std::uint8_t>{2, 3}));
    make_strictest(theirs, number_state());
    BOOST_TEST(theirs.devices.empty());
    BOOST_TEST((theirs.verified_at == store_time()));
}

// Else it could be booked once more.
BOOST_AUTO_TEST_CASE(a_second_message_that_only_one_knows_stays) {
    auto hedged = send(1, 1);
    hedged.taken = {7, 1};
    auto plain = hedged;
    hedged.hedge.emplace().message = delivery::accepted;
    for (bool const is_mine : {false, true}) {
        auto theirs = account_of({is_mine ? plain : hedged});
        make_strictest(theirs, account_of({is_mine ? hedged : plain}));
        auto const& kept = theirs.verifications.at(0).hedge;
        BOOST_TEST_REQUIRE(kept.has_value());
        BOOST_TEST((kept->message == delivery::accepted));
    }
}

BOOST_AUTO_TEST_CASE(no_escalation_is_forgotten) {
    number_state theirs;
    theirs.escalations = {some_time};
    number_state mine;
    mine.escalations = {some_time, some_time + 1s};
    make_strictest(theirs, mine);
    BOOST_TEST((theirs.escalations == mine.escalations));
    make_strictest(theirs, number_state());
    BOOST_TEST(theirs.escalations.size() == 2U);
    auto const kept = theirs.escalations;
    for (auto& escalation : mine.escalations)
        escalation -= 1s; // of two that have as many, the stored ones stay
    make_strictest(theirs, mine);
    BOOST_TEST((theirs.escalations == kept));
}

BOOST_AUTO_TEST_CASE(what_one_of_them_has_not_got_is_the_other_s) {
    auto const full = typical_number();
    number_state nothing;
    auto theirs = full;
    make_strictest(theirs, nothing);
    BOOST_TEST((theirs.limits == full.limits));
    BOOST_TEST((theirs.cooldowns == full.cooldowns));
    BOOST_TEST(!theirs.verifications.at(0).is_live());
    make_strictest(nothing, full);
    BOOST_TEST((nothing.limits == full.limits));
    BOOST_TEST((nothing.cooldowns == full.cooldowns));
    BOOST_TEST(!nothing.verifications.at(0).is_live());
}

BOOST_AUTO_TEST_SUITE_END()
