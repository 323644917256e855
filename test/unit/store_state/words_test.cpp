// Packed texts. The bytes of known words are part of the format; the golden states test them.

#include "state/dictionary.hpp"
#include "states.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::store::state;

namespace {

std::string packed(std::string_view text) {
    std::string to;
    append_packed(to, text);
    return to;
}

} // namespace

BOOST_AUTO_TEST_SUITE(state_words)

BOOST_AUTO_TEST_CASE(every_text_is_read_as_it_was_written) {
    otpd::test::random_states random(1);
    for (int n = 0; n < 2000; ++n) {
        auto const text = random.text(80);
        auto const bytes = packed(text);
        BOOST_TEST(is_packed(bytes));
        std::string again;
        append_unpacked(again, bytes);
        BOOST_TEST(again == text);
    }
}

BOOST_AUTO_TEST_CASE(usual_texts_are_a_few_bytes) {
    BOOST_TEST(packed("number_10m").size() == 1U);
    BOOST_TEST(packed("route_id=3i,outcome=chosen,price=87000u").size() == 6U);
    BOOST_TEST(
        packed("country=NL,route_plan=default,limits=number_10m%204%2F5%2C%20number_24h%209%2F10"
               "%2C%20client_1m%20123%2F600")
            .size() < 20U);
}

BOOST_AUTO_TEST_CASE(what_nobody_packed_is_not_read) {
    BOOST_TEST(!is_packed("\xff"));
    BOOST_TEST(!is_packed("\xfe")); // a word of a later version
    BOOST_TEST(is_packed("\xff\xfe"));
}

BOOST_AUTO_TEST_SUITE_END()
