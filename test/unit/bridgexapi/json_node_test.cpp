#include "bridgexapi/json_node.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace otpd::bridgexapi;

namespace {

constexpr std::size_t depth = 4;

bool is_read(std::string_view body) {
    json_document const document(body, depth);
    return !std::holds_alternative<std::monostate>(document.root().value);
}

std::string text_of(std::string const& string) {
    std::string const body = "[" + string + "]";
    json_document const document(body, depth);
    BOOST_TEST_REQUIRE(document.root().is_array());
    auto const* text = (*document.root().begin()).as<std::string_view>();
    BOOST_TEST_REQUIRE(text != nullptr);
    return std::string(*text);
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_nodes)

BOOST_AUTO_TEST_CASE(have_each_value_in_its_place) {
    json_document const document(
        R"( {"a": [1, [], {"b": -2.5}], "c": {}, "d": 18446744073709551615, "e": true, "f": null} )",
        depth);
    auto const& root = document.root();
    BOOST_TEST_REQUIRE(root.is_object());
    auto const* a = root.find("a");
    BOOST_TEST_REQUIRE((a != nullptr && a->is_array()));
    auto each = a->begin();
    BOOST_TEST(*(*each).as<std::int64_t>() == 1);
    ++each;
    BOOST_TEST((*each).is_array());
    BOOST_TEST(((*each).begin() == (*each).end()));
    ++each;
    BOOST_TEST_REQUIRE((*each).is_object());
    BOOST_TEST(*(*each).find("b")->as<double>() == -2.5);
    ++each;
    BOOST_TEST((each == a->end()));
    BOOST_TEST(root.find("c")->is_object());
    BOOST_TEST(root.find("c")->find("b") == nullptr);
    BOOST_TEST(*root.find("d")->as<std::uint64_t>() == 18446744073709551615U);
    BOOST_TEST(*root.find("e")->as<bool>());
    BOOST_TEST(std::holds_alternative<std::monostate>(root.find("f")->value));
    BOOST_TEST(root.find("b") == nullptr); // it is further inside
}

BOOST_AUTO_TEST_CASE(have_texts_with_and_without_escapes) {
    BOOST_TEST(text_of(R"("")") == "");
    BOOST_TEST(text_of(R"("plain")") == "plain");
    BOOST_TEST(text_of(R"("a\"b\\c\u0041\n")") == "a\"b\\cA\n");
    BOOST_TEST(text_of(R"("\ud83d\ude00 end")") == "\xf0\x9f\x98\x80 end");
    auto const long_text = std::string(5000, 'x');
    BOOST_TEST(text_of("\"" + long_text + "\\t" + long_text + "\"") ==
               long_text + "\t" + long_text);
    json_document const document(R"({"\u0061b":1,"c\n":"\u0064","e":"f"})", depth);
    BOOST_TEST(*document.root().find("ab")->as<std::int64_t>() == 1);
    BOOST_TEST(*document.root().find("c\n")->as<std::string_view>() == "d");
    BOOST_TEST(*document.root().find("e")->as<std::string_view>() == "f");
}

BOOST_AUTO_TEST_CASE(find_the_last_of_several) {
    json_document const document(R"({"a":1,"b":{"a":3},"a":2})", depth);
    BOOST_TEST(*document.root().find("a")->as<std::int64_t>() == 2);
}

BOOST_AUTO_TEST_CASE(are_nothing_when_the_text_is_no_json) {
    BOOST_TEST(is_read("[[[[]]]]"));
    for (char const* body : {"", " ", "{", "{}}", "[1,]", "[1] x", "{\"a\"}", "'a'", "[[[[[]]]]]",
                             "nul", "01", "\"\xff\"", "[\"\xc3\"]", "\"a\nb\"", "[1]/*x*/", "null"})
        BOOST_TEST(!is_read(body), body);
}

BOOST_AUTO_TEST_SUITE_END()
