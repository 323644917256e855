// The challenge that lets a send pass the conversion guard, and the guard by address.

#include "domain_fixture.hpp"

using namespace otpd;
using namespace otpd::otp;
using namespace std::chrono_literals;
using fixture = test::domain_fixture;

namespace {

policy with_one_code_out() {
    auto rules = test::without_cooldown();
    rules.pumping.prefix_out_max = 1;
    return rules;
}

/// After one send, the guard of the prefix refuses all others.
struct guarded : fixture {
    explicit guarded(policy rules = with_one_code_out()) : fixture(std::move(rules)) {
        client.challenge = true;
        BOOST_TEST(send(request(test::neighbour(0))).has_value());
    }

    [[nodiscard]] send_request solved(std::string token, int to = 1) const {
        auto what = request(test::neighbour(to));
        what.challenge_token = std::move(token);
        return what;
    }
    /// Of a send that is refused.
    std::string token_of(send_request what) {
        auto const refused = send(std::move(what));
        BOOST_REQUIRE(!refused.has_value());
        BOOST_TEST((refused.error().code == errc::challenge_required));
        BOOST_TEST(!refused.error().retry_after.has_value());
        BOOST_TEST(refused.error().challenge_token.size() == 80U);
        return refused.error().challenge_token;
    }
    std::string token() { return token_of(request(test::neighbour(1))); }
    void check_no_pass(send_request what) {
        auto const token = *what.challenge_token;
        BOOST_TEST(token_of(std::move(what)) != token);
    }
};

bridgexapi::send_outcome reject_all(bridgexapi::sms const&) {
    return bridgexapi::rejected{bridgexapi::reason::no_pricing};
}
bridgexapi::send_outcome accept_all(bridgexapi::sms const&) {
    return test::fake_gateway::default_receipt();
}

} // namespace

BOOST_AUTO_TEST_SUITE(challenges)

