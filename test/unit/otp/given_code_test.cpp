// Codes that somebody else made and checks: they are sent like others, once, and are kept nowhere.

#include "domain_fixture.hpp"

#include <atomic>

using namespace otpd;
using namespace otpd::test;
using namespace std::chrono_literals;

namespace {

constexpr char const* hook_purpose = "hook:supabase";

struct given_fixture : domain_fixture {
    using domain_fixture::domain_fixture;

    [[nodiscard]] otp::send_request given(std::string const& code,
                                          std::string const& to = one_number) const {
        auto what = request(to, hook_purpose);
        what.given = otp::given_code{secret_string(code)};
        what.idempotency =
            otp::idempotency_key{{}, {}, [](otp::sent const& sent) { return "first " + sent.id; }};
        return what;
    }
    [[nodiscard]] std::string last_text() const { return gateway.sent().back().text.reveal(); }
    otp::outcome<std::monostate> report(std::string id, bool is_verified) {
        return run(context, domain.outcomes.report(who(), std::move(id), is_verified));
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(given_codes)

BOOST_AUTO_TEST_CASE(a_given_code_is_sent_in_the_template_and_is_not_the_verification_s) {
    auto rules = without_cooldown();
    rules.reveal_codes = true;
    given_fixture f(rules);
    auto const sent = f.send(f.given("4R7T2K"));
    BOOST_TEST_REQUIRE(sent.has_value());
    BOOST_TEST(f.last_text() == "Your verification code is 4R7T2K.");
    BOOST_TEST(!sent->debug_code.has_value());
    f.send(f.given("918273"));
    BOOST_TEST(f.last_text() == "Your verification code is 918273.");
    BOOST_TEST(!f.verify(f.guess("918273", {}, one_number, hook_purpose)).has_value());
    BOOST_TEST(!f.verify("918273").has_value());
}

BOOST_AUTO_TEST_CASE(a_text_of_its_own_replaces_the_template) {
    given_fixture f;
    auto what = f.given("918273");
    what.given->text = "{code} is for shop.example";
    BOOST_TEST_REQUIRE(f.send(what).has_value());
    BOOST_TEST(f.last_text() == "918273 is for shop.example");
    auto too_long = f.given("918274");
    too_long.given->text = "{code}" + std::string(153, 'x');
    auto const refused = f.send(too_long);
    BOOST_TEST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == otp::errc::message_too_long));
}

// A provider repeats its request with another id, another time and another signature.
BOOST_AUTO_TEST_CASE(the_same_code_for_the_same_number_is_sent_once_in_ten_minutes) {
    given_fixture f;
    auto const first = f.send(f.given("918273"));
    BOOST_TEST_REQUIRE(first.has_value());
    for (int n = 0; n < 5; ++n) {
        auto again = f.given("918273");
        again.caller.request_id = "req-" + std::to_string(n);
        auto const repeated = f.send(again);
        BOOST_TEST_REQUIRE(repeated.has_value());
        BOOST_TEST(repeated->replayed == "first " + first->id);
    }
    BOOST_TEST(f.gateway.sent().size() == 1U);
    f.clock.advance(10min + 1s);
    BOOST_TEST_REQUIRE(f.send(f.given("918273")).has_value());
    BOOST_TEST(f.gateway.sent().size() == 2U);
}

BOOST_AUTO_TEST_CASE(another_code_number_or_client_is_another_send) {
    given_fixture f(without_cooldown());
    otp::client other;
    other.name = "other";
    BOOST_TEST(f.send(f.given("918273")).has_value());
    BOOST_TEST(f.send(f.given("918274")).has_value());
    BOOST_TEST(f.send(f.given("918273", neighbour(1))).has_value());
    auto of_another = f.given("918273");
    of_another.caller.client = &other;
    BOOST_TEST(f.send(of_another).has_value());
    BOOST_TEST(f.gateway.sent().size() == 4U);
}

BOOST_AUTO_TEST_CASE(of_50_parallel_sends_of_one_code_one_leaves) {
    given_fixture f;
    std::atomic<int> early{0};
    for (int n = 0; n < 50; ++n) {
        auto one = [&]() -> boost::asio::awaitable<void> {
            auto what = f.given("918273");
            auto const sent = co_await f.domain.sender.send(std::move(what), deadline::in(30s));
            if (!sent && sent.error().code == otp::errc::send_in_progress) ++early;
        };
        boost::asio::co_spawn(boost::asio::make_strand(f.context), one, [](std::exception_ptr) {});
    }
    run_on_threads(f.context, 4);
    BOOST_TEST(early <= 49);
    BOOST_TEST(f.gateway.sent().size() == 1U);
}

// Cooldown and limits refuse it as they refuse /send-otp, but a client's purposes do not.
BOOST_AUTO_TEST_CASE(the_limits_hold_and_the_client_need_not_list_the_purpose) {
    given_fixture f;
    f.client.purposes = {"login"};
    BOOST_TEST(f.send(f.given("918273")).has_value());
    auto const early = f.send(f.given("918274"));
    BOOST_TEST_REQUIRE(!early.has_value());
    BOOST_TEST((early.error().code == otp::errc::cooldown_active));
}

BOOST_AUTO_TEST_CASE(a_send_that_was_refused_upstream_may_be_repeated) {
    auto rules = without_cooldown();
    rules.rejected_backoff = 0s;
    given_fixture f(rules);
    f.gateway.on_send = [](bridgexapi::sms const&) -> bridgexapi::send_outcome {
        return bridgexapi::rejected{bridgexapi::reason::vendor_failed};
    };
    BOOST_TEST(!f.send(f.given("918273")).has_value());
    f.gateway.on_send = [](bridgexapi::sms const&) -> bridgexapi::send_outcome {
        return fake_gateway::default_receipt();
    };
    BOOST_TEST(f.send(f.given("918273")).has_value());
}

BOOST_AUTO_TEST_CASE(an_outcome_ends_the_verification_of_a_given_code_once) {
    given_fixture f(without_cooldown());
    auto const id = f.send(f.given("918273"))->id;
    BOOST_TEST(f.report(id, true).has_value());
    BOOST_TEST(f.find(id)->state == "verified");
    BOOST_TEST((f.report(id, true).error().code == otp::errc::verification_ended));
    auto const failed = f.send(f.given("918274"))->id;
    BOOST_TEST(f.report(failed, false).has_value());
    BOOST_TEST(f.find(failed)->state == "canceled");
}

BOOST_AUTO_TEST_CASE(no_client_says_the_outcome_of_a_code_that_otpd_checks) {
    given_fixture f;
    auto const id = f.send()->id;
    BOOST_TEST((f.report(id, true).error().code == otp::errc::verification_not_found));
    BOOST_TEST(
        (f.report(std::string(64, '0'), true).error().code == otp::errc::verification_not_found));
    BOOST_TEST(f.find(id)->state == "active");
}

BOOST_AUTO_TEST_CASE(no_line_of_the_log_has_the_code) {
    given_fixture f;
    f.send(f.given("918273"));
    f.send(f.given("918273"));
    BOOST_TEST(f.logged().find("918273") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
