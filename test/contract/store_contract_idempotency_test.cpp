// A send that may be repeated and is executed once.

#include "backends.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr duration remembered = one_hour;

idempotency_key once_key(std::uint32_t key, std::uint32_t asked = 1) {
    idempotency_key idempotency;
    idempotency.key = subject(everybody + key);
    idempotency.fingerprint = subject(asked);
    idempotency.retention = remembered;
    return idempotency;
}

admission once_send(std::uint32_t phone, std::uint32_t id, idempotency_key const& idempotency) {
    auto request = free_send_of(phone, 111, id);
    request.lease = lease;
    request.idempotency = idempotency;
    return request;
}

settlement once_settlement(std::uint32_t phone, std::uint32_t id,
                           idempotency_key const& idempotency, std::string reply,
                           send_result result = send_result::accepted) {
    auto request = settlement_of(phone, id, result);
    request.cooldown = {};
    request.idempotency = idempotency;
    request.reply = std::move(reply);
    return request;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_once)

STORE_TEST(the_same_key_is_answered_with_what_the_first_send_gave) {
    contract s;
    auto const idempotency = once_key(1);
    s.admitted(once_send(1, 1, idempotency));
    s.settle(once_settlement(1, 1, idempotency, "the reply"));
    BOOST_TEST(s.expect<replayed>(s.admit(once_send(1, 2, idempotency))).reply == "the reply");
    BOOST_TEST(!s.find(1, 2).has_value());
    BOOST_TEST(s.live_codes() == 1U);
    s.verified(held_guess_of(1, 111, 1));
    // whatever happened to the code
    BOOST_TEST(s.expect<replayed>(s.admit(once_send(1, 3, idempotency))).reply == "the reply");
}

STORE_TEST(a_reply_is_kept_byte_for_byte) {
    contract s;
    std::string reply;
    for (int n = 0; n < 4096; ++n)
        reply += static_cast<char>(n);
    auto const idempotency = once_key(1);
    s.admitted(once_send(1, 1, idempotency));
    s.settle(once_settlement(1, 1, idempotency, reply));
    BOOST_TEST((s.expect<replayed>(s.admit(once_send(1, 2, idempotency))).reply == reply));
    auto const other = once_key(2);
    s.admitted(once_send(2, 3, other));
    s.settle(once_settlement(2, 3, other, ""));
    BOOST_TEST(s.expect<replayed>(s.admit(once_send(2, 4, other))).reply.empty());
}

STORE_TEST(a_send_of_unknown_outcome_is_replayed_too) {
    contract s;
    auto const idempotency = once_key(1);
    s.admitted(once_send(1, 1, idempotency));
    s.settle(once_settlement(1, 1, idempotency, "perhaps", send_result::unknown));
    BOOST_TEST(s.expect<replayed>(s.admit(once_send(1, 2, idempotency))).reply == "perhaps");
}

STORE_TEST(another_key_is_another_send) {
    contract s;
    s.admitted(once_send(1, 1, once_key(1)));
    s.settle(once_settlement(1, 1, once_key(1), "first"));
    s.admitted(once_send(1, 2, once_key(2)));
    s.settle(once_settlement(1, 2, once_key(2), "second"));
    BOOST_TEST(s.expect<replayed>(s.admit(once_send(1, 3, once_key(1)))).reply == "first");
}

STORE_TEST(a_key_that_was_used_for_something_else_conflicts) {
    contract s;
    s.admitted(once_send(1, 1, once_key(1, 7)));
    s.expect<conflicting>(s.admit(once_send(1, 2, once_key(1, 8)))); // still in flight
    s.settle(once_settlement(1, 1, once_key(1, 7), "the reply"));
    s.expect<conflicting>(s.admit(once_send(2, 3, once_key(1, 8))));
    s.expect<replayed>(s.admit(once_send(2, 4, once_key(1, 7)))); // not changed by the conflict
}