BOOST_AUTO_TEST_CASE(pass_the_guard_once) {
    guarded f;
    auto const token = f.token();
    BOOST_TEST(f.gateway.sent().size() == 1U);
    BOOST_TEST(f.send(f.solved(token)).has_value());
    f.check_no_pass(f.solved(token));
    BOOST_TEST(f.send(f.solved(f.token())).has_value());
    BOOST_TEST(f.logged().find(token) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(are_for_one_client_number_and_requester) {
    guarded f;
    auto const token = f.token();
    f.check_no_pass(f.solved(token, 2));
    auto other = f.solved(token);
    other.caller.end_user_address = "198.51.100.1";
    f.check_no_pass(other);
    f.client.name = "other";
    f.check_no_pass(f.solved(token));
    f.client.name = client::default_name;
    BOOST_TEST(f.send(f.solved(token)).has_value());

    other.challenge_token = f.token_of(other);
    f.check_no_pass(f.solved(*other.challenge_token));
    BOOST_TEST(f.send(other).has_value());
}

BOOST_AUTO_TEST_CASE(are_good_for_ten_minutes) {
    guarded f;
    auto const first = f.token();
    auto const second = f.token();
    f.clock.advance(10min - 1s);
    BOOST_TEST(f.send(f.solved(first)).has_value());
    f.clock.advance(2s);
    f.check_no_pass(f.solved(second));
}

// A used token is not good again at any time, so its record outlives it.
BOOST_AUTO_TEST_CASE(are_never_good_again) {
    guarded f;
    auto const token = f.token();
    BOOST_TEST(f.send(f.solved(token)).has_value());
    for (int n = 0; n < 30; ++n) {
        f.clock.advance(1min);
        f.check_no_pass(f.solved(token));
    }
}

BOOST_AUTO_TEST_CASE(cannot_be_made_up) {
    guarded f;
    auto const token = f.token();
    for (auto const& text : {std::string(), std::string("x"), std::string(80, '0'),
                             std::string(80, 'g'), token + "00", token.substr(2)})
        f.check_no_pass(f.solved(text));
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == '0' ? '1' : '0';
        f.check_no_pass(f.solved(changed));
    }
    BOOST_TEST(f.send(f.solved(token)).has_value());
}

BOOST_AUTO_TEST_CASE(are_for_clients_that_ask_for_them) {
    guarded f;
    auto const token = f.token();
    f.client.challenge = false;
    auto const refused = f.send(f.solved(token)).error();
    BOOST_TEST((refused.code == errc::limit_exceeded));
    BOOST_TEST(refused.challenge_token.empty());
    BOOST_TEST(refused.retry_after.has_value());
}

BOOST_AUTO_TEST_CASE(pass_no_other_limit) {
    auto rules = with_one_code_out();
    rules.limits = {
        limit{"number_1h", limit_key::number, 1, 1h, limit_mode::enforce, limit_step::send, ""}};
    guarded f(rules);
    auto const token = f.token();
    BOOST_TEST(f.send(f.solved(token)).has_value());
    // Beside another limit there is no challenge.
    for (auto const& text : {token, std::string()}) {
        auto const refused = f.send(f.solved(text)).error();
        BOOST_TEST((refused.code == errc::limit_exceeded));
        BOOST_TEST(refused.challenge_token.empty());
    }
}

BOOST_AUTO_TEST_CASE(are_good_again_after_a_send_that_was_none) {
    guarded f;
    auto const token = f.token();
    f.gateway.on_send = reject_all;
    BOOST_TEST((f.send(f.solved(token)).error().code == errc::upstream_rejected));
    f.gateway.on_send = accept_all;
    BOOST_TEST(f.send(f.solved(token)).has_value());
    f.check_no_pass(f.solved(token));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(guard_by_address)

BOOST_AUTO_TEST_CASE(stops_an_address_whose_codes_are_not_typed) {
    auto rules = test::without_cooldown();
    rules.pumping.address_out_max = 2;
    fixture f(rules);
    auto const send_for = [&](int n, std::optional<std::string> address) {
        auto what = f.request(test::neighbour(n));
        what.caller.end_user_address = std::move(address);
        return f.send(std::move(what));
    };
    auto const type = [&](int n) {
        auto guess = f.guess(f.gateway.last_code(), {}, test::neighbour(n));
        guess.caller.end_user_address = "198.51.100.1";
        BOOST_TEST(f.verify(std::move(guess)).has_value());
    };
    for (int n = 0; n < 20; ++n) { // honest users behind one address
        BOOST_TEST(send_for(n, "198.51.100.1").has_value());
        type(n);
    }
    for (int n = 20; n < 22; ++n)
        BOOST_TEST(send_for(n, "198.51.100.2").has_value());
    auto const refused = send_for(22, "198.51.100.2").error();
    BOOST_REQUIRE(refused.violated.size() == 1U);
    BOOST_TEST(refused.violated[0].name == "pumping_address");
    BOOST_TEST(send_for(22, "198.51.100.1").has_value());
    BOOST_TEST(send_for(23, {}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

// The one who has a code learns from a refusal that it is still good; nobody else learns of it.
BOOST_AUTO_TEST_SUITE(refusals)

BOOST_AUTO_TEST_CASE(tell_the_requester_of_a_live_code_how_long_it_lives) {
    fixture f;
    auto const send_for = [&](std::optional<std::string> address) {
        auto what = f.request();
        what.caller.end_user_address = std::move(address);
        return f.send(std::move(what));
    };
    BOOST_TEST(send_for("198.51.100.1").has_value());
    f.clock.advance(10s);
    auto const own = send_for("198.51.100.1").error();
    BOOST_TEST((own.code == errc::cooldown_active));
    BOOST_TEST((own.code_expires_in == 290s));
    for (auto const& address : {std::optional<std::string>("198.51.100.2"), {}}) {
        auto const other = send_for(address).error();
        BOOST_TEST((other.code == errc::cooldown_active));
        BOOST_TEST(!other.code_expires_in.has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
