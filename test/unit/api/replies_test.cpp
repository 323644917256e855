#include "api/json_writer.hpp"
#include "api/problems.hpp"
#include "otpd/api/authenticator.hpp"
#include "otpd/http/request.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <optional>
#include <string>

using namespace otpd;
using namespace otpd::api;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(json_writers)

BOOST_AUTO_TEST_CASE(write_every_kind_of_value) {
    std::optional<std::string_view> const none;
    auto const text = json_writer()
                          .add("s", "a\"b\\c\n\x01")
                          .add("i", -3)
                          .add("u", std::uint64_t{18'446'744'073'709'551'615ULL})
                          .add("b", true)
                          .add("m", money::from_micros(87'000))
                          .add("n", none)
                          .finish();
    BOOST_TEST(text == R"({"s":"a\"b\\c\u000a\u0001","i":-3,"u":18446744073709551615,)"
                       R"("b":true,"m":0.087,"n":null})");
    BOOST_TEST(boost::json::parse(text).is_object());
    BOOST_TEST(json_writer().finish() == "{}");
}

BOOST_AUTO_TEST_CASE(write_money_as_a_plain_decimal) {
    BOOST_TEST(to_decimal(money::from_micros(0)) == "0");
    BOOST_TEST(to_decimal(money::from_micros(1)) == "0.000001");
    BOOST_TEST(to_decimal(money::from_micros(158'460'000)) == "158.46");
    BOOST_TEST(to_decimal(money::from_micros(-51'000)) == "-0.051");
    BOOST_TEST(to_decimal(money::from_micros(12'000'000)) == "12");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(problems)

struct expected {
    otp::errc code;
    unsigned status;
    char const* word;
};
// The contract that clients branch on: one row for every way the domain can refuse.
std::array const contract{
    expected{otp::errc::cooldown_active, 429, "cooldown_active"},
    expected{otp::errc::limit_exceeded, 429, "limit_exceeded"},
    expected{otp::errc::route_not_allowed, 403, "route_not_allowed"},
    expected{otp::errc::upstream_rejected, 502, "upstream_rejected"},
    expected{otp::errc::upstream_unavailable, 503, "upstream_unavailable"},
    expected{otp::errc::delivery_unknown, 504, "delivery_unknown"},
    expected{otp::errc::capacity_exhausted, 503, "store_full"},
    expected{otp::errc::invalid_code, 400, "invalid_code"},
    expected{otp::errc::no_active_otp, 404, "no_active_otp"},
    expected{otp::errc::attempts_exceeded, 429, "attempts_exceeded"},
    expected{otp::errc::guesses_exceeded, 429, "attempts_exceeded"},
    expected{otp::errc::store_unavailable, 503, "store_unavailable"},
};

BOOST_AUTO_TEST_CASE(have_a_status_and_a_word_for_every_failure) {
    for (auto const& row : contract) {
        auto const what = to_problem(otp::failure{row.code, 7s});
        BOOST_TEST(what.status == row.status);
        BOOST_TEST(what.code == row.word);
        BOOST_TEST(!what.detail.empty());
        BOOST_TEST((what.retry_after == 7s));
    }
}

BOOST_AUTO_TEST_CASE(speak_the_references_words) {
    BOOST_TEST(to_problem(otp::failure{otp::errc::cooldown_active, 45s}).detail ==
               "OTP was sent too recently. Retry in 45 seconds.");
    otp::failure wrong{otp::errc::invalid_code};
    wrong.attempts_left = 0;
    auto const what = to_problem(wrong);
    BOOST_TEST(what.detail == "Invalid OTP. Attempts left: 0");
    BOOST_TEST(what.members.at("attempts_left").to_number<int>() == 0);
    BOOST_TEST(to_problem(otp::failure{otp::errc::attempts_exceeded, 1s}).detail ==
               "OTP attempts exceeded.");
    BOOST_TEST(to_problem(otp::failure{otp::errc::no_active_otp}).detail ==
               "No active OTP found for this phone number and purpose.");
}

BOOST_AUTO_TEST_CASE(name_the_reason_and_the_violated_limits_as_words) {
    otp::failure why{otp::errc::upstream_rejected};
    why.reason = bridgexapi::reason::insufficient_balance;
    BOOST_TEST(to_problem(why).members.at("reason").as_string() == "insufficient_balance");
    otp::failure limit{otp::errc::limit_exceeded, 1s};
    limit.violated = {"guesses"};
    BOOST_TEST(boost::json::serialize(to_problem(limit).members.at("violated")) ==
               R"(["guesses"])");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(authentication)

namespace {

std::optional<http::problem> answer(authenticator const& callers,
                                    std::vector<http::field_view> const& fields) {
    http::request_parts parts;
    parts.fields = fields;
    http::request const request(parts);
    return callers.refusal(request);
}

} // namespace

BOOST_AUTO_TEST_CASE(takes_exactly_the_bearer_token) {
    authenticator const callers(secret_string("s3cret-token"));
    BOOST_TEST(!answer(callers, {{"Authorization", "Bearer s3cret-token"}}));
    BOOST_TEST(!answer(callers, {{"authorization", "Bearer s3cret-token"}}));
    std::string const huge = "Bearer " + std::string(1 << 20, 'x');
    for (std::string_view wrong :
         {std::string_view(""), std::string_view("s3cret-token"), std::string_view("Bearer "),
          std::string_view("Bearer s3cret-toke"), std::string_view("Bearer s3cret-token2"),
          std::string_view("bearer s3cret-token"), std::string_view("Bearer  s3cret-token"),
          std::string_view("Basic s3cret-token"), std::string_view(huge)}) {
        auto const refusal = answer(callers, {{"Authorization", wrong}});
        BOOST_REQUIRE(refusal.has_value());
        BOOST_TEST(refusal->status == 401U);
        BOOST_TEST(refusal->detail == "Unauthorized.");
    }
    BOOST_TEST(answer(callers, {}).has_value());
}

// Which of two would count? Neither.
BOOST_AUTO_TEST_CASE(takes_no_doubled_field) {
    authenticator const callers(secret_string("t"));
    BOOST_TEST(answer(callers, {{"Authorization", "Bearer t"}, {"Authorization", "Bearer t"}})
                   .has_value());
}

BOOST_AUTO_TEST_CASE(is_off_without_a_token) {
    authenticator const callers{secret_string()};
    BOOST_TEST(!answer(callers, {}));
}

BOOST_AUTO_TEST_SUITE_END()
