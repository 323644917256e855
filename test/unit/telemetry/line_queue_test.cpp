// The queue between loggers and the writing thread: its order, its bound, and when it waits for
// more lines.

#include "telemetry/line_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

using namespace otpd::telemetry;

namespace {

using clock_type = std::chrono::steady_clock;

/// The shortest of several tries: a busy machine makes waits longer, never shorter.
template <class Call>
clock_type::duration least_time_of(Call call) {
    auto least = clock_type::duration::max();
    for (int i = 0; i < 20; ++i) {
        auto const began = clock_type::now();
        call();
        least = std::min(least, clock_type::now() - began);
    }
    return least;
}

} // namespace

BOOST_AUTO_TEST_SUITE(line_queue_rules)

BOOST_AUTO_TEST_CASE(lines_come_out_together_and_in_order) {
    line_queue queue(8);
    queue.put("a\n", false);
    queue.put("b\n", false);
    std::string lines = "what was there before";
    BOOST_TEST(queue.take(lines));
    BOOST_TEST(lines == "a\nb\n");
}

BOOST_AUTO_TEST_CASE(a_reopening_needs_no_lines_and_is_reported_once) {
    line_queue queue(8);
    queue.ask_for_reopening();
    std::string lines = "what was there before";
    BOOST_TEST(queue.take(lines));
    BOOST_TEST(lines == "");
    BOOST_TEST(queue.take_reopening());
    BOOST_TEST(!queue.take_reopening());
    queue.put("a\n", false);
    BOOST_TEST(queue.take(lines));
    BOOST_TEST(lines == "a\n");
}

BOOST_AUTO_TEST_CASE(the_oldest_lines_make_room_whatever_their_length) {
    line_queue queue(3);
    std::string const longest(10'000, 'x');
    queue.put(longest, false);
    for (char const* line : {"b\n", "", "d\n", "e\n"})
        queue.put(line, false);
    std::string lines;
    BOOST_TEST(queue.take(lines));
    BOOST_TEST(lines == "d\ne\n");
    BOOST_TEST(queue.dropped() == 2U);
}

BOOST_AUTO_TEST_CASE(a_queue_that_overflows_for_long_keeps_its_bound_and_its_last_lines) {
    line_queue queue(4);
    for (int i = 0; i < 10'000; ++i)
        queue.put(std::to_string(i) + '\n', false);
    std::string lines;
    BOOST_TEST(queue.take(lines));
    BOOST_TEST(lines == "9996\n9997\n9998\n9999\n");
    BOOST_TEST(queue.dropped() == 9996U);
    BOOST_TEST(lines.capacity() < 1000U);
}

BOOST_AUTO_TEST_CASE(what_is_not_urgent_is_gathered_for) {
    line_queue queue(8);
    std::string lines;
    auto const took = least_time_of([&] {
        queue.put("a\n", false);
        queue.take(lines);
    });
    BOOST_TEST((took >= line_queue::gather_for));
}

BOOST_AUTO_TEST_CASE(an_urgent_line_and_a_queue_half_full_are_not_waited_for) {
    line_queue queue(8);
    std::string lines;
    auto const urgent = least_time_of([&] {
        queue.put("a\n", true);
        queue.take(lines);
    });
    BOOST_TEST((urgent < line_queue::gather_for));
    auto const many = least_time_of([&] {
        for (int i = 0; i < 5; ++i)
            queue.put("a\n", false);
        queue.take(lines);
    });
    BOOST_TEST((many < line_queue::gather_for));
}

BOOST_AUTO_TEST_CASE(a_closed_queue_gives_what_it_has_and_ends) {
    line_queue queue(8);
    queue.put("last\n", false);
    queue.close();
    std::string lines;
    BOOST_TEST(queue.take(lines));
    BOOST_TEST(lines == "last\n");
    BOOST_TEST(!queue.take(lines));
}

BOOST_AUTO_TEST_CASE(a_writer_that_waits_is_woken_by_a_line_and_by_the_end) {
    line_queue queue(8);
    std::string all;
    std::jthread writer([&] {
        for (std::string lines; queue.take(lines);)
            all += lines;
    });
    for (int i = 0; i < 3; ++i) {
        queue.put("line\n", false);
        std::this_thread::sleep_for(2 * line_queue::gather_for);
    }
    queue.close();
    writer.join();
    BOOST_TEST(all == "line\nline\nline\n");
}

BOOST_AUTO_TEST_SUITE_END()
