// Guesses at one number: with and without a verification's id, across resends, and how failures
// look.

#include "domain_fixture.hpp"

#include <algorithm>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;
using fixture = test::domain_fixture;

namespace {

/// How many of `count` wrong guesses were evaluated.
int guess_wrong(fixture& f, int count, std::optional<std::string> const& id = {}) {
    int evaluated = 0;
    for (int i = 0; i < count; ++i)
        if (f.verify(f.wrong_code(), id).error().code == errc::invalid_code) ++evaluated;
    return evaluated;
}

} // namespace

BOOST_AUTO_TEST_SUITE(guesses)

BOOST_AUTO_TEST_CASE(fifty_of_a_stranger_leave_the_holder_of_the_id_one) {
    fixture f;
    auto const id = f.send()->id;
    BOOST_TEST(guess_wrong(f, 50) == 5);
    BOOST_TEST((f.verify(f.gateway.last_code()).error().code == errc::attempts_exceeded));
    BOOST_TEST(f.find(id)->attempts_left == 0U);
    BOOST_TEST(f.verify(f.gateway.last_code(), id).has_value());
}

BOOST_AUTO_TEST_CASE(that_are_not_evaluated_are_events_with_the_code_of_the_problem) {
    otp::policy rules;
    rules.writes_pseudonyms = true;
    fixture f(rules);
    f.verify("123456");
    auto const absent = f.event.all.back();
    BOOST_TEST((absent.type == event_type::refused));
    BOOST_TEST(absent.error == "no_active_otp");
    BOOST_TEST(absent.is_guess);
    BOOST_TEST(!absent.with_id);
    auto const id = f.send()->id;
    auto const admitted = f.event.all[1];
    BOOST_TEST((admitted.type == event_type::admitted));
    BOOST_TEST((admitted.who.number == absent.who.number));
    BOOST_TEST((admitted.who.number != pseudonym()));
    BOOST_TEST((admitted.who.prefix == absent.who.prefix));
    BOOST_TEST((admitted.who.requester == pseudonym())); // nobody said whose address it is
    guess_wrong(f, 6);
    BOOST_TEST((f.event.all.back().type == event_type::refused));
    BOOST_TEST(f.event.all.back().error == "attempts_exceeded");
}

// 40 rounds of a send and 5 wrong guesses. Each round has a new code until the budget is used up.
// Never more than the budget is evaluated, and then the right code fails too.
BOOST_AUTO_TEST_CASE(of_a_number_are_bounded_over_resends_with_and_without_ids) {
    for (bool const with_id : {false, true}) {
        auto rules = test::without_cooldown();
        rules.guesses.wait_from = 0; // the budget only
        fixture f(rules);
        int evaluated = 0;
        std::optional<std::string> id;
        for (int round = 0; round < 40; ++round) {
            if (evaluated < 20) f.clock.advance(300s);
            auto const sent = f.send();
            if (sent && with_id) id = sent->id;
            evaluated += guess_wrong(f, 5, id);
        }
        BOOST_TEST(evaluated == (with_id ? 30 : 20)); // one per id, ten in all
        auto const right = f.verify(f.gateway.last_code(), id).error();
        BOOST_TEST((right.code == errc::guesses_exceeded));
        BOOST_TEST((right.retry_after > 23h && right.retry_after <= 25h));
        f.clock.advance(25h);
        auto const fresh = f.send();
        BOOST_TEST(f.verify(f.gateway.last_code(), fresh->id).has_value());
    }
}

BOOST_AUTO_TEST_CASE(that_used_up_the_budget_stop_sends_too) {
    auto rules = test::without_cooldown();
    rules.guesses.wait_from = 0;
    rules.guesses.of_ids = 0;
    fixture f(rules);
    for (int round = 0; round < 4; ++round) {
        f.clock.advance(300s);
        auto const sent = f.send();
        BOOST_TEST(guess_wrong(f, 5, sent->id) == 5);
    }
    auto const refused = f.send();
    BOOST_TEST((refused.error().code == errc::limit_exceeded));
    BOOST_REQUIRE(refused.error().violated.size() == 1U);
    BOOST_TEST(refused.error().violated[0].name == "guesses");
    BOOST_TEST((*refused.error().retry_after > 23h));
    f.clock.advance(*refused.error().retry_after);
    BOOST_TEST(f.send().has_value());
}

BOOST_AUTO_TEST_CASE(wait_longer_each_time_near_the_budget) {
    auto rules = test::without_cooldown();
    rules.attempts_max = 20;
    fixture f(rules);
    f.send();
    guess_wrong(f, 10);
    for (auto const pause : {30s, 60s, 120s}) { // after the tenth, eleventh and twelfth guess
        auto const early = f.verify(f.gateway.last_code());
        BOOST_TEST((early.error().code == errc::guesses_exceeded));
        BOOST_TEST((early.error().retry_after == pause));
        f.clock.advance(pause - 1s);
        BOOST_TEST((f.verify(f.gateway.last_code()).error().code == errc::guesses_exceeded));
        f.clock.advance(1s);
        BOOST_TEST((f.verify(f.wrong_code()).error().code == errc::invalid_code));
    }
}

