#include "api/json_writer.hpp"
#include "api/problems.hpp"
#include "api/steps.hpp"
#include "otpd/core/decimal.hpp"
#include "otpd/core/utc.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
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

// Every number reads back as the same number.
BOOST_AUTO_TEST_CASE(write_numbers_that_are_read_as_the_same_ones) {
    auto const text = [](double value) { return json_writer().add("v", value).finish(); };
    BOOST_TEST(text(0.0) == R"({"v":0})");
    BOOST_TEST(text(0.8301) == R"({"v":0.8301})");
    for (double const value : {0.1 + 0.2, 1.0 / 3, 1e-7, 123456789.125, 5e-324, 1.7e308})
        BOOST_TEST(boost::json::parse(text(value)).at("v").to_number<double>() == value);
    BOOST_TEST(text(std::numeric_limits<double>::infinity()) == R"({"v":null})");
    BOOST_TEST(text(std::numeric_limits<double>::quiet_NaN()) == R"({"v":null})");
}

BOOST_AUTO_TEST_CASE(write_what_was_written_before_as_a_member) {
    auto const inner = json_writer().add("samples", 7).finish();
    BOOST_TEST(json_writer().add_json("a", inner).add("b", 1).finish() ==
               R"({"a":{"samples":7},"b":1})");
}

// The members of one object, however they are written: an array contains JSON texts.
BOOST_AUTO_TEST_CASE(write_arrays_of_what_was_written_before) {
    auto const one = json_writer().add("event", "admitted").finish();
    BOOST_TEST(json_writer().add_array("a", {one, "7"}).add_array("none", {}).finish() ==
               R"({"a":[{"event":"admitted"},7],"none":[]})");
}

