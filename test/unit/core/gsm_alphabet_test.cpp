#include "otpd/core/gsm_alphabet.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace otpd;

BOOST_AUTO_TEST_SUITE(gsm_alphabet)

// The ASCII characters of 3GPP TS 23.038 6.2.1 and 6.2.1.1.
BOOST_AUTO_TEST_CASE(has_each_printable_character_but_one_and_eight_of_them_twice_as_long) {
    std::string const two = "[\\]^{|}~";
    for (char c = 0x20; c < 0x7f; ++c) {
        std::string const text(1, c);
        auto const septets = gsm_septets(text);
        BOOST_TEST(septets.has_value() == (c != '`'), text);
        if (septets) BOOST_TEST(*septets == (two.find(c) == std::string::npos ? 1U : 2U), text);
    }
    BOOST_TEST(*gsm_septets("") == 0U);
    BOOST_TEST(*gsm_septets("a\n[b]") == 7U);
    for (char const* other : {"\t", "\x7f", "\xc3\xa9", "\x1b"})
        BOOST_TEST(!gsm_septets(other));
}

BOOST_AUTO_TEST_SUITE_END()