BOOST_AUTO_TEST_CASE(are_forgotten_with_a_right_one) {
    fixture f(test::without_cooldown());
    for (int round = 0; round < 4; ++round) {
        auto const sent = f.send();
        BOOST_TEST(guess_wrong(f, 4, sent->id) == 4);
        BOOST_TEST(f.verify(f.gateway.last_code(), sent->id).has_value());
    }
    f.send();
    BOOST_TEST(guess_wrong(f, 6) == 5);
}

BOOST_AUTO_TEST_CASE(with_the_id_of_another_number_or_none_find_no_code) {
    fixture f;
    auto const other = f.send(f.request("31651860671"))->id;
    auto const mine = f.send()->id;
    auto const code = f.gateway.last_code();
    BOOST_TEST((f.verify(code, other).error().code == errc::no_active_otp));
    BOOST_TEST((f.verify(code, std::string(64, '0')).error().code == errc::no_active_otp));
    BOOST_TEST(f.verify(code, mine).has_value());
}

BOOST_AUTO_TEST_CASE(without_an_id_count_for_the_end_users_address) {
    policy rules;
    rules.limits = {{"guesses_address_1h", limit_key::end_user_address, 8, 1h, limit_mode::enforce,
                     limit_step::guess, ""}};
    fixture f(rules);
    auto guess_from = [&](char const* address, std::optional<std::string> id = {}) {
        auto what = f.guess(f.wrong_code(), std::move(id));
        what.caller.end_user_address = address;
        return f.verify(std::move(what)).error();
    };
    auto const id = f.send()->id;
    for (int i = 0; i < 5; ++i)
        BOOST_TEST((guess_from("198.51.100.1").code == errc::invalid_code));
    f.clock.advance(300s); // the code is gone, and a guess at a missing one counts too
    for (int i = 0; i < 3; ++i)
        BOOST_TEST((guess_from("198.51.100.1").code == errc::no_active_otp));
    auto const refused = guess_from("198.51.100.1");
    BOOST_TEST((refused.code == errc::limit_exceeded));
    BOOST_TEST(refused.violated.at(0).name == "guesses_address_1h");
    BOOST_TEST((guess_from("198.51.100.2").code == errc::no_active_otp));
    // The guesses with the id.
    BOOST_TEST((guess_from("198.51.100.1", id).code == errc::no_active_otp));
}

BOOST_AUTO_TEST_CASE(that_find_no_code_are_charged_to_addresses_alone) {
    policy rules;
    auto const of = [](char const* name, limit_key key) {
        return limit{name, key, 3, 1h, limit_mode::enforce, limit_step::guess, ""};
    };
    rules.limits = {of("number", limit_key::number),   of("prefix", limit_key::prefix),
                    of("country", limit_key::country), of("end_user", limit_key::end_user_address),
                    of("client", limit_key::client),   of("all", limit_key::everybody)};
    fixture f(rules);
    auto guess_from = [&](char const* address) {
        auto what = f.guess("000000");
        what.caller.end_user_address = address;
        return f.verify(std::move(what)).error();
    };
    for (auto const* address : {"198.51.100.1", "198.51.100.2"}) {
        for (int i = 0; i < 3; ++i)
            BOOST_TEST((guess_from(address).code == errc::no_active_otp));
        auto const refused = guess_from(address);
        BOOST_TEST((refused.code == errc::limit_exceeded));
        BOOST_TEST_REQUIRE(refused.violated.size() == 1U);
        BOOST_TEST(refused.violated[0].name == "end_user");
    }
}