BOOST_AUTO_TEST_CASE(write_times_in_utc_with_milliseconds) {
    using namespace std::chrono;
    auto const at = [](sys_days day, milliseconds time) { return to_timestamp(day + time); };
    BOOST_TEST(at(1970y / 1 / 1, 0ms) == "1970-01-01T00:00:00.000Z");
    BOOST_TEST(at(2026y / 11 / 25, 16h + 5min + 9s + 7ms) == "2026-11-25T16:05:09.007Z");
    BOOST_TEST(at(2028y / 2 / 29, 23h + 59min + 59s + 999ms) == "2028-02-29T23:59:59.999Z");
    // Rounds down to milliseconds, also before 1970.
    BOOST_TEST(to_timestamp(wall_time(sys_days(2026y / 1 / 1)) + 999'999ns) ==
               "2026-01-01T00:00:00.000Z");
    BOOST_TEST(to_timestamp(wall_time(sys_days(1970y / 1 / 1)) - 1ns) ==
               "1969-12-31T23:59:59.999Z");
    BOOST_TEST(json_writer().add("at", wall_time(sys_days(2026y / 1 / 2))).finish() ==
               R"({"at":"2026-01-02T00:00:00.000Z"})");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(problems)

struct expected {
    otp::errc code;
    unsigned status;
    char const* word;
};
// The contract that clients rely on: one row for every refusal of the domain.
std::array const contract{
    expected{otp::errc::number_invalid, 422, "validation_failed"},
    expected{otp::errc::number_other_spelling, 422, "validation_failed"},
    expected{otp::errc::destination_not_allowed, 403, "destination_not_allowed"},
    expected{otp::errc::purpose_not_allowed, 403, "purpose_not_allowed"},
    expected{otp::errc::route_not_allowed, 403, "route_not_allowed"},
    expected{otp::errc::route_plan_unknown, 422, "route_plan_unknown"},
    expected{otp::errc::no_route, 403, "no_route_available"},
    expected{otp::errc::message_too_long, 422, "validation_failed"},
    expected{otp::errc::cooldown_active, 429, "cooldown_active"},
    expected{otp::errc::limit_exceeded, 429, "limit_exceeded"},
    expected{otp::errc::challenge_required, 403, "challenge_required"},
    expected{otp::errc::send_in_progress, 409, "send_in_progress"},
    expected{otp::errc::idempotency_key_reused, 422, "idempotency_key_reused"},
    expected{otp::errc::upstream_rejected, 502, "upstream_rejected"},
    expected{otp::errc::upstream_unavailable, 503, "upstream_unavailable"},
    expected{otp::errc::delivery_unknown, 504, "delivery_unknown"},
    expected{otp::errc::capacity_exhausted, 503, "store_full"},
    expected{otp::errc::invalid_code, 400, "invalid_code"},
    expected{otp::errc::no_active_otp, 404, "no_active_otp"},
    expected{otp::errc::attempts_exceeded, 429, "attempts_exceeded"},
    expected{otp::errc::guesses_exceeded, 429, "attempts_exceeded"},
    expected{otp::errc::verification_not_found, 404, "verification_not_found"},
    expected{otp::errc::verification_ended, 409, "verification_ended"},
    expected{otp::errc::delivery_not_found, 404, "delivery_not_found"},
    expected{otp::errc::client_not_found, 404, "client_not_found"},
    expected{otp::errc::destination_not_found, 404, "destination_not_found"},
    expected{otp::errc::destinations_full, 409, "destinations_full"},
    expected{otp::errc::operator_only, 403, "operator_only"},
    expected{otp::errc::upstream_failed, 502, "upstream_failed"},
    expected{otp::errc::store_unavailable, 503, "store_unavailable"},
};

BOOST_AUTO_TEST_CASE(have_a_status_and_a_word_for_every_failure) {
    BOOST_TEST(contract.size() == static_cast<std::size_t>(otp::errc::store_unavailable) + 1);
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

BOOST_AUTO_TEST_CASE(tell_how_long_the_code_lives_and_give_the_token) {
    otp::failure why{otp::errc::cooldown_active, 45s};
    why.code_expires_in = 290s;
    auto what = to_problem(why);
    BOOST_TEST(what.detail == "OTP was sent too recently. Retry in 45 seconds."); // the reference's
    BOOST_TEST(what.members.at("expires_in_seconds").to_number<int>() == 290);
    why.code = otp::errc::limit_exceeded;
    what = to_problem(why);
    BOOST_TEST(what.detail == "Too many requests. Nothing was sent or checked. The code that you "
                              "have is still good.");
    BOOST_TEST(what.members.at("expires_in_seconds").to_number<int>() == 290);

    otp::failure challenge{otp::errc::challenge_required};
    challenge.violated = {{"pumping_prefix", 45s}};
    challenge.challenge_token = "0a1b";
    what = to_problem(challenge);
    BOOST_TEST(boost::json::serialize(what.members) == R"({"challenge_token":"0a1b"})");
    BOOST_TEST(what.headers.empty());
}

BOOST_AUTO_TEST_CASE(name_the_reason_as_a_word) {
    otp::failure why{otp::errc::upstream_rejected};
    why.reason = bridgexapi::reason::insufficient_balance;
    BOOST_TEST(to_problem(why).members.at("reason").as_string() == "insufficient_balance");
}

// A retry helps in the first case, and mostly not in the second.
BOOST_AUTO_TEST_CASE(distinguish_an_unreachable_upstream_from_one_that_failed) {
    using enum bridgexapi::reason;
    for (int i = 0; i <= static_cast<int>(shutting_down); ++i) {
        auto const reason = static_cast<bridgexapi::reason>(i);
        otp::failure why{otp::errc::upstream_failed};
        why.reason = reason;
        auto const what = to_problem(why);
        bool const reached = reason != connect_failed && reason != tls_failed &&
                             reason != circuit_open && reason != pool_exhausted &&
                             reason != shutting_down;
        BOOST_TEST(what.status == (reached ? 502U : 503U), bridgexapi::to_string(reason));
        BOOST_TEST(what.code == "upstream_failed");
        BOOST_TEST((what.retry_after == 1s));
    }
}

namespace {

using step = otp::step_report;

std::vector<step> const two_steps{
    {8, step::result::rejected, "vendor_failed", money::from_micros(88'000)},
    {3, step::result::skipped, "price", std::nullopt}};

} // namespace

BOOST_AUTO_TEST_CASE(show_the_result_of_each_route) {
    otp::failure why{otp::errc::no_route};
    why.steps = two_steps;
    auto const steps = to_problem(why).members.at("steps").as_array();
    BOOST_REQUIRE(steps.size() == 2U);
    BOOST_TEST(steps[0].at("route_id").to_number<int>() == 8);
    BOOST_TEST(steps[0].at("outcome").as_string() == "rejected");
    BOOST_TEST(steps[0].at("reason").as_string() == "vendor_failed");
    BOOST_TEST(steps[0].at("price").to_number<double>() == 0.088);
    BOOST_TEST(steps[1].at("price").is_null());
    BOOST_TEST(!to_problem(otp::failure{otp::errc::no_route}).members.contains("steps"));
}

// In replies and problems alike.
BOOST_AUTO_TEST_CASE(list_routes_as_replies_do) {
    auto steps = two_steps;
    steps.push_back({1, step::result::accepted, {}, money::from_micros(1)});
    std::vector<std::string> texts;
    std::ranges::transform(steps, std::back_inserter(texts), write_step);
    BOOST_TEST(texts[0] ==
               R"({"route_id":8,"outcome":"rejected","reason":"vendor_failed","price":0.088})");
    BOOST_TEST(texts[2] == R"({"route_id":1,"outcome":"accepted","reason":null,"price":0.000001})");
    otp::failure why{otp::errc::no_route};
    why.steps = steps;
    auto const body = http::to_response(to_problem(why)).body;
    BOOST_TEST(body.ends_with(R"(,"steps":[)" + texts[0] + ',' + texts[1] + ',' + texts[2] + "]}"),
               body);
}

namespace {

/// The value of a header field, or `none`.
std::string field_of(http::problem const& problem, std::string_view name) {
    auto const found = std::ranges::find(problem.headers, name, &http::header_field::name);
    return found == problem.headers.end() ? "none" : found->value;
}

} // namespace

// Reports all violated limits, so that a client does not wait for one only to meet the next.
BOOST_AUTO_TEST_CASE(name_every_violated_limit_with_its_own_wait) {
    otp::failure why{otp::errc::limit_exceeded, 340s};
    why.violated = {
        {"cooldown", 45s, 1, 90s}, {"number_10m", 118s, 5, 600s}, {"address_1h", 340s, 20, 1h}};
    auto const what = to_problem(why);
    BOOST_TEST(boost::json::serialize(what.members.at("violated")) ==
               R"([{"limit":"cooldown","retry_after_seconds":45},)"
               R"({"limit":"number_10m","retry_after_seconds":118},)"
               R"({"limit":"address_1h","retry_after_seconds":340}])");
    BOOST_TEST((what.retry_after == 340s));
    BOOST_TEST(field_of(what, "RateLimit-Policy") ==
               R"("cooldown";q=1;w=90, "number_10m";q=5;w=600, "address_1h";q=20;w=3600)");
    BOOST_TEST(field_of(what, "RateLimit") ==
               R"("cooldown";r=0;t=45, "number_10m";r=0;t=118, "address_1h";r=0;t=340)");
}

// If only the cooldown refuses, it has its own code, but the same fields.
BOOST_AUTO_TEST_CASE(list_the_cooldown_like_every_other_limit) {
    otp::failure why{otp::errc::cooldown_active, 45s};
    why.violated = {{"cooldown", 45s, 1, 90s}};
    auto const what = to_problem(why);
    BOOST_TEST(field_of(what, "RateLimit-Policy") == R"("cooldown";q=1;w=90)");
    BOOST_TEST(field_of(what, "RateLimit") == R"("cooldown";r=0;t=45)");
    BOOST_TEST(!what.members.contains("violated"));
}

BOOST_AUTO_TEST_CASE(list_no_limits_where_none_refused) {
    auto const what = to_problem(otp::failure{otp::errc::invalid_code});
    BOOST_TEST(what.headers.empty());
    BOOST_TEST(!what.members.contains("violated"));
    BOOST_TEST(!what.members.contains("errors"));
}

// A body with well-formed but impossible values reads like any other 422.
BOOST_AUTO_TEST_CASE(list_what_is_wrong_with_a_body_as_its_reader_does) {
    auto const place = [](otp::errc code) {
        auto const what = to_problem(otp::failure{code});
        auto const& errors = what.members.at("errors").as_array();
        BOOST_TEST(errors.size() == 1U);
        BOOST_TEST(errors[0].at("type").as_string() == "value_error");
        BOOST_TEST(!errors[0].at("msg").as_string().empty());
        return boost::json::serialize(errors[0].at("loc"));
    };
    for (auto const code : {otp::errc::number_invalid, otp::errc::number_other_spelling})
        BOOST_TEST(place(code) == R"(["body","phone_number"])");
    BOOST_TEST(place(otp::errc::message_too_long) == R"(["body"])");
}

BOOST_AUTO_TEST_SUITE_END()
