#include "otpd/core/utc.hpp"

#include <boost/regex.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace otpd {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Converts to printf's type.
int number(auto count) {
    return static_cast<int>(count);
}

/// The three forms of an HTTP-date (RFC 9110 5.6.7). A second of 60 is a leap second.
std::array<boost::regex, 3> const& date_forms() {
    static auto const forms = [] {
        std::string const day_name = "(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)";
        std::string const month = "(?<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
        std::string const time = "(?<hour>[01][0-9]|2[0-3]):(?<minute>[0-5][0-9]):"
                                 "(?<second>[0-5][0-9]|60)";
        return std::array{
            boost::regex(day_name + ", (?<day>[0-9]{2}) " + month + " (?<year>[0-9]{4}) " + time +
                         " GMT"),
            boost::regex("(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day, (?<day>[0-9]{2})-" + month +
                         "-(?<year>[0-9]{2}) " + time + " GMT"),
            boost::regex(day_name + " " + month + " (?<day>[0-9]{2}| [0-9]) " + time +
                         " (?<year>[0-9]{4})")};
    }();
    return forms;
}

int latest_year(int of_century, sys_seconds now) {
    constexpr int years_ahead_max = 50;
    constexpr int century = 100;
    auto const last = number(year_month_day(floor<days>(now)).year()) + years_ahead_max;
    return last - ((last - of_century) % century + century) % century;
}

std::optional<sys_seconds> read_date(boost::smatch const& found, sys_seconds now) {
    auto const number_in = [&found](char const* name) { return std::stoi(found[name].str()); };
    auto const month_at = std::ranges::find(month_names, found["month"].str());
    bool const is_short = found["year"].length() == 2;
    year_month_day const date(
        year(is_short ? latest_year(number_in("year"), now) : number_in("year")),
        month(static_cast<unsigned>(month_at - month_names.begin()) + 1),
        day(static_cast<unsigned>(number_in("day"))));
    if (!date.ok()) return std::nullopt;
    return sys_days(date) + hours(number_in("hour")) + minutes(number_in("minute")) +
           seconds(number_in("second"));
}

} // namespace

std::string to_timestamp(wall_time at) {
    auto const millis = floor<milliseconds>(at);
    auto const day = floor<days>(millis);
    year_month_day const date(day);
    hh_mm_ss const time(millis - day);
    std::array<char, 48> text{};
    auto const length = std::snprintf(
        text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", number(date.year()),
        number(unsigned(date.month())), number(unsigned(date.day())), number(time.hours().count()),
        number(time.minutes().count()), number(time.seconds().count()),
        number(time.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string to_http_date(sys_seconds at) {
    auto const day = floor<days>(at);
    year_month_day const date(day);
    hh_mm_ss const time(at - day);
    auto const day_name = day_names.at(weekday(day).c_encoding());
    auto const month_name = month_names.at(unsigned(date.month()) - 1);
    std::array<char, 64> text{};
    auto const length =
        std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                      day_name.data(), number(unsigned(date.day())), month_name.data(),
                      number(date.year()), number(time.hours().count()),
                      number(time.minutes().count()), number(time.seconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<sys_seconds> parse_http_date(std::string_view text, sys_seconds now) {
    std::string const whole(text);
    boost::smatch found;
    for (auto const& form : date_forms())
        if (boost::regex_match(whole, found, form)) return read_date(found, now);
    return std::nullopt;
}

} // namespace otpd
