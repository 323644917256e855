#include "api/json_body.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <string>

using otpd::api::json_body;
namespace data = boost::unit_test::data;

namespace {

std::string errors_of(json_body const& body) {
    return boost::json::serialize(body.problem().members.at("errors"));
}

/// `loc` of the only fault.
std::string place_of_fault(std::string_view text) {
    json_body const body(text);
    BOOST_REQUIRE(!body.valid());
    auto const problem = body.problem();
    auto const& errors = problem.members.at("errors").as_array();
    BOOST_REQUIRE(errors.size() == 1U);
    return boost::json::serialize(errors[0].at("loc"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_bodies)

BOOST_AUTO_TEST_CASE(give_the_requested_members) {
    json_body body(R"({"a":"text","n":3,"ignored":{"a":[1,{"a":2}]},"e":"\u00e9\n"})");
    BOOST_TEST(body.required_string("a").value() == "text");
    BOOST_TEST(body.optional_string("e").value() == "\xc3\xa9\n");
    BOOST_TEST(body.optional_integer("n", 1, 8).value() == 3);
    BOOST_TEST(!body.optional_string("missing"));
    BOOST_TEST(body.valid());
}

BOOST_AUTO_TEST_CASE(an_object_of_strings_is_read_in_its_order) {
    json_body body(R"({"a":{"y":"1","x":"caf\u00e9 {\"z\":1}"},"b":{},"c":null,"d":"text"})");
    auto const texts = body.optional_texts("a");
    BOOST_TEST_REQUIRE(texts.has_value());
    BOOST_TEST_REQUIRE(texts->size() == 2U);
    BOOST_TEST((texts->at(0) == json_body::named_text("y", "1")));
    BOOST_TEST((texts->at(1) == json_body::named_text("x", "caf\xc3\xa9 {\"z\":1}")));
    BOOST_TEST(body.optional_texts("b")->empty());
    BOOST_TEST(!body.optional_texts("c"));
    BOOST_TEST(!body.optional_texts("e"));
    BOOST_TEST(body.required_string("d").value() == "text");
    BOOST_TEST(body.valid());
}

BOOST_AUTO_TEST_CASE(an_object_of_anything_else_is_a_fault_where_strings_are_read) {
    std::string nine = R"({"a":{)";
    for (char name = 'a'; name < 'a' + 9; ++name)
        nine += std::string(name == 'a' ? "" : ",") + '"' + name + R"(":"x")";
    for (auto const& text :
         {std::string(R"({"a":"x"})"), std::string(R"({"a":1})"), std::string(R"({"a":["x"]})"),
          std::string(R"({"a":[{"x":"y"}]})"), std::string(R"({"a":{"x":1}})"),
          std::string(R"({"a":{"x":null}})"), std::string(R"({"a":{"x":{"y":"z"}}})"),
          std::string(R"({"a":{"x":["y"]}})"), std::string(R"({"a":{"x":"y","z":true}})"),
          std::string(R"({"a":{"x":"y","x":"z"}})"), nine + "}}"}) {
        json_body body(text);
        BOOST_TEST(body.valid(), text); // as long as nobody asks for it
        BOOST_TEST(!body.optional_texts("a"), text);
        BOOST_TEST(!body.valid(), text);
    }
}

// A nested member never replaces one of the outermost object.
BOOST_AUTO_TEST_CASE(do_not_read_other_members) {
    json_body body(R"({"x":{"phone_number":"31651860670"},"y":[{"phone_number":"1"}]})");
    BOOST_TEST(!body.required_string("phone_number"));
    BOOST_TEST(!body.valid());
}

BOOST_AUTO_TEST_CASE(name_every_fault_at_once) {
    json_body body(R"({"purpose":7,"route_id":9})");
    body.required_string("phone_number");
    body.optional_string("purpose");
    body.optional_integer("route_id", 1, 8);
    BOOST_TEST(
        errors_of(body) ==
        R"([{"loc":["body","phone_number"],"msg":"Field required","type":"missing"},)"
        R"({"loc":["body","purpose"],"msg":"Input should be a valid string","type":"string_type"},)"
        R"({"loc":["body","route_id"],"msg":"Input should be less than or equal to 8","type":"less_than_equal"}])");
    BOOST_TEST(body.problem().status == 422U);
}

struct integer_case {
    char const* text;
    bool accepted;
};
static std::ostream& operator<<(std::ostream& out, integer_case const& c) {
    return out << c.text;
}
std::array const integers{
    integer_case{"1", true},           integer_case{"8", true},
    integer_case{"0", false},          integer_case{"9", false},
    integer_case{"-1", false},         integer_case{"3.0", false},
    integer_case{"3e0", false},        integer_case{"\"3\"", false},
    integer_case{"true", false},       integer_case{"[3]", false},
    integer_case{"{\"a\":3}", false},  integer_case{"9223372036854775808", false}, // over int64
    integer_case{"4294967299", false},                                             // 3 modulo 2^32
};
// A route has one notation: an integer token within the bounds.
BOOST_DATA_TEST_CASE(read_integer_tokens_only, data::make(integers)) {
    json_body body(std::string(R"({"route_id":)") + sample.text + "}");
    BOOST_TEST(body.optional_integer("route_id", 1, 8).has_value() == sample.accepted);
    BOOST_TEST(body.valid() == sample.accepted);
}

struct loose_case {
    char const* text;
    int number; ///< 0: refused
};
static std::ostream& operator<<(std::ostream& out, loose_case const& c) {
    return out << c.text;
}
std::array const loose_integers{
    loose_case{"3", 3},
    loose_case{"\"3\"", 3},
    loose_case{"\" 3\"", 3},
    loose_case{"3.0", 3},
    loose_case{"3E0", 3},
    loose_case{"\"3.00\"", 3},
    loose_case{"3.5", 0},
    loose_case{"\"3x\"", 0},
    loose_case{"\"3 0\"", 0},
    loose_case{"\"0x3\"", 0},
    loose_case{"\"\"", 0},
    loose_case{"\"0\"", 0},
    loose_case{"9.0", 0},
    loose_case{"\"nan\"", 0},
    loose_case{"\"inf\"", 0},
    loose_case{"true", 0},
    loose_case{"[3]", 0},
    loose_case{"\"4294967299\"", 0}, // 3 modulo 2^32
    loose_case{"\"99999999999999999999\"", 0},
};
BOOST_DATA_TEST_CASE(read_texts_and_whole_decimals_as_integers_for_programs_of_the_reference,
                     data::make(loose_integers)) {
    json_body body(std::string(R"({"route_id":)") + sample.text + "}", true);
    BOOST_TEST(body.optional_integer("route_id", 1, 8).value_or(0) == sample.number);
    BOOST_TEST(body.valid() == (sample.number != 0));
}

std::array<char const*, 12> const not_json{
    "{",           "{\"a\":}",        "{\"a\":1,}",  "{'a':1}",       "{\"a\":01}",
    "{\"a\":NaN}", "{\"a\":1} x",     "{\"a\":1}{}", "/**/{\"a\":1}", "{\"a\":\"\x01\"}",
    "\xff",        "{\"a\":\"\xff\"}"};
// Strict RFC 8259: no comments, no trailing commas, no control characters, valid UTF-8 only.
BOOST_DATA_TEST_CASE(refuse_what_is_not_json, data::make(not_json)) {
    json_body const body(sample);
    BOOST_TEST(!body.valid());
    BOOST_TEST(errors_of(body).find("json_invalid") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(say_where_the_json_breaks) {
    BOOST_TEST(place_of_fault(R"({"phone_number":)") == R"(["body",16])");
    BOOST_TEST(place_of_fault("") == R"(["body"])");
    BOOST_TEST(place_of_fault("[1]") == R"(["body"])");
    BOOST_TEST(place_of_fault("3") == R"(["body"])");
    BOOST_TEST(place_of_fault("\"x\"") == R"(["body"])");
    BOOST_TEST(place_of_fault("null") == R"(["body"])");
}

// Two parsers could pick different values.
BOOST_AUTO_TEST_CASE(refuse_a_name_that_occurs_twice) {
    BOOST_TEST(!json_body(R"({"code":"111111","code":"222222"})").valid());
    BOOST_TEST(!json_body(R"({"code":"1","co\u0064e":"2"})").valid());
    BOOST_TEST(json_body(R"({"x":{"a":1},"y":{"a":1}})").valid());
}

BOOST_AUTO_TEST_CASE(are_bounded_in_depth_and_members) {
    auto nested = [](int depth) {
        return R"({"x":)" + std::string(static_cast<std::size_t>(depth), '[') +
               std::string(static_cast<std::size_t>(depth), ']') + "}";
    };
    BOOST_TEST(json_body(nested(7)).valid()); // with the object: 8 levels
    BOOST_TEST(!json_body(nested(8)).valid());
    auto with_members = [](int count) {
        std::string text = "{";
        for (int i = 0; i < count; ++i)
            text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
        return text + "}";
    };
    BOOST_TEST(json_body(with_members(32)).valid());
    BOOST_TEST(!json_body(with_members(33)).valid());
}

// An unreadable body has one fault: its members are unknown, not missing.
BOOST_AUTO_TEST_CASE(blame_an_unreadable_body_once) {
    json_body body("");
    body.required_string("phone_number");
    BOOST_TEST(body.problem().members.at("errors").as_array().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
