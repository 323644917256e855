// Texts come back as they were, and those of the service take less room.

#include "store/event_log.hpp"
#include "store/short_text.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace otpd::store;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(short_texts)

BOOST_AUTO_TEST_CASE(every_byte_comes_back) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    BOOST_TEST(lengthened(shortened(all)) == all);
    BOOST_TEST(lengthened(shortened("")).empty());
}

// Out of pieces that the codec looks for, with their beginnings and ends cut off anywhere.
BOOST_AUTO_TEST_CASE(whatever_words_and_digits_stand_beside_each_other_they_come_back) {
    constexpr std::array<std::string_view, 12> pieces{
        "route_id=", "i,outcome=chosen", "00",         "7",   "c5f4f53431ed22c2",
        "abcdef0",   "%2C%20",           "number_24h", "BX-", "\x7f",
        "\xfe",      "u,cost="};
    std::mt19937 random(20261126); // any seed: it makes a failure repeatable
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (auto left = random() % 8; left > 0; --left) {
            auto const piece = pieces.at(random() % pieces.size());
            text += piece.substr(0, 1 + random() % piece.size());
        }
        BOOST_REQUIRE_EQUAL(lengthened(shortened(text)), text);
    }
}

BOOST_AUTO_TEST_CASE(a_run_of_hexadecimal_digits_of_any_length_comes_back) {
    for (std::size_t size = 0; size < 1100; ++size) {
        std::string const text(size, 'a');
        BOOST_REQUIRE_EQUAL(lengthened(shortened(text)), text);
    }
}

BOOST_AUTO_TEST_CASE(what_the_service_writes_takes_less_than_half) {
    for (std::string const text :
         {"country=NL,route_plan=default,limits=number_10m%204%2F5%2C%20number_24h%209%2F10",
          "route_id=3i,outcome=chosen,price=87000u", "route_id=3i,price=87000u,cost=87000u"})
        BOOST_TEST(2 * shortened(text).size() < text.size(), text);
    BOOST_TEST(shortened("BX-22953-c5f4f53431ed22c2").size() <= 15U);
}

BOOST_AUTO_TEST_CASE(events_come_back_in_their_order_with_their_times_and_details) {
    event_log log;
    log.add(event_kind::admitted, 0us, "a");
    log.add(event_kind::step, 1us, "");
    log.add(event_kind::delivery, 1500us, "x");
    log.add(event_kind::delivery, -3s, "y");
    log.retell_admission("country=NL");
    event_log kept{log.added()};
    auto const all = kept.all();
    BOOST_REQUIRE(all.size() == 4U);
    BOOST_TEST(kept.size() == 4U);
    BOOST_TEST(all[0].details == "country=NL");
    BOOST_TEST((all[1].what == event_kind::step && all[1].after == 1us && all[1].details.empty()));
    BOOST_TEST((all[2].after == 1500us && all[3].after == -3s));
    BOOST_TEST(kept.last_details(event_kind::delivery) == "y");
    BOOST_TEST(kept.has(event_kind::step));
    BOOST_TEST(!kept.has(event_kind::accepted));
    kept.add(event_kind::accepted, 2s, "z");
    BOOST_TEST(kept.size() == 5U);
    BOOST_TEST(kept.has(event_kind::accepted));
    kept.retell_admission("country=FR");
    BOOST_TEST(kept.size() == 5U);
    BOOST_TEST(kept.all().front().details == "country=FR");
    BOOST_TEST(kept.all().back().details == "z");
}

BOOST_AUTO_TEST_SUITE_END()