STORE_TEST(a_key_whose_send_is_not_settled_is_in_flight_and_then_unsettled) {
    contract s;
    auto const idempotency = once_key(1);
    s.admitted(once_send(1, 1, idempotency));
    auto const answer = s.expect<in_flight>(s.admit(once_send(2, 2, idempotency)));
    BOOST_TEST((answer.retry_after > duration(0) && answer.retry_after <= lease));
    s.advance(lease + one_second);
    s.expect<unsettled>(s.admit(once_send(2, 3, idempotency)));
    s.expect<unsettled>(s.admit(once_send(2, 4, idempotency)));
    BOOST_TEST(s.live_codes() == 1U);
    // a late settlement is stored as well
    s.settle(once_settlement(1, 1, idempotency, "late"));
    BOOST_TEST(s.expect<replayed>(s.admit(once_send(2, 5, idempotency))).reply == "late");
}

STORE_TEST(a_refused_send_frees_its_key) {
    contract s;
    auto const idempotency = once_key(1);
    s.admitted(once_send(1, 1, idempotency));
    s.settle(once_settlement(1, 1, idempotency, "", send_result::refused));
    s.admitted(once_send(1, 2, once_key(1, 9))); // the key is free for any request
}

// The idempotency record gets the outcome of the send even if the code is gone.
STORE_TEST(a_superseded_settlement_settles_its_key) {
    contract s;
    auto const idempotency = once_key(1);
    s.admitted(once_send(1, 1, idempotency));
    s.verified(guess_of(1, 111));
    BOOST_TEST((s.settle(once_settlement(1, 1, idempotency, "", send_result::refused)) ==
                settle_outcome::superseded));
    s.admitted(once_send(1, 2, idempotency));
    s.advance(retention_of_sends + one_second); // the verification is forgotten, the record is not
    BOOST_TEST(
        (s.settle(once_settlement(1, 2, idempotency, "long gone")) == settle_outcome::superseded));
    BOOST_TEST(s.expect<replayed>(s.admit(once_send(1, 3, idempotency))).reply == "long gone");
}

STORE_TEST(what_is_settled_stays_as_it_is) {
    contract s;
    auto const idempotency = once_key(1);
    s.admitted(once_send(1, 1, idempotency));
    s.settle(once_settlement(1, 1, idempotency, "first"));
    s.settle(once_settlement(1, 1, idempotency, "second"));
    s.settle(once_settlement(9, 9, idempotency, "", send_result::refused));
    BOOST_TEST(s.expect<replayed>(s.admit(once_send(1, 2, idempotency))).reply == "first");
}

STORE_TEST(a_key_is_forgotten_a_while_after_its_admission) {
    contract s;
    auto const idempotency = once_key(1);
    s.admitted(once_send(1, 1, idempotency));
    s.advance(remembered / 2);
    s.settle(once_settlement(1, 1, idempotency, "the reply")); // does not prolong its retention
    s.advance(remembered / 2 - 2 * one_second);
    s.expect<replayed>(s.admit(once_send(1, 2, idempotency)));
    s.advance(3 * one_second);
    s.admitted(once_send(1, 3, once_key(1, 9)));
}

// A send that was not admitted does not use the key.
STORE_TEST(a_refused_admission_leaves_its_key_free) {
    contract s;
    auto request = once_send(1, 1, once_key(1));
    request.cooldown = cooldown();
    s.admitted(request);
    s.settle(once_settlement(1, 1, once_key(1), "first"));
    request.id = id_of(2);
    request.idempotency = once_key(2);
    s.expect<refused>(s.admit(request));
    s.advance(cooldown_window + one_second);
    request.idempotency->fingerprint = subject(99);
    s.admitted(request);
}

// The idempotency record is checked before any limit.
STORE_TEST(a_replay_is_neither_counted_nor_refused) {
    contract s;
    rate_limit_check const one{subject(everybody), "n", 1, one_day};
    auto request = once_send(1, 1, once_key(1));
    request.cooldown = cooldown();
    request.rate_limit_checks = {one};
    s.admitted(request);
    s.expect<in_flight>(s.admit(request));
    s.settle(once_settlement(1, 1, once_key(1), "the reply"));
    s.expect<replayed>(s.admit(request));
}

STORE_TEST(parallel_sends_with_one_key_are_done_once) {
    contract s;
    auto const answers = s.in_parallel(64, [&](std::size_t i) {
        auto const n = static_cast<std::uint32_t>(i);
        auto request = once_send(n, n, once_key(1));
        request.lease = one_hour;
        return s.get().admit(std::move(request));
    });
    BOOST_TEST(count_of<admitted>(answers) == 1U);
    BOOST_TEST(count_of<in_flight>(answers) == 63U);
    BOOST_TEST(s.live_codes() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
