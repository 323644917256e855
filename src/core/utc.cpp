#include "otpd/core/utc.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace otpd {

namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_day_names{
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Converts to printf's type.
int number(auto count) {
    return static_cast<int>(count);
}

/// Consumes a text from its beginning. A mismatch makes it fail permanently.
class scanner {
public:
    explicit scanner(std::string_view text) noexcept : rest_(text) {}

    void skip(std::string_view expected) noexcept {
        if (!rest_.starts_with(expected)) return fail();
        rest_.remove_prefix(expected.size());
    }
    [[nodiscard]] bool skip_if(std::string_view expected) noexcept {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }
    int digits(std::size_t count) noexcept {
        int value = 0;
        for (std::size_t i = 0; i != count; ++i) {
            if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') {
                fail();
                return 0;
            }
            constexpr int base = 10;
            value = value * base + (rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }
    /// Returns the index of the name.
    template <std::size_t Count>
    unsigned one_of(std::array<std::string_view, Count> const& names) noexcept {
        for (unsigned i = 0; i != Count; ++i)
            if (skip_if(names[i])) return i;
        fail();
        return 0;
    }
    seconds time_of_day() noexcept {
        auto const hour = digits(2);
        skip(":");
        auto const minute = digits(2);
        skip(":");
        auto const second = digits(2);
        if (hour > 23 || minute > 59 || second > 60) fail(); // 60: a leap second
        return hours(hour) + minutes(minute) + seconds(second);
    }
    [[nodiscard]] bool ended_well() const noexcept { return !failed_ && rest_.empty(); }

private:
    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }

    std::string_view rest_;
    bool failed_ = false;
};

struct read_time {
    year_month_day date{};
    seconds time{};
};

std::optional<sys_seconds> whole(scanner const& scanner, read_time const& read) noexcept {
    if (!scanner.ended_well() || !read.date.ok()) return std::nullopt;
    return sys_days(read.date) + read.time;
}

std::optional<sys_seconds> read_imf_fixdate(std::string_view text) noexcept {
    scanner scanner(text);
    scanner.one_of(day_names);
    scanner.skip(", ");
    day const d(static_cast<unsigned>(scanner.digits(2)));
    scanner.skip(" ");
    month const m(scanner.one_of(month_names) + 1);
    scanner.skip(" ");
    year const y(scanner.digits(4));
    scanner.skip(" ");
    auto const time = scanner.time_of_day();
    scanner.skip(" GMT");
    return whole(scanner, {y / m / d, time});
}

std::optional<sys_seconds> read_rfc850_date(std::string_view text, sys_seconds now) noexcept {
    scanner scanner(text);
    scanner.one_of(long_day_names);
    scanner.skip(", ");
    day const d(static_cast<unsigned>(scanner.digits(2)));
    scanner.skip("-");
    month const m(scanner.one_of(month_names) + 1);
    scanner.skip("-");
    auto const of_century = scanner.digits(2);
    scanner.skip(" ");
    auto const time = scanner.time_of_day();
    scanner.skip(" GMT");
    constexpr int years_ahead_max = 50;
    constexpr int century = 100;
    auto const last = number(year_month_day(floor<days>(now)).year()) + years_ahead_max;
    auto const back = ((last - of_century) % century + century) % century;
    return whole(scanner, {year(last - back) / m / d, time});
}

std::optional<sys_seconds> read_asctime_date(std::string_view text) noexcept {
    scanner scanner(text);
    scanner.one_of(day_names);
    scanner.skip(" ");
    month const m(scanner.one_of(month_names) + 1);
    scanner.skip(" ");
    bool const one_digit = scanner.skip_if(" ");
    day const d(static_cast<unsigned>(scanner.digits(one_digit ? 1 : 2)));
    scanner.skip(" ");
    auto const time = scanner.time_of_day();
    scanner.skip(" ");
    year const y(scanner.digits(4));
    return whole(scanner, {y / m / d, time});
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

std::optional<sys_seconds> parse_http_date(std::string_view text, sys_seconds now) noexcept {
    if (auto const at = read_imf_fixdate(text)) return at;
    if (auto const at = read_rfc850_date(text, now)) return at;
    return read_asctime_date(text);
}

} // namespace otpd
