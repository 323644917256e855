// The load generator's own arithmetic, which its published results rely on.

#include "latency_histogram.hpp"
#include "load_schedule.hpp"
#include "reply_head.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <string>

using namespace otpd::bench;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(latency_histogram_stats)

BOOST_AUTO_TEST_CASE(a_percentile_is_at_most_one_128th_too_high_and_never_too_low) {
    for (std::int64_t length = 1; length < std::numeric_limits<std::int64_t>::max() / 3;
         length *= 3) {
        latency_histogram of;
        of.add(std::chrono::nanoseconds(length));
        of.add(std::chrono::nanoseconds::max()); // so that the maximum does not bound the first
                                                 // percentile
        auto const said = of.percentile(50).count();
        BOOST_TEST(said >= length);
        BOOST_TEST(said - length <= length / 128);
    }
}

BOOST_AUTO_TEST_CASE(a_percentile_is_the_smallest_that_so_many_do_not_exceed) {
    latency_histogram of;
    for (int i = 1; i <= 200; ++i) // each value below 256 ns has its own bucket
        of.add(std::chrono::nanoseconds(i));
    BOOST_TEST(of.percentile(50).count() == 100);
    BOOST_TEST(of.percentile(99).count() == 198);
    BOOST_TEST(of.percentile(99.9).count() == 200);
    BOOST_TEST(of.percentile(0).count() == 1);
}

BOOST_AUTO_TEST_CASE(the_longest_is_exact_and_bounds_every_percentile) {
    latency_histogram of;
    of.add(1'000'001ns);
    BOOST_TEST(of.longest().count() == 1'000'001);
    BOOST_TEST(of.percentile(99.99).count() == 1'000'001);
    BOOST_TEST(of.total() == 1U);
}

BOOST_AUTO_TEST_CASE(nothing_has_no_latency) {
    BOOST_TEST(latency_histogram().percentile(99).count() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(load_schedule_moments)

BOOST_AUTO_TEST_CASE(each_moment_is_given_once_however_late) {
    load_schedule moments({1000, 0.5, 1});
    auto const start = load_clock::time_point(1h);
    moments.start(start);
    BOOST_TEST((moments.take(start) == start));
    BOOST_TEST(!moments.take(start).has_value());
    int given = 1;
    for (auto due = moments.take(start + 10s); due; due = moments.take(start + 10s)) {
        BOOST_TEST((*due - start == given * 1ms));
        ++given;
    }
    BOOST_TEST(given == 1500);
    BOOST_TEST(!moments.next().has_value());
}

BOOST_AUTO_TEST_CASE(the_warm_up_is_not_measured) {
    load_schedule moments({10, 2, 1});
    auto const start = load_clock::time_point(1h);
    moments.start(start);
    BOOST_TEST(!moments.is_measured(start + 1999ms));
    BOOST_TEST(moments.is_measured(start + 2s));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(request_texts_asked)

BOOST_AUTO_TEST_CASE(each_request_has_the_next_number_and_its_own_length) {
    request_texts asked({"127.0.0.1:80", "/send-otp", R"({"n":"{number}"})", 9, 0});
    std::string const head =
        "POST /send-otp HTTP/1.1\r\nHost: 127.0.0.1:80\r\nContent-Type: application/json\r\n";
    BOOST_TEST(asked.next() == head + "Content-Length: 9\r\n\r\n{\"n\":\"9\"}");
    BOOST_TEST(asked.next() == head + "Content-Length: 10\r\n\r\n{\"n\":\"10\"}");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reply_heads)

BOOST_AUTO_TEST_CASE(a_reply_is_its_head_and_as_much_as_its_length_says) {
    std::string const received = "HTTP/1.1 429 Too Many\r\nA: b\r\ncontent-LENGTH:  12\r\n\r\n";
    auto const head = read_head(received + "half of");
    BOOST_REQUIRE(head.has_value());
    BOOST_TEST(head->status == 429U);
    BOOST_TEST(head->bytes == received.size() + 12U);
}

BOOST_AUTO_TEST_CASE(half_a_head_is_waited_for) {
    BOOST_TEST(!read_head("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n").has_value());
}

BOOST_AUTO_TEST_CASE(a_reply_of_unknown_length_is_not_understood) {
    for (auto const* reply : {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                              "HTTP/1.1 200 OK\r\nContent-Length: much\r\n\r\n",
                              "HTTP/2 200\r\nContent-Length: 2\r\n\r\nhi"}) {
        auto const head = read_head(reply);
        BOOST_REQUIRE(head.has_value());
        BOOST_TEST(head->status == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
