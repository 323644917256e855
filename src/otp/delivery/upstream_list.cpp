#include "delivery/upstream_list.hpp"

#include "otpd/core/encoding.hpp"

#include <boost/regex.hpp>

#include <chrono>
#include <string>

namespace otpd::otp {

namespace {

using namespace std::chrono;

/// wall_time counts nanoseconds and ends in 2262.
constexpr int year_max = 2254;
constexpr std::int64_t seconds_max = 9'000'000'000;
/// Two messages of about the same time may be in either order. New messages may make a page repeat
/// the end of the one before.
constexpr seconds disorder_max{2};

/// A date with or without a time and an offset. A second of 60 is a leap second.
constexpr char const* date_form =
    "(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})"
    "(?:[Tt ](?<hour>[01][0-9]|2[0-3]):(?<minute>[0-5][0-9])"
    "(?::(?<second>[0-5][0-9]|60)(?:[.,](?<fraction>[0-9]*))?)?"
    "(?: ?(?:[Zz]|(?<sign>[+-])(?<zone_hours>[01][0-9]|2[0-3]):?(?<zone_minutes>[0-5][0-9])?)?)?)?";

constexpr char const* epoch_form = "(?<seconds>[0-9]{1,15})(?:\\.(?<fraction>[0-9]*))?";

/// 0 for what is not there.
std::int64_t number_in(boost::smatch const& found, char const* name) {
    return found[name].length() == 0 ? 0 : std::stoll(found[name].str());
}

/// Parses the digits after a decimal point, to the microsecond.
microseconds fraction_in(boost::smatch const& found) {
    auto digits = found["fraction"].str();
    digits.resize(6, '0');
    return microseconds(std::stoi(digits));
}

std::optional<wall_time> read_epoch(std::string const& text) {
    static boost::regex const form(epoch_form);
    boost::smatch found;
    if (!boost::regex_match(text, found, form)) return std::nullopt;
    auto const value = number_in(found, "seconds");
    if (value > 1000 * seconds_max) return std::nullopt;
    return value > seconds_max ? wall_time(milliseconds(value))
                               : wall_time(seconds(value) + fraction_in(found));
}

std::optional<wall_time> read_date(std::string const& text) {
    static boost::regex const form(date_form);
    boost::smatch found;
    if (!boost::regex_match(text, found, form)) return std::nullopt;
    auto const number = [&found](char const* name) { return number_in(found, name); };
    year_month_day const date(year(static_cast<int>(number("year"))),
                              month(static_cast<unsigned>(number("month"))),
                              day(static_cast<unsigned>(number("day"))));
    if (date.year() < year(1970) || date.year() > year(year_max) || !date.ok()) return std::nullopt;
    minutes const distance = hours(number("zone_hours")) + minutes(number("zone_minutes"));
    return wall_time(sys_days(date)) + hours(number("hour")) + minutes(number("minute")) +
           seconds(number("second")) + fraction_in(found) -
           (found["sign"].str() == "-" ? -distance : distance);
}

} // namespace

std::optional<wall_time> read_upstream_time(std::string_view text) {
    std::string const trimmed(trim_ascii(text));
    return text.find('-') == std::string_view::npos ? read_epoch(trimmed) : read_date(trimmed);
}

void list_scan::add(bridgexapi::delivery_page const& page, std::int64_t asked) {
    auto const listed = static_cast<std::int64_t>(page.reports.size());
    bool const first = pages_++ == 0;
    seen_ += listed;
    // If the upstream states no total, the total is set to the number of listed reports. A total
    // below what was seen therefore says nothing, and neither does a full first page that claims to
    // be all.
    bool const full = listed >= asked;
    bool const says_more = page.total > seen_;
    bool const says_all = page.total == seen_ && !(first && full);
    exhausted_ = listed == 0 || says_all || (!says_more && !full);
    if (says_more && !full && listed > 0) cap_ = listed;
    for (auto const& report : page.reports)
        note_time(read_upstream_time(report.created_at));
}

void list_scan::note_time(std::optional<wall_time> made) noexcept {
    if (!made || (oldest_ && *made > *oldest_ + disorder_max)) ordered_ = false;
    if (made && (!oldest_ || *made < *oldest_)) oldest_ = made;
}

bool list_scan::covers(wall_time time) const noexcept {
    return exhausted_ || (ordered_ && oldest_ && *oldest_ < time);
}

} // namespace otpd::otp
