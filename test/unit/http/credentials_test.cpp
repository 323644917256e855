#include "otpd/http/credentials.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>

using namespace otpd::http;

namespace {

/// The token, or `none`.
std::string token_in(std::string_view authorization) {
    std::array const fields{field_view{"authorization", authorization}};
    request_parts parts;
    parts.fields = fields;
    return std::string(bearer_token(request(parts)).value_or("none"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(credentials)

// RFC 9110 11.1: a scheme is compared without regard to case; 11.4: one or more spaces follow it.
BOOST_AUTO_TEST_CASE(are_a_scheme_in_any_case_spaces_and_a_token) {
    for (auto const* field : {"Bearer tok", "bearer tok", "BEARER tok", "bEaReR tok", "Bearer  tok",
                              "Bearer          tok"})
        BOOST_TEST(token_in(field) == "tok", field);
    BOOST_TEST(token_in("Bearer a-z.A_Z~0+9/==") == "a-z.A_Z~0+9/==");
    BOOST_TEST(token_in("Bearer TOK") == "TOK"); // the token is compared exactly
}

BOOST_AUTO_TEST_CASE(are_none_in_another_form) {
    for (auto const* field : {"", "tok", "Bearer", "Bearer ", "Bearertok", "Bearer\ttok",
                              "Basic tok", "Bearers tok", "Beare tok", "Bearer:tok", " "})
        BOOST_TEST(token_in(field) == "none", field);
    BOOST_TEST(!bearer_token(request(request_parts{})));
    std::array const twice{field_view{"Authorization", "Bearer t"},
                           field_view{"authorization", "Bearer t"}};
    request_parts parts;
    parts.fields = twice;
    BOOST_TEST(!bearer_token(request(parts)));
}

BOOST_AUTO_TEST_SUITE_END()
