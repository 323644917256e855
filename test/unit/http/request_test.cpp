#include "http/request_id.hpp"
#include "otpd/http/request.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <set>
#include <string>

namespace otpd::http {

BOOST_AUTO_TEST_SUITE(http_request)

BOOST_AUTO_TEST_CASE(finds_a_field_that_occurs_once_whatever_its_case) {
    std::array const fields = {field_view{"Host", "a"}, field_view{"X-A", "1"},
                               field_view{"x-a", "2"}, field_view{"X-Empty", ""}};
    request_parts parts;
    parts.fields = fields;
    request const asked(parts);
    BOOST_TEST(asked.header("hOST").value() == "a");
    BOOST_TEST(asked.header("x-empty").value() == "");
    BOOST_TEST(!asked.header("X-A").has_value());
    BOOST_TEST(!asked.header("X_A").has_value());
    BOOST_TEST(!asked.header("Hos").has_value());
    BOOST_TEST(asked.fields().size() == 4u);
}

BOOST_AUTO_TEST_CASE(judges_request_ids) {
    BOOST_TEST(is_valid_request_id("a"));
    BOOST_TEST(is_valid_request_id("AZaz09._-"));
    BOOST_TEST(is_valid_request_id(std::string(63, 'a')));
    BOOST_TEST(is_valid_request_id(std::string(64, 'a')));
    BOOST_TEST(!is_valid_request_id(std::string(65, 'a')));
    BOOST_TEST(!is_valid_request_id(""));
    for (std::string_view bad : {"a b", "a\"b", "a\r\nb", "a{b", "\xc3\xa4", "a/b", "a,b"})
        BOOST_TEST(!is_valid_request_id(bad));
}

BOOST_AUTO_TEST_CASE(makes_ids_that_differ) {
    std::set<std::string> ids;
    std::string id;
    for (int i = 0; i < 1000; ++i) {
        make_request_id(id);
        BOOST_TEST(id.size() == 32u);
        BOOST_TEST(is_valid_request_id(id));
        ids.insert(id);
    }
    BOOST_TEST(ids.size() == 1000u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
