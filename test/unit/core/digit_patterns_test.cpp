#include "digit_patterns.hpp"

#include <boost/test/unit_test.hpp>

#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

using namespace otpd;

namespace {

/// All texts of up to `most` digits below 4.
std::vector<std::string> texts(std::size_t most) {
    std::vector<std::string> all{""};
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i].size() < most)
            for (char c = '0'; c < '4'; ++c)
                all.push_back(all[i] + c);
    return all;
}

bool matches_a_beginning(std::string const& text, std::regex const& pattern) {
    for (std::size_t size = 0; size <= text.size(); ++size)
        if (std::regex_match(text.substr(0, size), pattern)) return true;
    return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(patterns_of_digits)

BOOST_AUTO_TEST_CASE(know_what_may_be_a_beginning) {
    digit_patterns const all({"12\\d", "", "3?"});
    for (char const* begin : {"", "1", "12", "129", "3"})
        BOOST_TEST(all.may_begin(begin), begin);
    for (char const* other : {"0", "13", "1299", "33", "x", "1x"})
        BOOST_TEST(!all.may_begin(other), other);
}

BOOST_AUTO_TEST_CASE(match_what_regular_expressions_match) {
    std::vector<std::string> const patterns{
        "12",       "1|23",         "[0-13]\\d",           "1?2?",           "(?:1|2[02]){2}",
        "1{2,3}2?", "(?:12?){1,3}", "0(?:1(?:2|3\\d?)|2)", "(?:1?|2){0,2}3", "\\d{3,5}"};
    digit_patterns const all(patterns);
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        std::regex const expected(patterns[i]);
        digit_patterns const alone({patterns[i]});
        for (auto const& text : texts(6)) {
            bool const whole = std::regex_match(text, expected);
            bool const beginning = matches_a_beginning(text, expected);
            auto const found = all.find(text);
            auto const found_alone = alone.find(text);
            bool const same = whole == ((found.whole >> i & 1U) != 0) &&
                              beginning == ((found.beginning >> i & 1U) != 0) &&
                              whole == (found_alone.whole == 1) &&
                              beginning == (found_alone.beginning == 1);
            if (!same) BOOST_TEST(false, patterns[i] << " and " << text);
        }
    }
}

BOOST_AUTO_TEST_CASE(match_nothing_when_empty) {
    digit_patterns const none({"", ""});
    for (char const* text : {"", "1"}) {
        BOOST_TEST(none.find(text).whole == 0);
        BOOST_TEST(none.find(text).beginning == 0);
    }
}

BOOST_AUTO_TEST_CASE(match_nothing_but_digits) {
    digit_patterns const any({"\\d{1,3}"});
    BOOST_TEST(any.find("12").whole == 1);
    for (char const* text : {"1a", "-1", " 1", "\xd9\xa1"})
        BOOST_TEST(any.find(text).whole == 0, text);
}

BOOST_AUTO_TEST_CASE(refuse_what_they_do_not_understand) {
    for (char const* pattern : {"a",    "1*",    "1+", "(1)", "(?!1)2", "(?:1",   "1)",    "[1",
                                "[^1]", "[2-1]", "1{", "1{2", "1{,2}",  "1{3,2}", "1{2,}", "1{99}",
                                "{2}",  "^1",    "1$", ".",   "\\D",    "\\",     "1?+",   "?"})
        BOOST_CHECK_THROW(digit_patterns({pattern}), std::invalid_argument);
    BOOST_CHECK_THROW(digit_patterns(std::vector<std::string>(17, "1")), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
