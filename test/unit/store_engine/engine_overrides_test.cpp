// Overrides of destinations: made, replaced, ended, and bounded. What an operator sees of a number.

#include "map_backend.hpp"

using namespace otpd::store;
using namespace otpd::test;

namespace {

override_change deny(std::string destination, duration lasts = 1h) {
    return {std::move(destination), override_action::deny, "ticket 4711", lasts};
}

struct override_world : engine_world {
    override_outcome change(override_change const& request) {
        return run<engine::change_override>(request);
    }
    std::vector<destination_override> list() { return run<engine::overrides>(override_read()); }
    inspected inspect(inspection const& request) { return run<engine::inspect>(request); }
};

/// A limit of the number 1 itself, or one that many numbers share.
rate_limit_check limit_over(bool is_of_number) {
    return {is_of_number ? key_of(1) : key_of(everybody), "limit", 4, 40s};
}

inspection inspection_of(std::uint32_t number) {
    inspection request;
    request.number = key_of(number);
    request.guesses = guess_budget{20, 24h, 0, 10};
    return request;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_overrides, override_world)

BOOST_AUTO_TEST_CASE(an_override_is_listed_until_it_ends_by_itself) {
    auto const made = change(deny("49151"));
    BOOST_TEST(made.is == override_outcome::made);
    BOOST_TEST_REQUIRE(made.all.size() == 1U);
    auto const& one = made.all.front();
    BOOST_TEST(one.destination == "49151");
    BOOST_TEST(one.reason == "ticket 4711");
    BOOST_TEST((one.action == override_action::deny));
    BOOST_TEST((one.ends_in == 1h));
    BOOST_TEST((one.ends_at - one.made_at == 1h));
    pass(1h - 1us);
    BOOST_TEST((list().at(0).ends_in == 1ms));
    pass(1us);
    BOOST_TEST(list().empty());
}

BOOST_AUTO_TEST_CASE(the_same_destination_and_action_is_replaced_and_another_action_is_not) {
    change(deny("NL"));
    BOOST_TEST(change({"NL", override_action::trust, "", 1min}).is == override_outcome::made);
    pass(30min);
    auto const again = change(deny("NL", 2h));
    BOOST_TEST(again.is == override_outcome::replaced);
    BOOST_TEST_REQUIRE(again.all.size() == 1U); // trust has ended
    BOOST_TEST((again.all.front().ends_in == 2h));
}

BOOST_AUTO_TEST_CASE(an_override_is_ended_early_once) {
    change(deny("NL"));
    BOOST_TEST(change(deny("DE", 0s)).is == override_outcome::absent);
    BOOST_TEST(change({"NL", override_action::allow, "", 0s}).is == override_outcome::absent);
    auto const ended = change(deny("NL", 0s));
    BOOST_TEST(ended.is == override_outcome::ended);
    BOOST_TEST(ended.all.empty());
    BOOST_TEST(change(deny("NL", 0s)).is == override_outcome::absent);
}

BOOST_AUTO_TEST_CASE(a_full_list_takes_no_other_override_until_one_has_ended) {
    for (std::size_t n = 0; n < overrides_max; ++n)
        BOOST_REQUIRE(change(deny(std::to_string(10'000 + n), n == 7 ? 1min : 1h)).is ==
                      override_outcome::made);
    BOOST_TEST(change(deny("NL")).is == override_outcome::full);
    BOOST_TEST(change(deny("10003")).is == override_outcome::replaced);
    BOOST_TEST(list().size() == overrides_max);
    pass(1min);
    BOOST_TEST(change(deny("NL")).is == override_outcome::made);
    BOOST_TEST(change(deny("DE")).is == override_outcome::full);
}

BOOST_AUTO_TEST_CASE(what_the_list_cannot_hold_is_cut_or_left_out) {
    BOOST_TEST(change(deny("123456789")).is == override_outcome::absent);
    BOOST_TEST(change(deny("")).is == override_outcome::absent);
    auto longest = deny("NL", 24h * 365);
    longest.reason = std::string(300, 'r');
    auto const made = change(longest);
    BOOST_TEST_REQUIRE(made.all.size() == 1U);
    BOOST_TEST((made.all.front().ends_in == override_longest));
    BOOST_TEST(made.all.front().reason.size() == override_reason_max);
    BOOST_TEST(list().size() == 1U); // it can be read
}

BOOST_AUTO_TEST_CASE(the_longest_destination_is_listed) {
    std::string const longest(override_destination_max, '4');
    BOOST_TEST(change(deny(longest)).is == override_outcome::made);
    BOOST_TEST(list().at(0).destination == longest);
}

BOOST_AUTO_TEST_CASE(a_number_is_shown_with_what_it_has) {
    BOOST_TEST(inspect(inspection_of(1)).is_empty());
    auto first = send_of(1, 1);
    first.cooldown = {10s, 10s, 0s};
    BOOST_REQUIRE(is<admitted>(admit(first)));
    pass(20s);
    auto second = first;
    second.id = id_of(2);
    BOOST_REQUIRE(is<admitted>(admit(second)));
    BOOST_REQUIRE(is<wrong>(check(guess_of(1, 2))));
    auto const seen = inspect(inspection_of(1));
    BOOST_TEST_REQUIRE(seen.verifications.size() == 2U);
    BOOST_TEST((seen.verifications[0].id == id_of(2)));
    BOOST_TEST((seen.verifications[1].id == id_of(1)));
    BOOST_TEST_REQUIRE(seen.cooldowns.size() == 1U);
    BOOST_TEST(seen.cooldowns[0].scope == "login");
    BOOST_TEST((seen.cooldowns[0].ends_in == 10s));
    BOOST_TEST(seen.wrong_guesses == 1U);
    BOOST_TEST((seen.locked_for == 0s));
    BOOST_TEST(!seen.is_empty());
    BOOST_TEST(inspect(inspection_of(2)).is_empty());
}

BOOST_AUTO_TEST_CASE(a_locked_number_is_shown_with_the_end_of_the_lock) {
    auto request = inspection_of(1);
    request.guesses.quota = 2;
    BOOST_REQUIRE(is<admitted>(admit(send_of(1, 1))));
    auto guess = guess_of(1, 2);
    guess.guesses = request.guesses;
    for (int n = 0; n < 2; ++n)
        BOOST_REQUIRE(is<wrong>(check(guess)));
    auto const left = expect<locked>(check(guess)).retry_after;
    BOOST_TEST((inspect(request).locked_for == left));
    BOOST_TEST((inspect(request).devices_locked_for == 0s));
}

BOOST_AUTO_TEST_CASE(failures_in_a_row_are_shown_with_the_lock_that_they_make) {
    auto request = inspection_of(1);
    request.guesses.consecutive_max = 1;
    BOOST_REQUIRE(is<admitted>(admit(send_of(1, 1))));
    auto guess = guess_of(1, 2);
    guess.guesses = request.guesses;
    BOOST_REQUIRE(is<wrong>(check(guess)));
    auto const seen = inspect(request);
    BOOST_TEST(seen.failures_in_a_row == 1U);
    BOOST_TEST((seen.locked_for == failure_memory));
    BOOST_TEST((seen.devices_locked_for == 0s));
}

BOOST_AUTO_TEST_CASE(a_pause_is_shown_until_its_end_however_long_it_is_remembered) {
    auto request = send_of(1, 1);
    request.cooldown = {10s, 40s, 1h};
    BOOST_REQUIRE(is<admitted>(admit(request)));
    pass(10s - 1us);
    auto const running = inspect(inspection_of(1)).cooldowns;
    BOOST_TEST_REQUIRE(running.size() == 1U);
    BOOST_TEST(!running[0].is_known);
    pass(1us);
    BOOST_TEST(inspect(inspection_of(1)).cooldowns.empty());
}

BOOST_AUTO_TEST_CASE(what_known_devices_have_is_shown_apart) {
    device_hash const device{std::byte{1}};
    auto send = send_of(1, 1);
    send.device = device;
    BOOST_REQUIRE(is<admitted>(admit(send)));
    auto right = guess_of(1, 1);
    right.id = id_of(1);
    right.device = device;
    BOOST_REQUIRE(is<verified>(check(right)));
    send.id = id_of(2);
    send.cooldown = {10s, 10s, 0s};
    BOOST_REQUIRE(is<admitted>(admit(send)));
    auto request = inspection_of(1);
    request.guesses.of_devices = 2;
    auto guess = guess_of(1, 2);
    guess.device = device;
    guess.guesses = request.guesses;
    for (int n = 0; n < 2; ++n)
        BOOST_REQUIRE(is<wrong>(check(guess)));
    auto const left = expect<locked>(check(guess)).retry_after;
    auto const seen = inspect(request);
    BOOST_TEST(seen.devices == 1U);
    BOOST_TEST(seen.device_wrong_guesses == 2U);
    BOOST_TEST(seen.wrong_guesses == 0U);
    BOOST_TEST((seen.devices_locked_for == left));
    BOOST_TEST((seen.locked_for == 0s));
    BOOST_TEST_REQUIRE(seen.cooldowns.size() == 1U);
    BOOST_TEST(seen.cooldowns[0].is_known);
}

BOOST_AUTO_TEST_CASE(limits_are_read_without_being_counted) {
    for (bool const is_of_number : {true, false}) {
        auto request = inspection_of(1);
        request.rate_limit_checks = {limit_over(is_of_number)};
        BOOST_TEST((inspect(request).resets_in.at(0) == 0s));
        auto send = send_of(1, is_of_number ? 1 : 2);
        send.rate_limit_checks = request.rate_limit_checks;
        BOOST_REQUIRE(is<admitted>(admit(send)));
        for (int n = 0; n < 10; ++n)
            BOOST_TEST((inspect(request).resets_in.at(0) == 10s));
    }
}

BOOST_AUTO_TEST_CASE(a_guard_is_shown_with_its_room_and_when_there_is_more) {
    auto request = inspection_of(1);
    request.guards = {{key_of(everybody), "pumping", 2, 1h, false}};
    BOOST_TEST(inspect(request).guards.at(0).room == 2);
    for (std::uint32_t n = 1; n <= 2; ++n) {
        auto send = send_of(n, n);
        send.guards = request.guards;
        BOOST_REQUIRE(is<admitted>(admit(send)));
        BOOST_TEST(inspect(request).guards.at(0).room == 2 - static_cast<int>(n));
    }
    auto refused_send = send_of(3, 3);
    refused_send.guards = request.guards;
    auto const why = expect<refused>(admit(refused_send)).violations.at(0);
    BOOST_TEST((inspect(request).guards.at(0).next_room == why.retry_after));
    request.guards[0].out_max = 1; // fewer than are out
    BOOST_TEST(inspect(request).guards.at(0).room == 0);
}

BOOST_AUTO_TEST_SUITE_END()
