#include "delivery/upstream_list.hpp"

#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::otp {

namespace {

using namespace std::chrono;

/// wall_time counts nanoseconds and ends in 2262.
constexpr std::int64_t year_max = 2254;
constexpr std::int64_t seconds_max = 9'000'000'000;
constexpr std::size_t epoch_digits_max = 15;
/// Two messages of about the same time may be in either order. New messages may make a page repeat
/// the end of the one before.
constexpr seconds disorder_max{2};

/// Consumes a text from its beginning. A mismatch makes it fail permanently.
class scanner {
public:
    explicit scanner(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] bool is_read() const noexcept { return ok_ && at_end(); }
    bool skip(std::string_view any_of) noexcept {
        if (at_end() || any_of.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void need(std::string_view any_of) noexcept { ok_ = skip(any_of) && ok_; }
    std::int64_t number(std::size_t digits, std::int64_t max) noexcept {
        std::int64_t value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            char const digit = at_end() ? ' ' : rest_.front();
            need("0123456789");
            value = value * 10 + (digit - '0');
        }
        ok_ = ok_ && value <= max;
        return value;
    }
    [[nodiscard]] std::size_t digits() const noexcept {
        return std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    }
    /// Parses the digits after a decimal point, to the microsecond.
    microseconds fraction() noexcept {
        microseconds value{};
        for (auto unit = microseconds(100'000); digits() > 0; unit /= 10)
            value += unit * number(1, 9);
        return value;
    }

private:
    std::string_view rest_;
    bool ok_ = true;
};

std::optional<wall_time> read_epoch(scanner scanner) noexcept {
    auto const digits = std::clamp<std::size_t>(scanner.digits(), 1, epoch_digits_max);
    auto const value = scanner.number(digits, 1000 * seconds_max);
    auto const part = scanner.skip(".") ? scanner.fraction() : microseconds(0);
    if (!scanner.is_read()) return std::nullopt;
    return value > seconds_max ? wall_time(milliseconds(value)) : wall_time(seconds(value) + part);
}

microseconds read_time_of_day(scanner& scanner) noexcept {
    microseconds time = hours(scanner.number(2, 23));
    scanner.need(":");
    time += minutes(scanner.number(2, 59));
    if (scanner.skip(":")) {
        time += seconds(scanner.number(2, 60)); // 60: a leap second
        if (scanner.skip(".,")) time += scanner.fraction();
    }
    return time;
}

/// Parses an offset east of Greenwich.
minutes read_zone(scanner& scanner) noexcept {
    scanner.skip(" ");
    if (scanner.at_end() || scanner.skip("Zz")) return {};
    bool const is_east = scanner.skip("+");
    if (!is_east) scanner.need("-");
    minutes distance = hours(scanner.number(2, 23));
    scanner.skip(":");
    if (!scanner.at_end()) distance += minutes(scanner.number(2, 59));
    return is_east ? distance : -distance;
}

std::optional<wall_time> read_date(scanner scanner) noexcept {
    year const y(static_cast<int>(scanner.number(4, year_max)));
    scanner.need("-");
    month const m(static_cast<unsigned>(scanner.number(2, 12)));
    scanner.need("-");
    day const d(static_cast<unsigned>(scanner.number(2, 31)));
    microseconds since_midnight{};
    if (!scanner.at_end()) {
        scanner.need("Tt ");
        since_midnight = read_time_of_day(scanner);
        since_midnight -= read_zone(scanner);
    }
    if (!scanner.is_read() || y < year(1970) || !(y / m / d).ok()) return std::nullopt;
    return wall_time(sys_days(y / m / d)) + since_midnight;
}

} // namespace

std::optional<wall_time> read_upstream_time(std::string_view text) noexcept {
    scanner const scanner(trim_ascii(text));
    return text.find('-') == std::string_view::npos ? read_epoch(scanner) : read_date(scanner);
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
