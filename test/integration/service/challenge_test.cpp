// Where the guard against pumped SMS refuses, a client that asked for challenges gets a token that
// passes it once.

#include "admission_cases.hpp"
#include "support/test_stores.hpp"

using namespace otpd::test;

namespace {

std::string client_named(std::string const& name, bool challenge) {
    return "[[client]]\nname = \"" + name + "\"\ntoken_sha256 = [\"" + sha256_of("token-" + name) +
           "\"]\nchallenge = " + (challenge ? "true" : "false") + "\n";
}

/// Two numbers of the prefix have an untyped code, so its guard refuses all others.
struct guarded_service {
    explicit guarded_service(environment more)
        : service(std::move(more) | environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"},
                                                {"OTPD_PUMPING_ENABLED", "true"},
                                                {"OTPD_PUMPING_PREFIX_OUT_MAX", "2"}},
                  client_named("a", true) + client_named("b", true) + client_named("c", false)) {
        for (std::size_t n = 1; n <= 2; ++n)
            check_outcome(send(n), 200);
    }

    raw_reply send(std::size_t n, std::string const& token = {}, char const* client = "a",
                   json::object body = {}) {
        body["phone_number"] = case_number(n);
        if (!token.empty()) body["challenge_token"] = token;
        auto const request = post("/send-otp", std::move(body));
        return service.client.ask(
            request.with("Authorization", std::string("Bearer token-") + client));
    }
    static std::string token_of(raw_reply const& reply) {
        check_outcome(reply, 403, "challenge_required");
        BOOST_TEST(!reply.has("Retry-After"));
        return std::string(object_of(reply).at("challenge_token").as_string());
    }

    service_fixture service;
};

} // namespace

BOOST_AUTO_TEST_SUITE(service_challenge)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_solved_challenge_passes_the_guard_once, Store, all_stores) {
    Store store;
    guarded_service with(store.settings());
    auto const token = with.token_of(with.send(3));
    auto const check_no_pass = [&](raw_reply const& reply) {
        BOOST_TEST(with.token_of(reply) != token);
    };
    check_no_pass(with.send(3));
    check_no_pass(with.send(4, token)); // another number
    check_no_pass(with.send(3, token, "b"));
    check_no_pass(with.send(3, token, "a", {{"end_user_ip", "198.51.100.1"}}));
    check_no_pass(with.send(3, "x" + token));
    check_outcome(with.send(3, token, "c"), 429, "limit_exceeded");
    BOOST_TEST(with.service.stub.messages().size() == 2U);

    check_outcome(with.send(3, token), 200);
    check_no_pass(with.send(3, token));
    BOOST_TEST(with.service.stub.messages().size() == 3U);
    auto const code = with.service.stub.code_sent_to(case_number(3));
    auto const guess = with.service.verify_request(case_number(3), code);
    check_outcome(with.service.client.ask(guess.with("Authorization", "Bearer token-a")), 200);
    check_outcome(with.send(5), 200); // a typed code opens the guard
}

BOOST_AUTO_TEST_CASE(of_parallel_sends_with_one_token_one_is_sent) {
    guarded_service with({});
    auto const token = with.token_of(with.send(3));
    auto const one =
        post("/send-otp", {{"phone_number", case_number(3)}, {"challenge_token", token}})
            .with("Authorization", "Bearer token-a");
    auto const replies =
        ask_in_parallel(with.service.otpd.port(), std::vector<http_request>(32, one), 32);
    BOOST_TEST(count_status(replies, 200) == 1U);
    BOOST_TEST(with.service.stub.messages().size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
