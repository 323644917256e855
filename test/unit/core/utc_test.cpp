#include "otpd/core/utc.hpp"
#include "support/leap_second_zone.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <ctime>
#include <string>

using namespace otpd;
using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

namespace {

/// The example of RFC 9110 5.6.7 in all three formats.
constexpr sys_seconds example = sys_days(1994y / 11 / 6) + 8h + 49min + 37s;
constexpr sys_seconds now = sys_days(2026y / 3 / 1);

} // namespace

BOOST_AUTO_TEST_SUITE(utc)

BOOST_AUTO_TEST_CASE(http_dates_are_written_as_imf_fixdate) {
    BOOST_TEST(to_http_date(example) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(to_http_date(sys_days(2024y / 2 / 29)) == "Thu, 29 Feb 2024 00:00:00 GMT");
}

BOOST_AUTO_TEST_CASE(http_dates_are_read_in_all_three_forms) {
    for (auto const* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994"})
        BOOST_TEST((parse_http_date(text, now) == example), text);
    BOOST_TEST((parse_http_date("Wed Nov 16 08:49:37 1994", now) == example + 240h));
    // A leap second counts as the next second, like on the clock.
    BOOST_TEST((parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now) == sys_days(2017y / 1 / 1)));
}

BOOST_AUTO_TEST_CASE(a_year_of_two_digits_is_the_last_that_is_not_more_than_50_years_away) {
    auto const in = [](std::string const& year) {
        return parse_http_date("Sunday, 06-Nov-" + year + " 00:00:00 GMT", now);
    };
    BOOST_TEST((in("26") == sys_days(2026y / 11 / 6)));
    BOOST_TEST((in("76") == sys_days(2076y / 11 / 6)));
    BOOST_TEST((in("77") == sys_days(1977y / 11 / 6)));
    BOOST_TEST((in("00") == sys_days(2000y / 11 / 6)));
}

BOOST_AUTO_TEST_CASE(what_is_no_http_date_is_not_read) {
    for (auto const* text :
         {"", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
          "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
          "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
          "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
          "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 94",
          "Sun, 00 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"})
        BOOST_TEST(!parse_http_date(text, now).has_value(), text);
}

BOOST_AUTO_TEST_CASE(times_are_of_the_posix_clock_whatever_tz_says) {
    test::leap_second_zone const zone;
    ::setenv("TZ", zone.name().c_str(), 1);
    ::tzset();
    std::time_t const seconds = example.time_since_epoch().count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    BOOST_TEST(parts.tm_sec == 10); // 27 s before: the zone is right
    BOOST_TEST(to_timestamp(example) == "1994-11-06T08:49:37.000Z");
    BOOST_TEST(to_http_date(example) == "Sun, 06 Nov 1994 08:49:37 GMT");
    ::unsetenv("TZ");
    ::tzset();
}

BOOST_AUTO_TEST_SUITE_END()
