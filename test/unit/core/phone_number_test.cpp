#include "otpd/core/phone_number.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>

namespace data = boost::unit_test::data;
using otpd::phone_number;
using otpd::phone_number_fault;

BOOST_AUTO_TEST_SUITE(phone_numbers)

std::array<char const*, 4> const spellings{"31651860670", "+31651860670", "  31651860670 ",
                                           "\t+31651860670\n"};
// Every accepted spelling of a number is the same number: no second identity, no second limit.
BOOST_DATA_TEST_CASE(spellings_of_one_number_are_equal, data::make(spellings)) {
    auto const number = phone_number::parse(sample);
    BOOST_REQUIRE(number.has_value());
    BOOST_TEST(number->digits() == "31651860670");
}

struct refusal {
    char const* text;
    phone_number_fault fault;
};
static std::ostream& operator<<(std::ostream& out, refusal const& r) {
    return out << r.text;
}

std::array const refusals{
    refusal{"", phone_number_fault::not_digits},
    refusal{"+", phone_number_fault::not_digits},
    refusal{"++31651860670", phone_number_fault::not_digits},
    refusal{"31 651860670", phone_number_fault::not_digits},
    refusal{"31-651860670", phone_number_fault::not_digits},
    refusal{"3165186067O", phone_number_fault::not_digits},
    refusal{"31651860670+", phone_number_fault::not_digits},
    // full-width, Arabic-Indic and superscript digits, which are other spellings of digits
    refusal{"３１６５１８６０６７０", phone_number_fault::not_digits},
    refusal{"٣١٦٥١٨٦٠٦٧٠", phone_number_fault::not_digits},
    refusal{"3165186067²", phone_number_fault::not_digits},
    refusal{"123456789", phone_number_fault::bad_length},        // 9: one less than the minimum
    refusal{"1234567890123456", phone_number_fault::bad_length}, // 16: one more than the maximum
    refusal{"0031651860670", phone_number_fault::leading_zero},
    refusal{"0651860670", phone_number_fault::leading_zero},
};
BOOST_DATA_TEST_CASE(anything_else_is_refused, data::make(refusals)) {
    auto const number = phone_number::parse(sample.text);
    BOOST_REQUIRE(number.has_error());
    BOOST_TEST((number.error() == sample.fault));
}

BOOST_AUTO_TEST_CASE(length_bounds_are_inclusive) {
    BOOST_TEST(phone_number::parse("1234567890").has_value());
    BOOST_TEST(phone_number::parse("123456789012345").has_value());
}

BOOST_AUTO_TEST_CASE(masking_shows_the_last_four_digits_only) {
    BOOST_TEST(phone_number::parse("31651860670")->masked() == "*******0670");
    BOOST_TEST(phone_number::parse("1234567890")->masked() == "******7890");
}

BOOST_AUTO_TEST_SUITE_END()
