#include "domain_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;
using bridgexapi::reason;
using fixture = test::domain_fixture;

namespace {

send_request by_route(fixture const& f, int route) {
    auto what = f.request();
    what.route_id = route;
    return what;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sending)

BOOST_AUTO_TEST_CASE(a_code_is_sent_by_the_default_route_and_verifies_once) {
    fixture f;
    auto const result = f.send();
    BOOST_REQUIRE(result.has_value());
    BOOST_TEST(result->route_id == 3);
    BOOST_TEST((result->expires_in == 300s));
    BOOST_TEST((result->cooldown == 45s));
    BOOST_TEST(!result->debug_code.has_value());
    BOOST_TEST(result->message.order_id.value() == "22953");

    auto const messages = f.gateway.sent();
    BOOST_REQUIRE(messages.size() == 1U);
    BOOST_TEST(messages[0].route_id == 3);
    BOOST_TEST(messages[0].caller_id == "BRIDGEXAPI");
    BOOST_TEST(messages[0].to.digits() == test::one_number);
    BOOST_TEST(messages[0].text.reveal() ==
               "Your verification code is " + f.gateway.last_code() + ".");
    BOOST_TEST(f.gateway.last_code().size() == 6U);

    auto const verified = f.verify(f.gateway.last_code());
    BOOST_REQUIRE(verified.has_value());
    BOOST_TEST(to_hex(verified->id.value()) == result->id.substr(0, 32));
    BOOST_TEST((f.verify(f.gateway.last_code()).error().code == errc::no_active_otp));
}

BOOST_AUTO_TEST_CASE(the_callers_route_is_taken_as_it_is) {
    fixture f;
    BOOST_TEST(f.send(by_route(f, 8))->route_id == 8);
    BOOST_TEST(f.gateway.sent()[0].route_id == 8);
}

BOOST_AUTO_TEST_CASE(a_route_that_is_not_allowed_costs_nothing) {
    fixture f;
    BOOST_TEST((f.send(by_route(f, 6)).error().code == errc::route_not_allowed));
    BOOST_TEST(f.gateway.sent().empty());
    BOOST_TEST(test::run(f.context, f.memory.usage()).states == 0U);
}

BOOST_AUTO_TEST_CASE(codes_are_revealed_only_when_the_policy_says_so) {
    policy rules;
    rules.reveal_codes = true;
    fixture f(rules);
    auto const result = f.send();
    BOOST_TEST(result->debug_code->reveal() == f.gateway.last_code());
}

// The code of a payment is sent right after that of the login.
BOOST_AUTO_TEST_CASE(another_purpose_waits_five_seconds_and_none_after_a_right_code) {
    fixture f;
    BOOST_REQUIRE(f.send().has_value());
    auto const payment = f.request(test::one_number, "payment");
    BOOST_TEST((f.send(payment).error().retry_after == 5s));
    BOOST_TEST(f.verify(f.gateway.last_code()).has_value());
    BOOST_TEST(f.send(payment).has_value());
}

BOOST_AUTO_TEST_CASE(the_cooldown_names_the_seconds_left) {
    fixture f;
    BOOST_REQUIRE(f.send().has_value());
    f.clock.advance(10'500ms);
    auto const again = f.send();
    BOOST_TEST((again.error().code == errc::cooldown_active));
    BOOST_TEST((again.error().retry_after == 35s)); // 34.5 s, rounded up
    BOOST_TEST(f.gateway.sent().size() == 1U);
    f.clock.advance(34'500ms);
    BOOST_TEST(f.send().has_value());
}

BOOST_AUTO_TEST_CASE(a_cooldown_of_0_is_off) {
    fixture f(test::without_cooldown());
    BOOST_TEST((f.send()->cooldown == 0s));
    BOOST_TEST(f.send().has_value());
}

// The reference promised the full time to live, even after a send that took most of it.
BOOST_AUTO_TEST_CASE(what_is_promised_is_what_is_left_after_a_slow_upstream) {
    fixture f;
    f.gateway.on_send = [&](bridgexapi::sms const&) {
        f.clock.advance(15'200ms);
        return bridgexapi::send_outcome(test::fake_gateway::default_receipt());
    };
    auto const result = f.send();
    BOOST_TEST((result->expires_in == 285s));
    BOOST_TEST((result->cooldown == 30s));
}

BOOST_AUTO_TEST_CASE(a_user_may_be_faster_than_the_upstreams_reply) {
    fixture f;
    std::optional<outcome<verified>> early;
    f.gateway.on_send = [&](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(test::fake_gateway::default_receipt());
    };
    auto race = [&]() -> boost::asio::awaitable<bool> {
        auto what = f.request();
        auto const result = co_await f.domain.sender.send(std::move(what), deadline::in(30s));
        co_return result.has_value();
    };
    auto guess = [&]() -> boost::asio::awaitable<void> {
        while (f.gateway.sent().empty())
            co_await boost::asio::post(f.context, boost::asio::use_awaitable);
        auto request = f.guess(f.gateway.last_code());
        early = co_await f.domain.verifier.verify(std::move(request));
    };
    boost::asio::co_spawn(f.context, guess, [](std::exception_ptr) {});
    BOOST_TEST(f.run(f.context, race()));
    test::run_on_threads(f.context, 1);
    BOOST_REQUIRE(early.has_value());
    BOOST_TEST(early->has_value());
}

BOOST_AUTO_TEST_CASE(a_refusal_of_the_upstream_kills_the_code_and_leaves_a_short_back_off) {
    fixture f;
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::rejected{reason::insufficient_balance});
    };
    auto const result = f.send();
    BOOST_TEST((result.error().code == errc::upstream_rejected));
    BOOST_TEST((result.error().reason == reason::insufficient_balance));
    BOOST_TEST((f.verify(f.gateway.last_code()).error().code == errc::no_active_otp));
    BOOST_TEST((f.send().error().code == errc::cooldown_active));
    f.clock.advance(5s);
    BOOST_TEST((f.send().error().code == errc::upstream_rejected));
}

// The back-off replaces the cooldown; without a cooldown, nobody has to wait.
BOOST_AUTO_TEST_CASE(without_a_cooldown_a_refusal_leaves_no_back_off) {
    fixture f(test::without_cooldown());
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::rejected{reason::no_pricing});
    };
    BOOST_TEST(!f.send().error().retry_after.has_value());
    BOOST_TEST((f.send().error().code == errc::upstream_rejected));
}