// A month of strangers with 50 addresses and fresh devices each day.
BOOST_AUTO_TEST_CASE(of_strangers_leave_a_known_device_its_code_and_its_guesses) {
    auto rules = test::without_cooldown();
    rules.guesses.wait_from = 0;
    rules.limits = {
        {"client", limit_key::client, 6, 24h, limit_mode::enforce, limit_step::guess, ""}};
    fixture f(rules);
    f.make_known("browser-1");
    int strangers = 0;
    auto const attack = [&] {
        for (int n = 0; n < 25; ++n) {
            ++strangers;
            auto const address = "198.51.100." + std::to_string(strangers % 50);
            auto request = test::with_device("fresh-" + std::to_string(strangers), f.request());
            request.caller.end_user_address = address;
            auto const sent = f.send(std::move(request));
            for (int i = 0; i < 6; ++i) {
                std::optional<std::string> id;
                if (sent && i % 2 == 0) id = sent->id;
                auto what = f.guess("000000", id);
                what.caller.end_user_address = address;
                f.verify(std::move(what));
            }
        }
        BOOST_TEST((f.send().error().code == errc::limit_exceeded));
    };
    auto const from_device = [&f] { return f.send(test::with_device("browser-1", f.request())); };
    for (int day = 0; day < 30; ++day) {
        attack();
        auto const sent = from_device();
        BOOST_TEST_REQUIRE(sent.has_value());
        auto const code = f.gateway.last_code();
        attack();
        BOOST_TEST(f.verify(test::with_device("browser-1", f.guess(code, sent->id))).has_value());
        BOOST_TEST(from_device().has_value()); // and without an id
        BOOST_TEST(
            f.verify(test::with_device("browser-1", f.guess(f.gateway.last_code()))).has_value());
        f.clock.advance(25h);
    }
    auto const log = f.logged();
    BOOST_TEST(log.find("browser-1") == std::string::npos);
    BOOST_TEST(log.find("fresh-") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_others_are_never_compared_with_a_known_devices_code) {
    fixture f(test::without_cooldown());
    f.make_known("browser-1");
    auto const sent = f.send(test::with_device("browser-1", f.request()));
    auto const code = f.gateway.last_code();
    for (auto const& id : {std::optional<std::string>(), std::optional(sent->id)}) {
        BOOST_TEST((f.verify(code, id).error().code == errc::no_active_otp));
        BOOST_TEST((f.verify(test::with_device("browser-2", f.guess(code, id))).error().code ==
                    errc::no_active_otp));
    }
    BOOST_TEST(f.verify(test::with_device("browser-1", f.guess(code, sent->id))).has_value());
}

BOOST_AUTO_TEST_CASE(at_a_code_are_counted_by_end_users_address) {
    fixture f;
    auto verify_from = [&](char const* address, std::string const& code) {
        auto what = f.guess(code);
        if (address != nullptr) what.caller.end_user_address = address;
        return f.verify(std::move(what));
    };
    f.send();
    for (auto const* address : {"198.51.100.1", "198.51.100.2"}) {
        for (int i = 0; i < 5; ++i)
            BOOST_TEST((verify_from(address, f.wrong_code()).error().code == errc::invalid_code));
        BOOST_TEST(
            (verify_from(address, f.gateway.last_code()).error().code == errc::attempts_exceeded));
    }
    BOOST_TEST((verify_from(nullptr, f.gateway.last_code()).error().code ==
                errc::guesses_exceeded)); // a pause
    f.clock.advance(30s);
    BOOST_TEST(verify_from(nullptr, f.gateway.last_code()).has_value());
}

BOOST_AUTO_TEST_CASE(without_an_id_verify_the_newest_of_the_same_address_or_none) {
    fixture f(test::without_cooldown());
    auto const mine = f.send()->id;
    auto request = f.request();
    request.caller.end_user_address = "198.51.100.1";
    auto const strangers = f.send(std::move(request))->id;
    auto what = f.guess(f.gateway.last_code());
    what.caller.end_user_address = "198.51.100.2";
    auto const right = f.verify(std::move(what));
    BOOST_TEST((right && !right->id));
    BOOST_TEST(f.find(mine)->state == "canceled");
    BOOST_TEST(f.find(strangers)->state == "canceled");
}

BOOST_AUTO_TEST_CASE(are_alike_when_they_fail_if_that_is_configured) {
    auto rules = test::without_cooldown();
    rules.uniform_failures = 1ms;
    fixture f(rules);
    auto const looks_wrong = [](outcome<verified> const& result) {
        return result.error().code == errc::invalid_code && !result.error().attempts_left &&
               !result.error().retry_after;
    };
    auto verify = [&](std::string const& code) {
        auto waiting = [&]() -> boost::asio::awaitable<outcome<verified>> {
            auto what = f.guess(code);
            co_return co_await f.domain.verifier.verify(std::move(what));
        };
        return f.run(f.context, waiting());
    };
    BOOST_TEST(looks_wrong(verify("000000"))); // missing
    f.send();
    auto const code = f.gateway.last_code();
    BOOST_TEST(looks_wrong(verify(f.wrong_code())));
    BOOST_TEST(verify(code).has_value());
    BOOST_TEST(looks_wrong(verify(code))); // used
    f.send();
    for (int i = 0; i < 7; ++i)
        BOOST_TEST(looks_wrong(verify(f.wrong_code()))); // the last two are not evaluated
    f.clock.advance(300s);
    BOOST_TEST(looks_wrong(verify(f.gateway.last_code()))); // expired
}

// An application may end a login when it hears of it.
BOOST_AUTO_TEST_CASE(of_strangers_exhaust_no_verification_of_another) {
    fixture f;
    auto request = f.request();
    request.caller.end_user_address = "198.51.100.1";
    BOOST_REQUIRE(f.send(std::move(request)).has_value());
    auto const exhausted = [&f] {
        return std::ranges::count(f.event.all, event_type::exhausted, &verification_event::type);
    };
    for (auto const* address : {"198.51.100.2", "198.51.100.1"}) {
        BOOST_TEST(exhausted() == 0);
        for (int n = 0; n < 5; ++n) {
            auto guess = f.guess(f.wrong_code());
            guess.caller.end_user_address = address;
            BOOST_TEST((f.verify(std::move(guess)).error().code == errc::invalid_code));
        }
    }
    BOOST_TEST(exhausted() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
