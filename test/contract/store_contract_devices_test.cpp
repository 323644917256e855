// Known devices: how a device becomes known, and that strangers never hold it up.

#include "backends.hpp"
#include "guarding.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store;
using namespace otpd::test;

namespace {

device_hash device(std::uint8_t n) {
    device_hash hash{};
    hash[7] = std::byte{n};
    return hash;
}

/// The same request with a device.
template <class Request>
Request from(std::uint8_t n, Request request) {
    request.device = device(n);
    return request;
}

/// Ids of the sends that made_known() needs.
constexpr std::uint32_t first_ids = 10'000;

/// Makes the device known to number 1.
void make_known(contract& s, std::uint8_t n) {
    s.admitted(from(n, free_send_of(1, 999, first_ids + n)));
    s.verified(from(n, held_guess_of(1, 999, first_ids + n)));
}

/// Whether a send with the device has a code that strangers do not see. Number 1 has no other code
/// of the scope.
bool is_known(contract& s, std::uint8_t n) {
    static std::uint32_t id = 20'000;
    ++id;
    s.admitted(from(n, free_send_of(1, 777, id, "probe")));
    auto const answer = s.check(guess_of(1, 1, "probe"));
    s.cancel(1, id);
    return std::holds_alternative<absent>(answer);
}

check within(guess_budget const& budget, check guess) {
    guess.guesses = budget;
    guess.attempts_max = 100; // these tests are about the number's budget
    return guess;
}

template <class Request>
Request under(rate_limit_check const& limit, Request request) {
    request.rate_limit_checks = {limit};
    return request;
}

/// One in an hour.
rate_limit_check limit_of(std::uint32_t key, audience whose) {
    rate_limit_check limit{subject(key), "limit", 1, one_hour};
    limit.of = whose;
    return limit;
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_contract_devices)

// --- what is known ------------------------------------------------------------------------------

STORE_TEST(a_device_is_known_after_a_right_guess_with_the_id_of_its_send) {
    contract s;
    BOOST_TEST(!is_known(s, 1));
    make_known(s, 1);
    BOOST_TEST(is_known(s, 1));
    BOOST_TEST(!is_known(s, 2));
}

STORE_TEST(no_other_guess_makes_a_device_known) {
    contract s;
    s.admitted(from(1, free_send_of(1, 111, 1)));
    s.verified(from(1, guess_of(1, 111))); // without an id
    BOOST_TEST(!is_known(s, 1));
    s.admitted(from(1, free_send_of(1, 111, 2)));
    s.verified(held_guess_of(1, 111, 2)); // without the device
    BOOST_TEST(!is_known(s, 1));
    s.admitted(free_send_of(1, 111, 3)); // its send named none
    s.verified(from(1, held_guess_of(1, 111, 3)));
    BOOST_TEST(!is_known(s, 1));
    s.admitted(from(2, free_send_of(1, 111, 4))); // its send named another one
    s.verified(from(1, held_guess_of(1, 111, 4)));
    BOOST_TEST(!is_known(s, 1));
    BOOST_TEST(!is_known(s, 2));
    s.admitted(from(1, free_send_of(1, 111, 5)));
    s.wrong(from(1, held_guess_of(1, 222, 5)));
    s.cancel(1, 5);
    BOOST_TEST(!is_known(s, 1));
}

STORE_TEST(a_device_is_known_to_one_number) {
    contract s;
    make_known(s, 1);
    s.admitted(from(1, free_send_of(2, 111, 1)));
    s.wrong(guess_of(2, 222));
}

STORE_TEST(a_device_is_known_for_90_days_from_its_last_success) {
    contract s;
    make_known(s, 1);
    make_known(s, 2);
    s.advance(80 * one_day);
    s.admitted(from(1, free_send_of(1, 111, 1)));
    s.verified(from(1, guess_of(1, 111))); // any success of a known device
    s.advance(11 * one_day);
    BOOST_TEST(is_known(s, 1));
    BOOST_TEST(!is_known(s, 2));
    s.advance(80 * one_day);
    BOOST_TEST(!is_known(s, 1));
}

STORE_TEST(of_more_than_eight_devices_the_one_whose_success_is_the_longest_ago_goes) {
    contract s;
    for (std::uint8_t n = 1; n <= 8; ++n) {
        make_known(s, n);
        s.advance(one_second);
    }
    s.admitted(from(1, free_send_of(1, 111, 1)));
    s.verified(from(1, guess_of(1, 111)));
    s.advance(one_second);
    make_known(s, 9);
    for (std::uint8_t n = 1; n <= 9; ++n)
        BOOST_TEST(is_known(s, n) == (n != 2), int{n});
}

// --- codes --------------------------------------------------------------------------------------

STORE_TEST(strangers_never_guess_at_the_code_of_a_known_device) {
    contract s;
    make_known(s, 1);
    s.admitted(from(1, free_send_of(1, 111, 1)));
    s.expect<absent>(s.check(guess_of(1, 111)));
    s.expect<absent>(s.check(held_guess_of(1, 111, 1)));
    s.expect<absent>(s.check(from(2, held_guess_of(1, 111, 1))));
    BOOST_TEST(s.find(1, 1)->attempts == 0U);
    s.verified(from(1, held_guess_of(1, 111, 1)));
}

STORE_TEST(classes_have_codes_of_their_own) {
    contract s;
    make_known(s, 1);
    s.admitted(free_send_of(1, 111, 1));
    BOOST_TEST((s.admitted(from(1, free_send_of(1, 222, 2))).code == seed(222)));
    BOOST_TEST((s.admitted(free_send_of(1, 333, 3)).code == seed(111)));
    BOOST_TEST((s.admitted(from(1, free_send_of(1, 444, 4))).code == seed(222)));
    BOOST_TEST(s.live_codes() == 2U);
    s.wrong(guess_of(1, 222));
    s.wrong(from(1, guess_of(1, 111)));
    s.verified(guess_of(1, 111)); // ends the strangers' codes only
    BOOST_TEST((s.state(1, 1) == progress::replaced));
    BOOST_TEST((s.state(1, 2) == progress::pending));
    s.admitted(free_send_of(1, 555, 5));
    BOOST_TEST((s.verified(from(1, guess_of(1, 222))).id == id_of(4)));
    BOOST_TEST((s.state(1, 2) == progress::replaced));
    s.verified(guess_of(1, 555));
}

STORE_TEST(known_devices_of_a_number_share_their_codes) {
    contract s;
    make_known(s, 1);
    make_known(s, 2);
    s.admitted(from(1, free_send_of(1, 111, 1)));
    BOOST_TEST((s.admitted(from(2, free_send_of(1, 222, 2))).code == seed(111)));
    BOOST_TEST((s.verified(from(2, guess_of(1, 111))).id == id_of(2)));
}

// The send was made without the cookie, for example in another browser.
STORE_TEST(a_known_device_may_guess_at_a_strangers_code) {
    contract s;
    make_known(s, 1);
    s.admitted(free_send_of(1, 111, 1));
    s.verified(from(1, guess_of(1, 111))); // known devices have no code
    s.admitted(free_send_of(1, 111, 2));
    s.admitted(from(1, free_send_of(1, 222, 3)));
    s.wrong(from(1, guess_of(1, 111)));
    BOOST_TEST((s.verified(from(1, held_guess_of(1, 111, 2))).id == id_of(2)));
    BOOST_TEST((s.state(1, 3) == progress::pending));
}

STORE_TEST(such_a_guess_counts_as_a_strangers) {
    contract s;
    make_known(s, 1);
    s.admitted(by(1, free_send_of(1, 111, 1)));
    s.admitted(by(1, from(1, free_send_of(1, 222, 2))));
    for (std::uint32_t left = attempts_max; left-- > 0;)
        BOOST_TEST(s.wrong(by(1, from(1, held_guess_of(1, 999, 1)))).attempts_left == left);
    s.expect<exhausted>(s.check(by(1, guess_of(1, 111))));
    BOOST_TEST(s.wrong(by(1, from(1, guess_of(1, 999)))).attempts_left == attempts_max - 1);
}

// --- guesses ------------------------------------------------------------------------------------

STORE_TEST(strangers_cannot_use_up_the_guesses_of_known_devices) {
    contract s;
    make_known(s, 1);
    guess_budget const budget{3, one_day, 0, 2};
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(from(1, free_send_of(1, 222, 2)));
    for (int n = 0; n < 3; ++n)
        s.wrong(within(budget, guess_of(1, 999)));
    s.expect<locked>(s.check(within(budget, guess_of(1, 111))));
    BOOST_TEST(s.wrong(within(budget, from(1, guess_of(1, 999)))).attempts_left == 1U);
    s.verified(within(budget, from(1, guess_of(1, 222))));
    s.expect<locked>(s.check(within(budget, guess_of(1, 111)))); // it gave back its own only
}

STORE_TEST(known_devices_have_so_many_guesses_together_and_none_beyond_with_an_id) {
    contract s;
    make_known(s, 1);
    make_known(s, 2);
    guess_budget const budget{20, one_day, 10, 2};
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(from(1, free_send_of(1, 222, 2)));
    s.wrong(within(budget, from(1, guess_of(1, 999))));
    BOOST_TEST(s.wrong(within(budget, from(2, guess_of(1, 999)))).attempts_left == 0U);
    s.expect<locked>(s.check(within(budget, from(1, guess_of(1, 222)))));
    s.expect<locked>(s.check(within(budget, from(1, held_guess_of(1, 222, 2)))));
    BOOST_TEST(s.wrong(within(budget, guess_of(1, 999))).attempts_left == 19U);
}

STORE_TEST(a_send_is_refused_when_the_guesses_of_its_class_are_used_up) {
    for (bool const of_devices : {false, true}) {
        contract s;
        make_known(s, 1);
        guess_budget const budget{2, one_day, 0, 2};
        auto strangers = free_send_of(1, 111, 1);
        auto devices = from(1, free_send_of(1, 222, 2));
        strangers.guesses = devices.guesses = budget;
        s.admitted(strangers);
        s.admitted(devices);
        for (int n = 0; n < 2; ++n)
            s.wrong(within(budget, of_devices ? from(1, guess_of(1, 999)) : guess_of(1, 999)));
        strangers.id = id_of(3);
        devices.id = id_of(4);
        BOOST_TEST(s.violation(of_devices ? devices : strangers).counter == guesses_counter);
        s.admitted(of_devices ? strangers : devices);
    }
}

STORE_TEST(strangers_and_known_devices_do_not_wait_for_each_other) {
    for (bool const of_devices : {false, true}) {
        contract s;
        make_known(s, 1);
        guess_budget const budget{20, one_day, 0, 20, 1, 10 * one_second, 10 * one_second};
        s.admitted(free_send_of(1, 111, 1));
        s.admitted(from(1, free_send_of(1, 222, 2)));
        s.wrong(within(budget, of_devices ? from(1, guess_of(1, 999)) : guess_of(1, 999)));
        auto const strangers = within(budget, guess_of(1, 111));
        auto const devices = within(budget, from(1, guess_of(1, 222)));
        s.expect<locked>(s.check(of_devices ? devices : strangers));
        s.verified(of_devices ? strangers : devices);
    }
}

// --- sends --------------------------------------------------------------------------------------

STORE_TEST(a_cooldown_is_of_the_scope_and_the_class) {
    contract s;
    make_known(s, 1);
    s.admitted(send_of(1, 111, 1));
    s.admitted(from(1, send_of(1, 222, 2)));
    s.expect<refused>(s.admit(send_of(1, 111, 3)));
    s.expect<refused>(s.admit(from(1, send_of(1, 222, 4))));
    s.verified(from(1, guess_of(1, 222))); // ends its own
    s.expect<refused>(s.admit(send_of(1, 111, 5)));
    s.admitted(from(1, send_of(1, 222, 6)));
}

STORE_TEST(a_message_that_did_not_arrive_ends_the_pause_of_its_class) {
    contract s;
    make_known(s, 1);
    s.admitted(send_of(1, 111, 1));
    s.admitted(from(1, send_of(1, 222, 2)));
    delivery_update failed;
    failed.address = address_of(1, 2);
    failed.message = delivery::failed;
    s.update(failed);
    s.expect<refused>(s.admit(send_of(1, 111, 3)));
    s.admitted(from(1, send_of(1, 222, 4)));
}

STORE_TEST(a_send_on_its_way_does_not_stop_another_class) {
    contract s;
    make_known(s, 1);
    auto request = free_send_of(1, 111, 1);
    request.lease = lease;
    s.admitted(request);
    auto own = from(1, free_send_of(1, 222, 2));
    own.lease = lease;
    s.admitted(own);
    own.id = id_of(3);
    s.expect<in_flight>(s.admit(own));
}

STORE_TEST(a_limit_of_each_class_has_two_quotas_under_one_name) {
    contract s;
    make_known(s, 1);
    make_known(s, 2);
    auto const limit = limit_of(1, audience::each_class);
    s.admitted(under(limit, free_send_of(1, 111, 1)));
    BOOST_TEST((s.admitted(under(limit, from(1, free_send_of(1, 222, 2)))).resets_in.at(0) >
                counter_time(0)));
    BOOST_TEST(s.violation(under(limit, free_send_of(1, 111, 3))).counter == "limit");
    BOOST_TEST(s.violation(under(limit, from(2, free_send_of(1, 222, 4)))).counter == "limit");
}

STORE_TEST(a_limit_of_strangers_does_not_count_known_devices) {
    contract s;
    make_known(s, 1);
    for (auto const key : {1U, everybody}) {
        auto const limit = limit_of(key, audience::strangers);
        BOOST_TEST((s.admitted(under(limit, from(1, free_send_of(1, 222, 1)))).resets_in.at(0) ==
                    counter_time(0)));
        s.admitted(under(limit, free_send_of(1, 111, 2)));
        s.expect<refused>(s.admit(under(limit, free_send_of(1, 111, 3))));
        s.admitted(under(limit, from(1, free_send_of(1, 222, 4))));
    }
}

STORE_TEST(a_limit_of_everybody_counts_and_refuses_known_devices_too) {
    contract s;
    make_known(s, 1);
    auto const limit = limit_of(everybody, audience::everybody);
    s.admitted(under(limit, from(1, free_send_of(1, 222, 1))));
    s.expect<refused>(s.admit(under(limit, free_send_of(1, 111, 2))));
    s.expect<refused>(s.admit(under(limit, from(1, free_send_of(1, 222, 3)))));
}

STORE_TEST(a_refused_send_gives_back_what_its_class_was_counted_in) {
    for (bool const of_devices : {false, true}) {
        contract s;
        make_known(s, 1);
        std::vector const limits{limit_of(1, audience::each_class),
                                 limit_of(everybody, audience::strangers)};
        auto strangers = send_of(1, 111, 1);
        auto devices = from(1, send_of(1, 222, 2));
        strangers.rate_limit_checks = devices.rate_limit_checks = limits;
        s.admitted(strangers);
        s.admitted(devices);
        auto settlement = settlement_of(1, of_devices ? 2 : 1, send_result::refused);
        settlement.refund = limits;
        s.settle(settlement);
        strangers.id = id_of(3);
        devices.id = id_of(4);
        s.admitted(of_devices ? devices : strangers);
        // The cooldown and each limit that counts the class.
        auto const answer = s.expect<refused>(s.admit(of_devices ? strangers : devices));
        BOOST_TEST(answer.violations.size() == (of_devices ? 3U : 2U));
    }
}

STORE_TEST(an_undone_admission_takes_back_the_pause_of_its_class) {
    contract s;
    make_known(s, 1);
    s.admitted(send_of(1, 111, 1));
    s.admitted(from(1, send_of(1, 222, 2)));
    auto undo = settlement_of(1, 2, send_result::refused);
    undo.cooldown = duration(0);
    undo.is_undo = true;
    s.settle(undo);
    s.expect<refused>(s.admit(send_of(1, 111, 3)));
    s.admitted(from(1, send_of(1, 222, 4)));
}

// However many scopes strangers use.
STORE_TEST(strangers_take_no_place_of_a_known_device) {
    contract s;
    make_known(s, 1);
    s.admitted(from(1, free_send_of(1, 222, 1)));
    std::uint32_t id = 100;
    for (bool is_full = false; !is_full && id < 200; ++id)
        is_full = std::holds_alternative<full>(
            s.admit(free_send_of(1, 111, id, "scope" + std::to_string(id))));
    BOOST_TEST(id < 200U);
    s.admitted(from(1, free_send_of(1, 333, 2, "payment")));
    s.verified(from(1, guess_of(1, 222)));
    s.verified(from(1, guess_of(1, 333, "payment")));
}

// --- the requester's own code -------------------------------------------------------------------

STORE_TEST(a_refused_send_says_how_long_the_requesters_own_code_can_be_verified) {
    contract s;
    auto const code_end = [&](admission const& request) {
        return s.expect<refused>(s.admit(request)).own_code_end;
    };
    s.admitted(by(1, send_of(1, 111, 1)));
    s.advance(5 * one_second);
    auto const left = code_end(by(1, send_of(1, 111, 2)));
    BOOST_TEST((left > ttl - 8 * one_second && left <= ttl - 5 * one_second));
    BOOST_TEST((code_end(by(2, send_of(1, 111, 2))) == duration(0)));
    auto exhausted_send = by(1, send_of(1, 111, 2));
    exhausted_send.repeat.attempts_max = attempts_max;
    for (std::uint32_t n = 0; n < attempts_max; ++n)
        s.wrong(by(1, guess_of(1, 999)));
    BOOST_TEST((code_end(exhausted_send) == duration(0)));
}

STORE_TEST(no_code_is_still_good_for_those_who_have_no_guesses_left) {
    contract s;
    s.admitted(by(1, send_of(1, 111, 1)));
    auto again = by(1, send_of(1, 111, 2));
    again.guesses.quota = 1;
    again.guesses.window = one_day;
    auto guess = by(2, guess_of(1, 999));
    guess.guesses = again.guesses;
    s.wrong(guess);
    BOOST_TEST((s.expect<refused>(s.admit(again)).own_code_end == duration(0)));
}

STORE_TEST(a_known_device_is_told_of_its_own_code_only) {
    contract s;
    make_known(s, 1);
    make_known(s, 2);
    s.admitted(send_of(1, 111, 1));
    s.admitted(from(1, send_of(1, 222, 2)));
    for (std::uint8_t const n : {std::uint8_t{1}, std::uint8_t{2}}) {
        auto const answer = s.expect<refused>(s.admit(from(n, send_of(1, 333, 3))));
        BOOST_TEST((answer.own_code_end > duration(0)) == (n == 1));
    }
}

// --- limits of guesses --------------------------------------------------------------------------

STORE_TEST(a_limit_of_strangers_guesses_does_not_hold_for_a_known_device) {
    contract s;
    make_known(s, 1);
    auto const limit = limit_of(everybody, audience::strangers);
    s.admitted(free_send_of(1, 111, 1));
    s.admitted(from(1, free_send_of(1, 222, 2)));
    s.wrong(under(limit, from(1, guess_of(1, 999))));
    s.wrong(under(limit, guess_of(1, 999)));
    s.expect<refused>(s.check(under(limit, guess_of(1, 111))));
    s.wrong(under(limit, from(1, guess_of(1, 999))));
    s.verified(under(limit, from(1, guess_of(1, 222))));
}

STORE_TEST(a_guess_that_finds_no_code_counts_only_where_it_should) {
    for (bool const counts_absent : {false, true}) {
        contract s;
        auto limit = limit_of(everybody, audience::everybody);
        limit.counts_absent = counts_absent;
        s.expect<absent>(s.check(under(limit, guess_of(9, 111))));
        s.admitted(free_send_of(1, 111, 1));
        BOOST_TEST(std::holds_alternative<wrong>(s.check(under(limit, guess_of(1, 999)))) ==
                   !counts_absent);
        s.expect<refused>(s.check(under(limit, guess_of(9, 111)))); // at any number
    }
}

// --- the conversion guard -----------------------------------------------------------------------

// A send that passes is counted like any other.
STORE_TEST(a_verified_number_passes_the_guard_until_three_codes_were_not_typed) {
    for (bool const has_device : {false, true}) {
        contract s;
        make_known(s, 1);
        s.begin_hour();
        sender to(s, guard_of(prefix, 1));
        to.skip(1);
        to.admits_only(1);
        auto const send = [&](std::uint32_t id) {
            auto request = fresh_send_of(1, 111, id);
            request.guards = {guard_of(prefix, 1)};
            return has_device ? from(1, request) : request;
        };
        for (std::uint32_t id = 1; id <= 3; ++id)
            s.admitted(send(id));
        BOOST_TEST(s.violation(send(4)).counter == "pumping_prefix");
        s.verified(has_device ? from(1, guess_of(1, 111)) : guess_of(1, 111));
        for (std::uint32_t id = 5; id <= 7; ++id)
            s.admitted(send(id));
        s.violation(send(8));
        sender others(s, guard_of(prefix, 7)); // one, and six of the number
        others.skip(10);
        others.admits_only(0);
    }
}

STORE_TEST(codes_of_strangers_do_not_count_as_untyped_ones_of_a_device) {
    contract s;
    make_known(s, 1);
    s.begin_hour();
    sender to(s, guard_of(prefix, 1));
    to.skip(1);
    to.admits_only(1);
    auto request = fresh_send_of(1, 111, 1);
    request.guards = {guard_of(prefix, 1)};
    for (std::uint32_t id = 1; id <= 3; ++id) {
        request.id = id_of(id);
        s.admitted(request);
    }
    request.id = id_of(4);
    s.violation(request);
    s.admitted(from(1, request));
}

// "Send again" is the same try, also after the last one that passes.
STORE_TEST(a_send_that_repeats_a_code_is_no_further_code_for_the_guard) {
    contract s;
    make_known(s, 1);
    s.begin_hour();
    sender to(s, guard_of(prefix, 1));
    to.skip(1);
    to.admits_only(1);
    std::uint32_t id = 0;
    for (std::uint32_t code = 1; code <= 3; ++code) {
        auto begun = fresh_send_of(1, code, ++id);
        begun.guards = {guard_of(prefix, 1)};
        s.admitted(begun);
        for (int n = 0; n < 3; ++n) {
            auto repeated = free_send_of(1, 999, ++id);
            repeated.guards = begun.guards;
            BOOST_TEST((s.admitted(repeated).code == seed(code)));
        }
    }
    auto fourth = fresh_send_of(1, 4, ++id);
    fourth.guards = {guard_of(prefix, 1)};
    BOOST_TEST(s.violation(fourth).counter == "pumping_prefix");
}

// The code is out as long as one of its sends may have been made.
STORE_TEST(a_refused_send_takes_back_its_code_only_if_no_other_send_had_it) {
    for (bool const is_repeated : {false, true}) {
        contract s;
        make_known(s, 1);
        s.begin_hour();
        sender to(s, guard_of(prefix, 1));
        to.skip(1);
        to.admits_only(1);
        auto request = fresh_send_of(1, 1, 1);
        request.guards = {guard_of(prefix, 1)};
        s.admitted(request);
        if (is_repeated) s.admitted(free_send_of(1, 999, 2));
        auto refusal = settlement_of(1, 1, send_result::refused);
        refusal.cooldown = duration(0);
        s.settle(refusal);
        for (std::uint32_t code = 2; code <= 3; ++code) {
            request.id = id_of(10 + code);
            request.code = seed(code);
            s.admitted(request);
        }
        request.id = id_of(20);
        request.code = seed(4);
        BOOST_TEST(std::holds_alternative<admitted>(s.admit(request)) == !is_repeated);
    }
}

STORE_TEST(a_refused_send_is_none_of_those_that_were_not_typed) {
    contract s;
    make_known(s, 1);
    s.begin_hour();
    sender to(s, guard_of(prefix, 1));
    to.skip(1);
    to.admits_only(1);
    auto request = free_send_of(1, 111, 1);
    request.guards = {guard_of(prefix, 1)};
    for (std::uint32_t id = 1; id <= 5; ++id) {
        request.id = id_of(id);
        s.admitted(request);
        auto settlement = settlement_of(1, id, send_result::refused);
        settlement.cooldown = duration(0);
        s.settle(settlement);
    }
}

STORE_TEST(a_number_passes_the_guard_for_90_days_after_its_success) {
    for (int const days : {89, 91}) {
        contract s;
        s.admitted(free_send_of(1, 111, 1));
        s.verified(guess_of(1, 111));
        s.advance(days * one_day);
        s.begin_hour();
        sender to(s, guard_of(prefix, 1));
        to.skip(1);
        to.admits_only(1);
        auto request = free_send_of(1, 111, 2);
        request.guards = {guard_of(prefix, 1)};
        BOOST_TEST(std::holds_alternative<admitted>(s.admit(request)) == (days == 89));
    }
}

STORE_TEST(an_answer_tells_whether_a_known_device_asked) {
    contract s;
    make_known(s, 1);
    BOOST_TEST(s.admitted(from(1, free_send_of(1, 111, 1))).is_known);
    BOOST_TEST(!s.admitted(from(2, free_send_of(1, 222, 2))).is_known);
    BOOST_TEST(!s.admitted(free_send_of(1, 333, 3, "other")).is_known);
    BOOST_TEST(s.wrong(from(1, guess_of(1, 999))).is_known);
    BOOST_TEST(!s.wrong(from(2, guess_of(1, 999))).is_known);
    BOOST_TEST(s.verified(from(1, guess_of(1, 111))).is_known);
    auto const limit = limit_of(1, audience::everybody);
    s.admitted(from(1, under(limit, free_send_of(1, 444, 4))));
    auto const answer = s.admit(from(1, under(limit, free_send_of(1, 555, 5))));
    BOOST_TEST(contract::expect<refused>(answer).is_known);
}

BOOST_AUTO_TEST_SUITE_END()