BOOST_AUTO_TEST_CASE(an_upstream_that_was_not_reached_says_when_to_come_back) {
    fixture f;
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::not_sent{reason::connect_failed, 9s});
    };
    auto const result = f.send();
    BOOST_TEST((result.error().code == errc::upstream_unavailable));
    BOOST_TEST((result.error().retry_after == 9s));
    BOOST_TEST((f.verify(f.gateway.last_code()).error().code == errc::no_active_otp));
}

BOOST_AUTO_TEST_CASE(an_unknown_outcome_keeps_the_code_and_the_cooldown) {
    fixture f;
    f.gateway.on_send = [](bridgexapi::sms const&) {
        return bridgexapi::send_outcome(bridgexapi::unknown{reason::timed_out});
    };
    BOOST_TEST((f.send().error().code == errc::delivery_unknown));
    BOOST_TEST((f.send().error().code == errc::cooldown_active));
    BOOST_TEST(f.gateway.sent().size() == 1U);
    BOOST_TEST(f.verify(f.gateway.last_code()).has_value());
}

// An exception after bytes were sent does not prove that nothing arrived.
BOOST_AUTO_TEST_CASE(an_exception_from_the_client_is_an_unknown_outcome) {
    fixture f;
    f.gateway.on_send = [](bridgexapi::sms const&) -> bridgexapi::send_outcome {
        throw std::runtime_error("bug");
    };
    BOOST_TEST((f.send().error().code == errc::delivery_unknown));
    BOOST_TEST(f.verify(f.gateway.last_code()).has_value());
}

BOOST_AUTO_TEST_CASE(without_the_store_nothing_is_sent) {
    fixture f;
    f.store.admits = false;
    auto const result = f.send();
    BOOST_TEST((result.error().code == errc::store_unavailable));
    BOOST_TEST((result.error().retry_after >= 1s));
    BOOST_TEST(f.gateway.sent().empty());
}

