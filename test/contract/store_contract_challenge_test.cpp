// A send with a challenge that was solved passes the conversion guards, once.

#include "backends.hpp"
#include "guarding.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr duration kept_for = one_hour / 3;

key_hash challenge(std::uint32_t n) {
    return subject(everybody + 100 + n);
}

/// A send that the guard refuses.
admission guarded_send(std::uint32_t phone) {
    auto request = free_send_of(phone, 111, phone);
    request.guards = {guard_of(prefix, 0)};
    return request;
}
admission solved_send(std::uint32_t phone, std::uint32_t of_challenge) {
    auto request = guarded_send(phone);
    request.challenge = solved_challenge{challenge(of_challenge), kept_for};
    return request;
}

settlement solved_settlement(std::uint32_t phone, std::uint32_t of_challenge, send_result result) {
    auto request = settlement_of(phone, phone, result);
    request.guarded = {subject(prefix)};
    request.challenge = challenge(of_challenge);
    return request;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_challenge)

STORE_TEST(a_challenge_passes_the_guard_once) {
    contract s;
    s.begin_hour();
    BOOST_TEST(s.violation(guarded_send(1)).counter == "pumping_prefix");
    BOOST_TEST(s.admitted(solved_send(1, 1)).observed.empty());
    BOOST_TEST(s.violation(solved_send(1, 1)).counter == "pumping_prefix");
    BOOST_TEST(s.violation(solved_send(2, 1)).counter == "pumping_prefix");
    s.admitted(solved_send(2, 2));
}

STORE_TEST(what_passes_with_a_challenge_is_counted) {
    contract s;
    s.begin_hour();
    for (std::uint32_t n = 1; n <= 3; ++n)
        s.admitted(solved_send(n, n));
    auto request = guarded_send(4);
    request.guards = {guard_of(prefix, 3)};
    s.violation(request);
    request.guards = {guard_of(prefix, 4)};
    s.admitted(request);
}

STORE_TEST(a_challenge_passes_nothing_else_and_a_refused_send_does_not_use_it) {
    contract s;
    s.begin_hour();
    auto request = solved_send(1, 1);
    request.rate_limit_checks = {rate_limit_check{subject(everybody), "n", 1, one_day, 2}};
    BOOST_TEST(s.violation(request).counter == "n");
    s.admitted(solved_send(1, 1));
}

STORE_TEST(a_send_that_was_none_gives_its_challenge_back) {
    contract s;
    s.begin_hour();
    for (bool const is_undo : {false, true}) {
        s.admitted(solved_send(1, 1));
        auto refusal = solved_settlement(1, 1, send_result::refused);
        refusal.is_undo = is_undo;
        BOOST_TEST((s.settle(refusal) == settle_outcome::settled));
    }
    s.admitted(solved_send(1, 1));
}

STORE_TEST(a_challenge_stays_used_by_a_send_that_may_have_been_made) {
    contract s;
    s.begin_hour();
    std::uint32_t n = 0;
    for (auto const result : {send_result::accepted, send_result::unknown}) {
        ++n;
        s.admitted(solved_send(n, n));
        s.settle(solved_settlement(n, n, result));
        s.violation(solved_send(n, n));
    }
}

// Neither the undo of a send that was not admitted, nor the refusal of one that did not need it.
STORE_TEST(only_the_send_that_used_a_challenge_gives_it_back) {
    contract s;
    s.begin_hour();
    s.admitted(solved_send(1, 1));
    auto undo = solved_settlement(2, 1, send_result::refused);
    undo.is_undo = true;
    BOOST_TEST((s.settle(undo) == settle_outcome::superseded));
    s.violation(solved_send(3, 1));
    auto other = solved_send(4, 1);
    other.guards = {guard_of(country, 1)};
    s.admitted(other);
    s.settle(solved_settlement(4, 1, send_result::refused));
    s.violation(solved_send(3, 1));
}

STORE_TEST(a_used_challenge_is_kept_as_long_as_asked_for) {
    contract s;
    s.begin_hour();
    s.admitted(solved_send(1, 1));
    s.advance(kept_for - one_second);
    s.violation(solved_send(2, 1));
    s.advance(2 * one_second);
    s.admitted(solved_send(2, 1)); // by now the caller accepts it no longer
}

STORE_TEST(parallel_sends_use_a_challenge_once) {
    contract s;
    s.begin_hour();
    auto const answers = s.in_parallel(64, [&](std::size_t i) {
        return s.get().admit(solved_send(static_cast<std::uint32_t>(i), 1));
    });
    BOOST_TEST(count_of<admitted>(answers) == 1U);
    BOOST_TEST(count_of<refused>(answers) == 63U);
}

BOOST_AUTO_TEST_SUITE_END()
