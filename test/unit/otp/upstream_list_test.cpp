#include "otp/delivery/upstream_list.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace otpd::test {

namespace {

using otp::read_upstream_time;
using namespace std::chrono_literals;

/// 2026-04-01T10:15:30Z
constexpr wall_time that_day{std::chrono::seconds(1'775'038'530)};

bridgexapi::delivery_page page_of(std::int64_t total, std::initializer_list<int> ages) {
    bridgexapi::delivery_page page{};
    page.total = total;
    for (int const age : ages) {
        bridgexapi::delivery_report report{};
        report.created_at = std::to_string(1'775'038'530 - age);
        page.reports.push_back(report);
    }
    return page;
}

} // namespace

BOOST_AUTO_TEST_SUITE(upstream_times)

BOOST_AUTO_TEST_CASE(every_common_form_is_read_and_is_utc_without_a_zone) {
    for (auto const* text :
         {"2026-04-01T10:15:30", "2026-04-01 10:15:30", "2026-04-01T10:15:30Z",
          "2026-04-01T10:15:30z", "2026-04-01T12:15:30+02:00", "2026-04-01T12:15:30+0200",
          "2026-04-01T05:15:30-05", "2026-04-01 10:15:30 +00:00", " 2026-04-01T10:15:30 ",
          "2026-04-01T10:15:30.000000", "1775038530", "1775038530000", "1775038530.0"})
        BOOST_TEST((read_upstream_time(text) == that_day), text);
    BOOST_TEST((read_upstream_time("2026-04-01T10:15:30.250000+00:00") == that_day + 250ms));
    BOOST_TEST((read_upstream_time("2026-04-01T10:15:30.123456789Z") == that_day + 123456us));
    BOOST_TEST((read_upstream_time("1775038530.5") == that_day + 500ms));
    BOOST_TEST((read_upstream_time("2026-04-01T10:15") == that_day - 30s));
    BOOST_TEST((read_upstream_time("2026-04-01") == that_day - 10h - 15min - 30s));
}

BOOST_AUTO_TEST_CASE(everything_else_is_no_time) {
    for (auto const* text : {"",
                             " ",
                             "yesterday",
                             "2026-13-01T00:00:00",
                             "2026-02-30T00:00:00",
                             "2026-04-01T24:00:00",
                             "2026-04-01T10:60:00",
                             "2026-04-01T10:15:30 CET",
                             "2026-04-01T10:15:30+25:00",
                             "2026-04-01T10:15:30+02:00x",
                             "01-04-2026 10:15:30",
                             "-5",
                             "1775038530x",
                             "17750385300000000000",
                             "2026-04-01T",
                             "--",
                             "2026-4-1",
                             "9999-12-31T23:59:59",
                             "0001-01-01T00:00:00",
                             "99999999999999"})
        BOOST_TEST(!read_upstream_time(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_list_covers_what_is_newer_than_its_oldest_message) {
    otp::list_scan scan;
    scan.add(page_of(100, {0, 10, 20}), 3);
    BOOST_TEST(!scan.exhausted());
    BOOST_TEST(scan.covers(that_day - 19s));
    BOOST_TEST(!scan.covers(that_day - 21s));
    scan.add(page_of(100, {20, 30}), 2); // a new message arrived meanwhile
    BOOST_TEST(scan.covers(that_day - 21s));
    BOOST_TEST(scan.seen() == 5);
}

BOOST_AUTO_TEST_CASE(a_list_in_another_order_covers_nothing_before_its_end) {
    otp::list_scan scan;
    scan.add(page_of(4, {30, 20}), 2);
    BOOST_TEST(!scan.covers(that_day));
    scan.add(page_of(4, {10, 0}), 2);
    BOOST_TEST(scan.covers(that_day - 1h));
}

BOOST_AUTO_TEST_CASE(an_upstream_that_states_no_total_ends_with_a_page_that_is_not_full) {
    otp::list_scan scan; // a total that is not stated reads as the length of the page
    scan.add(page_of(2, {0, 1}), 2);
    BOOST_TEST(!scan.exhausted());
    scan.add(page_of(2, {2, 3}), 2);
    BOOST_TEST(!scan.exhausted());
    scan.add(page_of(1, {4}), 2);
    BOOST_TEST(scan.exhausted());
    BOOST_TEST(!scan.cap().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