BOOST_AUTO_TEST_CASE(a_store_that_dies_before_the_settlement_does_not_hide_a_sent_sms) {
    fixture f;
    f.store.settles = false;
    BOOST_TEST(f.send().has_value());
    BOOST_TEST(f.verify(f.gateway.last_code()).has_value());
    BOOST_TEST(f.logged().find("\"event\":\"settle_failed\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_200_parallel_sends_one_leaves) {
    fixture f;
    std::atomic<int> sent_count{0};
    std::atomic<int> cooling{0};
    for (int i = 0; i < 200; ++i) {
        auto one = [&]() -> boost::asio::awaitable<void> {
            auto what = f.request();
            auto const result = co_await f.domain.sender.send(std::move(what), deadline::in(30s));
            if (result)
                ++sent_count;
            else if (result.error().code == errc::cooldown_active)
                ++cooling;
        };
        boost::asio::co_spawn(boost::asio::make_strand(f.context), one, [](std::exception_ptr) {});
    }
    test::run_on_threads(f.context, 4);
    BOOST_TEST(sent_count == 1);
    BOOST_TEST(cooling == 199);
    BOOST_TEST(f.gateway.sent().size() == 1U);
}

// The client disconnects and its connection ends; the send continues and is settled.
BOOST_AUTO_TEST_CASE(a_cancelled_caller_does_not_stop_a_send) {
    fixture f;
    boost::asio::cancellation_signal signal;
    f.gateway.on_send = [&](bridgexapi::sms const&) {
        signal.emit(boost::asio::cancellation_type::all);
        return bridgexapi::send_outcome(bridgexapi::rejected{reason::no_pricing});
    };
    auto one = [&]() -> boost::asio::awaitable<void> {
        auto what = f.request();
        co_await f.domain.sender.send(std::move(what), deadline::in(30s));
    };
    boost::asio::co_spawn(
        f.context, one,
        boost::asio::bind_cancellation_slot(signal.slot(), [](std::exception_ptr) {}));
    test::run_on_threads(f.context, 1);
    BOOST_TEST(f.gateway.sent().size() == 1U);
    BOOST_TEST(test::run(f.context, f.memory.usage()).codes == 0U); // settled as refused
}

/// Cancels at every moment of a send, from before its first step on: each run is cancelled one step
/// later. Beyond this boundary, no function sees the cancellation.
BOOST_AUTO_TEST_CASE(
    a_caller_that_leaves_at_any_moment_leaves_a_send_that_is_made_once_and_settled) {
    std::size_t begun = 0;
    bool ended_first = false;
    for (std::size_t steps = 0; !ended_first; ++steps) {
        fixture f;
        boost::asio::cancellation_signal signal;
        bool ended = false;
        auto one = [&]() -> boost::asio::awaitable<void> {
            co_await boost::asio::this_coro::reset_cancellation_state(
                boost::asio::enable_total_cancellation());
            auto what = f.request();
            co_await f.domain.sender.send(std::move(what), deadline::in(30s));
        };
        boost::asio::co_spawn(f.context, one,
                              boost::asio::bind_cancellation_slot(
                                  signal.slot(), [&](std::exception_ptr) { ended = true; }));
        f.context.restart();
        for (std::size_t i = 0; i < steps && !ended; ++i)
            f.context.run_one();
        ended_first = ended;
        signal.emit(boost::asio::cancellation_type::all);
        test::run_on_threads(f.context, 1);
        if (f.event.all.empty()) {
            BOOST_TEST(f.gateway.sent().empty()); // it had not begun
            continue;
        }
        ++begun;
        BOOST_TEST(f.gateway.sent().size() == 1U);
        BOOST_TEST(f.event.kinds() == "admitted accepted");
        BOOST_TEST(f.deliveries.all.size() == 1U);
        auto const found = f.find(f.event.all.back().verification_id);
        BOOST_REQUIRE(found.has_value());
        BOOST_TEST(found->delivery == "accepted");
    }
    BOOST_TEST(begun > 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(verifying)

// The reference's sequence for five attempts and its lock-out, which lasts until the code expires
// here.
BOOST_AUTO_TEST_CASE(attempts_run_out_and_stay_so_until_the_code_expires) {
    fixture f;
    f.send();
    for (unsigned left = 5; left-- > 0;) {
        auto const guess = f.verify(f.wrong_code());
        BOOST_TEST((guess.error().code == errc::invalid_code));
        BOOST_TEST(guess.error().attempts_left.value() == left);
    }
    for (int i = 0; i < 3; ++i) {
        auto const right = f.verify(f.gateway.last_code());
        BOOST_TEST((right.error().code == errc::attempts_exceeded));
        BOOST_TEST((right.error().retry_after == 300s));
    }
    f.clock.advance(300s);
    BOOST_TEST((f.verify(f.gateway.last_code()).error().code == errc::no_active_otp));
}

BOOST_AUTO_TEST_CASE(without_the_store_nothing_verifies) {
    fixture f;
    f.send();
    f.store.checks = false;
    BOOST_TEST((f.verify(f.gateway.last_code()).error().code == errc::store_unavailable));
    f.store.checks = true;
    BOOST_TEST(f.verify(f.gateway.last_code()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

// Every outcome is logged, and no line contains a code or a whole number.
BOOST_AUTO_TEST_CASE(the_log_has_every_outcome_and_no_secret) {
    fixture f;
    auto const id = f.send()->id.substr(0, 32);
    std::string const code = f.gateway.last_code();
    f.verify(f.wrong_code());
    f.send(); // too early
    f.verify(code);
    auto const text = f.logged();
    for (char const* event : {"otp_sent", "otp_not_verified", "otp_verified", "otp_not_sent"})
        BOOST_TEST(text.find(event) != std::string::npos);
    BOOST_TEST(text.find("*******0670") != std::string::npos);
    BOOST_TEST(text.find(id) != std::string::npos);
    BOOST_TEST(text.find("BX-22953-c5f4f53431ed22c2") != std::string::npos);
    BOOST_TEST(text.find(test::one_number) == std::string::npos);
    BOOST_TEST(text.find("\"" + code + "\"") == std::string::npos);
    BOOST_TEST(text.find(":" + code) == std::string::npos);
    BOOST_TEST(text.find("verification code is") == std::string::npos);
}
