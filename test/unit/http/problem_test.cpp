#include "http/framing_fault.hpp"
#include "otpd/http/problem.hpp"
#include "otpd/http/request.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

namespace otpd::http {

namespace {

boost::json::object document(response const& response) {
    return boost::json::parse(response.body).as_object();
}

std::string header(response const& response, std::string_view name) {
    for (auto const& field : response.headers)
        if (field.name == name) return field.value;
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_problem)

BOOST_AUTO_TEST_CASE(has_the_members_of_rfc_9457) {
    problem problem;
    problem.status = 400;
    problem.code = "invalid_code";
    problem.detail = "Invalid OTP. \"quoted\"";
    problem.members["attempts_left"] = 3;
    auto const reply = to_response(problem);
    BOOST_TEST(reply.status == 400u);
    BOOST_TEST(reply.content_type == "application/problem+json");
    auto const json = document(reply);
    BOOST_TEST(json.at("type").as_string() == "about:blank");
    BOOST_TEST(json.at("title").as_string() == "Bad Request");
    BOOST_TEST(json.at("status").as_int64() == 400);
    BOOST_TEST(json.at("detail").as_string() == "Invalid OTP. \"quoted\"");
    BOOST_TEST(json.at("code").as_string() == "invalid_code");
    BOOST_TEST(json.at("attempts_left").as_int64() == 3);
    BOOST_TEST(!json.contains("instance"));
    BOOST_TEST(reply.headers.empty());
}

BOOST_AUTO_TEST_CASE(names_the_request) {
    request_parts parts;
    parts.request_id = "abc";
    request const asked(parts);
    BOOST_TEST(document(to_response(problem{}, asked)).at("instance").as_string() == "abc");
}

BOOST_AUTO_TEST_CASE(extension_members_do_not_replace_standard_ones) {
    problem problem;
    problem.status = 409;
    problem.members["status"] = 200;
    BOOST_TEST(document(to_response(problem)).at("status").as_int64() == 409);
}

BOOST_AUTO_TEST_CASE(writes_amounts_as_plain_decimals_however_deep_they_are) {
    problem problem;
    problem.members["a"] = 0.094;
    problem.members["b"] = boost::json::parse(
        R"([{"price":0.000001,"none":null,"open":[[],{}]},[158.46,-12.0,true,"x\"",3]])");
    BOOST_TEST(to_response(problem).body.ends_with(
                   R"(,"a":0.094,"b":[{"price":0.000001,"none":null,"open":[[],{}]},)"
                   R"([158.46,-12,true,"x\"",3]]})"),
               to_response(problem).body);
}

BOOST_AUTO_TEST_CASE(says_when_to_come_back) {
    problem problem;
    problem.status = 429;
    BOOST_TEST(header(to_response(problem), "Retry-After") == "1");
    problem.retry_after = std::chrono::seconds(0);
    BOOST_TEST(header(to_response(problem), "Retry-After") == "1");
    problem.retry_after = std::chrono::seconds(45);
    BOOST_TEST(header(to_response(problem), "Retry-After") == "45");
    problem.status = 409;
    BOOST_TEST(header(to_response(problem), "Retry-After") == "45");
    problem.retry_after.reset();
    BOOST_TEST(header(to_response(problem), "Retry-After") == "");
    problem.status = 503;
    BOOST_TEST(header(to_response(problem), "Retry-After") == "1");
}

BOOST_AUTO_TEST_CASE(carries_further_fields) {
    problem problem;
    problem.status = 429;
    problem.headers.push_back({"RateLimit", "\"a\";r=0;t=9"});
    problem.headers.push_back({"RateLimit-Policy", "\"a\";q=5;w=60"});
    auto const reply = to_response(problem);
    BOOST_TEST(reply.headers.size() == 3u);
    BOOST_TEST(header(reply, "RateLimit") == "\"a\";r=0;t=9");
    BOOST_TEST(header(reply, "RateLimit-Policy") == "\"a\";q=5;w=60");
    BOOST_TEST(header(reply, "Retry-After") == "1");
}

BOOST_AUTO_TEST_CASE(credentials_too_large_are_wrong_credentials) {
    request_parts parts;
    parts.request_id = "abc";
    request const asked(parts);
    auto const wrong = to_response(unauthorized(), asked);
    auto const large = to_response(to_problem(framing_fault::credentials_too_large), asked);
    BOOST_TEST(wrong.status == 401u);
    BOOST_TEST(document(wrong).at("code").as_string() == "unauthorized");
    BOOST_TEST(document(wrong).at("detail").as_string() == "Unauthorized.");
    BOOST_TEST(large.status == wrong.status);
    BOOST_TEST(large.body == wrong.body);
    BOOST_TEST(large.content_type == wrong.content_type);
}

// RFC 9110 15.5.2, RFC 6750 3: the challenge is always there; an error is named only if the request
// had a token.
BOOST_AUTO_TEST_CASE(unauthorized_carries_a_challenge) {
    constexpr auto plain = R"(Bearer realm="otpd")";
    constexpr auto invalid = R"(Bearer realm="otpd", error="invalid_token")";
    auto const challenge_to = [](std::vector<field_view> const& fields) {
        request_parts parts;
        parts.fields = fields;
        return header(to_response(unauthorized(), request(parts)), "WWW-Authenticate");
    };
    BOOST_TEST(header(to_response(unauthorized()), "WWW-Authenticate") == plain);
    BOOST_TEST(challenge_to({}) == plain);
    BOOST_TEST(challenge_to({{"Authorization", "Basic YTpi"}}) == plain);
    BOOST_TEST(challenge_to({{"Authorization", "bearer x"}}) == invalid);
    BOOST_TEST(header(to_response(to_problem(framing_fault::credentials_too_large)),
                      "WWW-Authenticate") == invalid);
}

BOOST_AUTO_TEST_CASE(every_framing_fault_has_its_word_and_a_status_of_its_class) {
    std::set<std::string_view> words;
    for (int i = 0; i <= static_cast<int>(framing_fault::body_timeout); ++i) {
        auto const what = to_problem(static_cast<framing_fault>(i));
        BOOST_TEST(words.insert(what.code).second);
        BOOST_TEST(what.status >= 400u);
        BOOST_TEST(reason_phrase(what.status) != "Unknown");
        BOOST_TEST(!what.detail.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
