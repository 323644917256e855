// The field Idempotency-Key: idempotency_key.hpp.

#include "api/idempotency_key.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

using namespace otpd;
using namespace otpd::api;
namespace data = boost::unit_test::data;

namespace {

auto read(std::vector<http::field_view> const& fields, std::string_view body = "{}") {
    http::request_parts parts;
    parts.fields = fields;
    parts.body = body;
    http::request const request(parts);
    return read_idempotency_key(request);
}

/// The key, `none` without one, `refused` if it is invalid.
std::string key_of(std::string_view value) {
    auto const key = read({{"Idempotency-Key", value}});
    if (!key) return "refused";
    return *key ? (*key)->key : "none";
}

/// The fingerprint of a body with the key `k`.
auto fingerprint_of(std::string_view body) {
    return read({{"Idempotency-Key", "k"}}, body).value().value().fingerprint;
}

struct accepted_case {
    char const* field;
    char const* key;
};
std::ostream& operator<<(std::ostream& out, accepted_case const& c) {
    return out << c.field;
}
std::array const accepted{
    accepted_case{R"("8e03978e-40d5-43dd-bc93-6894a57f9324")",
                  "8e03978e-40d5-43dd-bc93-6894a57f9324"},
    accepted_case{"8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"},
    accepted_case{R"("a b")", "a b"},
    accepted_case{R"(" ")", " "},
    accepted_case{R"("a\"b\\c")", R"(a"b\c)"},
    accepted_case{R"("\\")", R"(\)"},
    accepted_case{R"(a\b)", R"(a\b)"}, // no escapes without quotes
    accepted_case{"a;b=1,c", "a;b=1,c"},
    accepted_case{"~!#", "~!#"},
};

std::array<char const*, 20> const refused{
    "",         R"("")",    "\"",       "\"\"\"",       R"("a)",      R"(a")",       R"(a"b)",
    R"("a"b")", R"("a\")",  R"("a\b")", R"("a" "b")",   R"("a";p=1)", R"("a", "b")", "a b",
    "a\tb",     "\"a\tb\"", "\xc3\xa9", "\"\xc3\xa9\"", "\"a\x7f\"",  "a\x01"};

} // namespace

BOOST_AUTO_TEST_SUITE(idempotency_keys)

BOOST_AUTO_TEST_CASE(are_not_asked_for) {
    auto const key = read({{"Content-Type", "application/json"}});
    BOOST_REQUIRE(key.has_value());
    BOOST_TEST(!key->has_value());
}

BOOST_DATA_TEST_CASE(are_read_quoted_and_bare, data::make(accepted)) {
    BOOST_TEST(key_of(sample.field) == sample.key);
}

// Ignoring an invalid key could send twice what must be sent once.
BOOST_DATA_TEST_CASE(are_refused_rather_than_passed_over, data::make(refused)) {
    BOOST_TEST(key_of(sample) == "refused");
}

BOOST_AUTO_TEST_CASE(that_are_refused_say_what_a_key_is) {
    auto const fault = to_problem(read({{"Idempotency-Key", ""}}).error());
    BOOST_TEST(fault.status == 400U);
    BOOST_TEST(fault.code == "idempotency_key_invalid");
    BOOST_TEST(!fault.detail.empty());
}

// However the field's name is written, two of them are refused, not merged.
BOOST_AUTO_TEST_CASE(occur_once) {
    BOOST_TEST(read({{"idempotency-key", "k"}}).value().value().key == "k");
    BOOST_TEST(!read({{"Idempotency-Key", "k"}, {"Idempotency-Key", "k"}}));
    BOOST_TEST(!read({{"Idempotency-Key", "k"}, {"IDEMPOTENCY-KEY", "l"}}));
}

BOOST_AUTO_TEST_CASE(have_at_most_255_characters) {
    auto const quoted = [](std::string const& text) { return '"' + text + '"'; };
    std::string const longest(255, 'k');
    std::string const too_long(256, 'k');
    BOOST_TEST(key_of(longest) == longest);
    BOOST_TEST(key_of(quoted(longest)) == longest);
    BOOST_TEST(key_of(too_long) == "refused");
    BOOST_TEST(key_of(quoted(too_long)) == "refused");
    // Only the key's characters count, not their escapes.
    std::string escaped;
    for (int i = 0; i < 255; ++i)
        escaped += R"(\")";
    BOOST_TEST(key_of(quoted(escaped)) == std::string(255, '"'));
}

BOOST_AUTO_TEST_CASE(carry_a_fingerprint_of_the_body) {
    constexpr std::string_view body = R"({"phone_number":"31612345678"})";
    BOOST_TEST((fingerprint_of(body) == fingerprint_of(body)));
    for (std::string_view other :
         {R"({"phone_number":"31612345679"})", "", R"({"phone_number":"31612345678"} )"})
        BOOST_TEST((fingerprint_of(body) != fingerprint_of(other)), other);
}

BOOST_AUTO_TEST_SUITE_END()
