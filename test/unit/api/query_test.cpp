// The query of a request's target: query.hpp.

#include "api/query.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>
#include <string>

using otpd::api::query;
namespace data = boost::unit_test::data;

namespace {

query with(std::string_view text) {
    return query(text, {"country", "purpose", "window"});
}

/// The positions of all faults.
std::string places(query const& asked) {
    std::string all;
    if (asked.valid()) return all;
    auto const problem = asked.problem();
    for (auto const& member : problem.members.at("errors").as_array())
        all += boost::json::serialize(member.at("loc"));
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(queries)

BOOST_AUTO_TEST_CASE(give_the_requested_parameters) {
    auto asked = with("country=NL&window=3600");
    BOOST_TEST(asked.text("country").value() == "NL");
    BOOST_TEST(asked.integer("window", 60, 7200).value() == 3600);
    BOOST_TEST(!asked.text("purpose"));
    BOOST_TEST(!asked.integer("purpose", 0, 1));
    BOOST_TEST(asked.valid());
    BOOST_TEST(with("").valid());
}

BOOST_AUTO_TEST_CASE(are_percent_decoded_in_names_and_values) {
    BOOST_TEST(with("purpose=pay%20now").text("purpose").value() == "pay now");
    BOOST_TEST(with("purpose=pay+now").text("purpose").value() == "pay now");
    BOOST_TEST(with("purpose=a%2Bb%26c%3D").text("purpose").value() == "a+b&c=");
    BOOST_TEST(with("%70urpose=x").text("purpose").value() == "x");
    BOOST_TEST(with("purpose=").text("purpose").value() == "");
    BOOST_TEST(with("purpose").text("purpose").value() == "");
    BOOST_TEST(with("purpose=a=b").text("purpose").value() == "a=b");
}

// A misspelt filter would silently give another answer.
BOOST_AUTO_TEST_CASE(refuse_what_nobody_knows) {
    BOOST_TEST(places(with("contry=NL")) == R"(["query","contry"])");
    BOOST_TEST(places(with("Country=NL&windows=1")) == R"(["query"]["query","windows"])");
    BOOST_TEST(places(with("country=NL&")) == R"(["query"])");
    BOOST_TEST(places(with("&")) == R"(["query"]["query"])");
}

// Duplicates are ambiguous.
BOOST_AUTO_TEST_CASE(refuse_what_occurs_twice) {
    BOOST_TEST(places(with("country=NL&country=NL")) == R"(["query","country"])");
    BOOST_TEST(places(with("country=NL&countr%79=BE")) == R"(["query","country"])");
}

BOOST_AUTO_TEST_CASE(refuse_what_is_no_query) {
    for (auto const* wrong : {"country=%", "country=%4", "country=%zz", "country=\"", "a b"})
        BOOST_TEST(places(with(wrong)) == R"(["query"])", wrong);
}

// It may be anything, even a phone number, or not text at all.
BOOST_AUTO_TEST_CASE(do_not_repeat_what_cannot_be_a_name) {
    for (auto const* strange :
         {"31612345678=1", "%FF%00=1", "a-b=1", "=1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1"})
        BOOST_TEST(places(with(strange)) == R"(["query"])", strange);
}

struct integer_case {
    char const* text;
    char const* fault; ///< empty: accepted
};
static std::ostream& operator<<(std::ostream& out, integer_case const& c) {
    return out << c.text;
}
std::array const integers{
    integer_case{"60", ""},
    integer_case{"100", ""},
    integer_case{"0060", ""},
    integer_case{"59", "greater_than_equal"},
    integer_case{"101", "less_than_equal"},
    integer_case{"4294967356", "less_than_equal"}, // 60 modulo 2^32
    integer_case{"99999999999999999999999", "less_than_equal"},
    integer_case{"", "int_parsing"},
    integer_case{"-60", "int_parsing"},
    integer_case{"%2B60", "int_parsing"},
    integer_case{"+60", "int_parsing"},
    integer_case{"60.0", "int_parsing"},
    integer_case{"6e1", "int_parsing"},
    integer_case{"0x3c", "int_parsing"},
};
BOOST_DATA_TEST_CASE(read_decimal_digits_within_the_bounds, data::make(integers)) {
    auto asked = with("window=" + std::string(sample.text));
    auto const value = asked.integer("window", 60, 100);
    BOOST_TEST(value.has_value() == (*sample.fault == '\0'));
    BOOST_TEST(asked.valid() == value.has_value());
    if (value) return;
    auto const problem = asked.problem();
    BOOST_TEST(problem.status == 422U);
    BOOST_TEST(problem.code == "validation_failed");
    BOOST_TEST(problem.members.at("errors").at(0).at("type").as_string() == sample.fault);
}

BOOST_AUTO_TEST_SUITE_END()
