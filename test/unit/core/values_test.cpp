#include "otpd/core/deadline.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/secret.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <limits>
#include <string>
#include <type_traits>

using namespace otpd;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(purposes)

BOOST_AUTO_TEST_CASE(are_trimmed_and_lower_case) {
    BOOST_TEST(purpose::parse("  Log-In ")->name() == "log-in");
    BOOST_TEST((*purpose::parse("LOGIN") == *purpose::parse("login")));
}

BOOST_AUTO_TEST_CASE(are_1_to_50_printable_ascii_characters) {
    BOOST_TEST(purpose::parse(std::string(50, 'p')).has_value());
    BOOST_TEST((purpose::parse(std::string(51, 'p')).error() == purpose_fault::too_long));
    BOOST_TEST((purpose::parse(" \t ").error() == purpose_fault::empty));
    BOOST_TEST((purpose::parse("a\nb").error() == purpose_fault::not_printable));
    BOOST_TEST((purpose::parse("caf\xc3\xa9").error() == purpose_fault::not_printable));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(monies)

// Binary floating point cannot represent 0.051. Micro-units can, and a thousand of them add up
// exactly.
BOOST_AUTO_TEST_CASE(sums_do_not_drift) {
    std::int64_t sum = 0;
    for (int i = 0; i < 1000; ++i)
        sum += money::from_units(0.051)->micros();
    BOOST_TEST(sum == 51'000'000);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_amount) {
    BOOST_TEST(!money::from_units(std::numeric_limits<double>::quiet_NaN()));
    BOOST_TEST(!money::from_units(std::numeric_limits<double>::infinity()));
    BOOST_TEST(!money::from_units(1.1e9));
    BOOST_TEST(money::from_units(-0.5)->micros() == -500'000);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(secrets)

template <class T>
concept printable = requires(std::ostream& out, T const& value) { out << value; };

BOOST_AUTO_TEST_CASE(have_no_output_operator) {
    static_assert(!printable<secret_string>);
    static_assert(printable<std::string>); // the concept itself works
    BOOST_TEST(secret_string("k").size() == 1U);
}

BOOST_AUTO_TEST_CASE(leave_nothing_behind_when_moved) {
    secret_string a("short");
    secret_string const b(std::move(a));
    BOOST_TEST(a.empty()); // NOLINT(bugprone-use-after-move): what is left is the point
    BOOST_TEST(b.reveal() == "short");
}

BOOST_AUTO_TEST_CASE(are_equal_when_their_digests_are) {
    BOOST_TEST((secret_string("a") == secret_string("a")));
    BOOST_TEST((secret_string("a") != secret_string("b")));
    BOOST_TEST((secret_string("a") != secret_string("aa")));
    BOOST_TEST((secret_string() == secret_string("")));
    // FIPS 180-4: SHA-256 of "abc".
    BOOST_TEST(otpd::to_hex(secret_string("abc").digest()) ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(compare_by_content_and_length) {
    BOOST_TEST(equal_constant_time("token", "token"));
    BOOST_TEST(!equal_constant_time("token", "tokem"));
    BOOST_TEST(!equal_constant_time("token", "toke"));
    BOOST_TEST(!equal_constant_time("token", ""));
    BOOST_TEST(equal_constant_time("", ""));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(encodings)

BOOST_AUTO_TEST_CASE(base64_goes_both_ways_and_has_one_text_for_each_value) {
    for (auto const* text : {"", "AA==", "AAE=", "AAEC", "+/+/"}) {
        auto const value = from_base64(text);
        BOOST_REQUIRE_MESSAGE(value, text);
        auto const* const bytes = reinterpret_cast<unsigned char const*>(value->data());
        BOOST_TEST(to_base64({bytes, value->size()}) == text);
    }
    BOOST_TEST((from_base64("AAE=") == std::string("\0\x01", 2)));
    // No padding, too much of it, unused bits, white space, other alphabets.
    for (auto const* text : {"AA", "A===", "====", "=AAA", "AB==", "AAF=", " AAA", "AAA\n", "-_-_"})
        BOOST_TEST(!from_base64(text), text);
}

BOOST_AUTO_TEST_CASE(hex_goes_both_ways) {
    std::array const bytes{std::byte{0x00}, std::byte{0x9f}, std::byte{0xff}};
    BOOST_TEST(to_hex(bytes) == "009fff");
    std::array<std::byte, 3> back{};
    BOOST_TEST(from_hex("009FfF", back));
    BOOST_TEST((back == bytes));
    BOOST_TEST(!from_hex("009ff", back));
    BOOST_TEST(!from_hex("009fzz", back));
    BOOST_TEST(!from_hex("009fff00", back));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deadlines)

BOOST_AUTO_TEST_CASE(never_have_less_than_nothing_left) {
    auto const past = deadline::in(-1s);
    BOOST_TEST((past.remaining() == deadline::duration::zero()));
    BOOST_TEST(past.expired());
}

BOOST_AUTO_TEST_CASE(a_limit_never_extends_them) {
    auto const far = deadline::in(1h);
    BOOST_TEST((far.within(1s).at() < far.at()));
    BOOST_TEST((far.within(2h).at() == far.at()));
}

BOOST_AUTO_TEST_SUITE_END()
