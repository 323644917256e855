#include "http/wrong_tokens.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>
#include <vector>

using namespace otpd::http;
using namespace std::chrono_literals;
namespace ip = boost::asio::ip;

namespace {

ip::address const one = ip::make_address("192.0.2.1");
otpd::steady_time const start{100h};

} // namespace

BOOST_AUTO_TEST_SUITE(wrong_tokens_shown)

BOOST_AUTO_TEST_CASE(are_counted_for_a_minute_from_the_first) {
    wrong_tokens shown;
    BOOST_TEST(shown.count(one, start) == 1U);
    BOOST_TEST(shown.count(one, start + 1s) == 2U);
    BOOST_TEST(shown.count(one, start + 59'999ms) == 3U);
    BOOST_TEST(shown.count(one, start + 60s) == 1U);
    BOOST_TEST(shown.count(one, start + 60s) == 2U);
    BOOST_TEST(shown.count(one, start + 59s) == 3U); // a thread that counts late
}

BOOST_AUTO_TEST_CASE(are_counted_by_the_clients_address_and_ipv6_by_its_first_64_bits) {
    wrong_tokens shown;
    auto const count = [&shown](char const* address) {
        return shown.count(ip::make_address(address), start);
    };
    BOOST_TEST(count("192.0.2.1") == 1U);
    BOOST_TEST(count("192.0.2.2") == 1U);
    BOOST_TEST(count("::ffff:192.0.2.1") == 2U);
    BOOST_TEST(count("2001:db8:1:2::1") == 1U);
    BOOST_TEST(count("2001:db8:1:3::1") == 1U);
    BOOST_TEST(count("2001:db8:1:2:ffff:ffff:ffff:ffff") == 2U);
}

BOOST_AUTO_TEST_CASE(are_all_counted_when_shown_at_once) {
    constexpr unsigned threads = 4;
    constexpr unsigned per_thread = 5'000;
    wrong_tokens shown;
    std::vector<std::thread> crowd;
    for (unsigned i = 0; i < threads; ++i)
        crowd.emplace_back([&shown] {
            for (unsigned n = 0; n < per_thread; ++n)
                shown.count(one, start);
        });
    for (auto& thread : crowd)
        thread.join();
    BOOST_TEST(shown.count(one, start) == threads * per_thread + 1);
}

BOOST_AUTO_TEST_CASE(are_held_back_up_to_a_bound) {
    wrong_tokens shown;
    shown.hold_back_at_most(1);
    {
        wrong_tokens::held_back const first(shown);
        wrong_tokens::held_back const second(shown);
        BOOST_TEST(first.has_room());
        BOOST_TEST(!second.has_room());
    }
    wrong_tokens::held_back const third(shown);
    BOOST_TEST(third.has_room());
}

BOOST_AUTO_TEST_SUITE_END()
