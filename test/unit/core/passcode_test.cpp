#include "otpd/core/passcode.hpp"
#include "otpd/core/random.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <string>
#include <unordered_map>

using otpd::passcode;
using otpd::passcode_fault;

namespace {

/// Plays back chosen 64-bit draws.
class scripted_random final : public otpd::random_source {
public:
    explicit scripted_random(std::deque<std::uint64_t> draws) : draws_(std::move(draws)) {}
    void fill(std::span<std::byte> out) override {
        BOOST_REQUIRE(out.size() == sizeof(std::uint64_t));
        BOOST_REQUIRE(!draws_.empty());
        std::memcpy(out.data(), &draws_.front(), out.size());
        draws_.pop_front();
    }

private:
    std::deque<std::uint64_t> draws_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(passcodes)

BOOST_AUTO_TEST_CASE(keep_leading_zeros) {
    scripted_random random({42});
    BOOST_TEST(passcode::generate(6, random).reveal() == "000042");
}

// 2^64 is no multiple of 10^6. A draw from the incomplete last million is discarded, because
// folding it would favour low codes.
BOOST_AUTO_TEST_CASE(reject_draws_that_would_favour_some_codes) {
    scripted_random random({UINT64_MAX, UINT64_MAX - 1, 123'456});
    BOOST_TEST(passcode::generate(6, random).reveal() == "123456");
}

BOOST_AUTO_TEST_CASE(are_of_the_requested_length) {
    otpd::openssl_random random;
    for (std::size_t length = passcode::min_length; length <= passcode::max_length; ++length)
        BOOST_TEST(passcode::generate(length, random).reveal().size() == length);
}

// Chi-squared per position, and as many repeats as the birthday bound expects. The generator is
// real, so the bound is the 1 - 10^-9 quantile of the test statistic: it fails once in 10^8 runs
// over six positions, and immediately for `byte % 10`.
BOOST_AUTO_TEST_CASE(are_uniform_in_every_position) {
    constexpr int draws = 200'000;
    constexpr double bound = 60.0; // chi-squared, 9 degrees of freedom, p = 1.4e-9
    otpd::openssl_random random;
    std::array<std::array<int, 10>, 6> counts{};
    for (int i = 0; i < draws; ++i) {
        passcode const code = passcode::generate(6, random);
        for (std::size_t p = 0; p < 6; ++p)
            ++counts[p][static_cast<std::size_t>(code.reveal()[p] - '0')];
    }
    for (auto const& position : counts) {
        double statistic = 0;
        for (int count : position) {
            double const difference = count - draws / 10.0;
            statistic += difference * difference / (draws / 10.0);
        }
        BOOST_TEST(statistic < bound);
    }
}

// A copy from an SMS may contain white space, some apps group digits, and keyboards have digits of
// their own.
BOOST_AUTO_TEST_CASE(typed_in_other_ways_are_the_same_code) {
    for (auto const* typed :
         {"123456", " 322431 ", "\t123456\r\n", "123 456", "123-456", "1 2-3 4-5 6",
          "\uff11\uff12\uff13\uff14\uff15\uff16", "\u0661\u0662\u0663\u0664\u0665\u0666",
          "\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6", "\uff11\uff12\uff13 456"}) {
        auto const code = passcode::parse_typed(typed);
        BOOST_TEST_REQUIRE(code.has_value(), typed);
        BOOST_TEST(code->reveal() == (std::string_view(typed) == " 322431 " ? "322431" : "123456"));
    }
    BOOST_TEST(passcode::parse_typed("\uff10\uff19\u0660\u0669\u06f0\u06f9")->reveal() == "090909");
    BOOST_TEST(passcode::parse_typed("0 1 2 3 4 5 6 7 8 9")->reveal() == "0123456789");
}

BOOST_AUTO_TEST_CASE(typed_in_any_other_way_are_none) {
    for (auto const* typed : {"",
                              " ",
                              "-",
                              "123456-",
                              "-123456",
                              "123  456",
                              "123--456",
                              "123- 456",
                              "123.456",
                              "123,456",
                              "123_456",
                              "12345x",
                              "+123456",
                              "123\t456",
                              "123\n456",
                              "0x1234",
                              "1e5",
                              "\u0967\u0968\u0969\u096a\u096b\u096c", // Devanagari
                              "\u2460\u2461\u2462\u2463\u2464\u2465", // in circles
                              "\u00b9\u00b2\u00b3\u2074\u2075\u2076", // superscripts
                              "123\u00a0456",
                              "123\u2010456",
                              "\u200e123456",
                              "\uff1a\uff12\uff13\uff14\uff15\uff16",
                              "12345\xef\xbc",
                              "12345\xef",
                              "12345\xd9",
                              "12345\xd9\x9f",
                              "12345\xdb\xba"})
        BOOST_TEST((passcode::parse_typed(typed).error() == passcode_fault::not_digits), typed);
    for (auto const* typed : {"123", "1-2-3", "12345678901", "12345678901234567890"})
        BOOST_TEST((passcode::parse_typed(typed).error() == passcode_fault::bad_length), typed);
}

BOOST_AUTO_TEST_CASE(parse_ascii_digits_only) {
    BOOST_TEST(passcode::parse("0123456789")->reveal() == "0123456789");
    BOOST_TEST(!passcode::parse(""));
    BOOST_TEST(!passcode::parse("01234567890")); // 11: one more than the maximum
    BOOST_TEST(!passcode::parse("12345x"));
    BOOST_TEST(!passcode::parse(" 123456"));
    BOOST_TEST(!passcode::parse("٣١٦"));
}

BOOST_AUTO_TEST_SUITE_END()
