#include "delivery/upstream_time.hpp"

#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <cstdint>

namespace otpd::otp {

namespace {

/// The year 5138 in seconds, 1973 in milliseconds.
constexpr std::int64_t seconds_max = 99'999'999'999;
constexpr std::size_t epoch_digits_max = 15;

class scanner {
public:
    explicit scanner(std::string_view text) noexcept : rest_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] bool at_digit() const noexcept {
        return !rest_.empty() && is_ascii_digit(rest_.front());
    }
    bool skip(std::string_view any_of) noexcept {
        if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Exactly so many digits, or nothing.
    std::optional<std::int64_t> number(std::size_t digits) noexcept {
        if (rest_.size() < digits || !all_ascii_digits(rest_.substr(0, digits)))
            return std::nullopt;
        std::int64_t value = 0;
        for (char c : rest_.substr(0, digits))
            value = value * 10 + (c - '0');
        rest_.remove_prefix(digits);
        return value;
    }
    [[nodiscard]] std::size_t digits() const noexcept {
        return std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    }
    /// What follows a decimal point, to the microsecond.
    std::chrono::microseconds fraction() noexcept {
        std::int64_t value = 0;
        std::int64_t unit = 100'000;
        for (; at_digit(); rest_.remove_prefix(1), unit /= 10)
            value += (rest_.front() - '0') * unit;
        return std::chrono::microseconds(value);
    }

private:
    std::string_view rest_;
};

std::optional<wall_time> read_epoch(std::string_view text) noexcept {
    scanner in(text);
    if (!in.at_digit()) return std::nullopt;
    auto const value = in.number(std::min(in.digits(), epoch_digits_max));
    if (!value) return std::nullopt;
    std::chrono::microseconds time =
        *value > seconds_max ? std::chrono::microseconds(std::chrono::milliseconds(*value))
                             : std::chrono::microseconds(std::chrono::seconds(*value));
    if (in.skip(".")) {
        auto const part = in.fraction();
        if (*value <= seconds_max) time += part;
    }
    if (!in.at_end()) return std::nullopt;
    return wall_time(time);
}

std::optional<std::chrono::sys_days> read_date(scanner& in) noexcept {
    auto const year = in.number(4);
    if (!year || !in.skip("-")) return std::nullopt;
    auto const month = in.number(2);
    if (!month || !in.skip("-")) return std::nullopt;
    auto const day = in.number(2);
    if (!day) return std::nullopt;
    std::chrono::year_month_day const date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

std::optional<std::chrono::microseconds> read_time_of_day(scanner& in) noexcept {
    auto const hour = in.number(2);
    if (!hour || *hour > 23 || !in.skip(":")) return std::nullopt;
    auto const minute = in.number(2);
    if (!minute || *minute > 59) return std::nullopt;
    std::chrono::microseconds time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
    if (!in.skip(":")) return time;
    auto const second = in.number(2);
    if (!second || *second > 60) return std::nullopt; // 60: a leap second
    time += std::chrono::seconds(*second);
    if (in.skip(".,")) time += in.fraction();
    return time;
}

/// East of Greenwich.
std::optional<std::chrono::minutes> read_zone(scanner& in) noexcept {
    in.skip(" ");
    if (in.at_end() || in.skip("Zz")) return std::chrono::minutes(0);
    bool const east = in.skip("+");
    if (!east && !in.skip("-")) return std::nullopt;
    auto const hours = in.number(2);
    if (!hours || *hours > 23) return std::nullopt;
    std::int64_t minutes = 0;
    in.skip(":");
    if (!in.at_end()) {
        auto const read = in.number(2);
        if (!read || *read > 59) return std::nullopt;
        minutes = *read;
    }
    auto const distance = std::chrono::hours(*hours) + std::chrono::minutes(minutes);
    return east ? distance : -distance;
}

} // namespace

std::optional<wall_time> read_upstream_time(std::string_view text) noexcept {
    text = trim_ascii(text);
    if (text.find('-') == std::string_view::npos) return read_epoch(text);
    scanner in(text);
    auto const date = read_date(in);
    if (!date) return std::nullopt;
    std::chrono::microseconds time_of_day{};
    std::chrono::minutes zone{};
    if (!in.at_end()) {
        if (!in.skip("Tt ")) return std::nullopt;
        auto const time = read_time_of_day(in);
        if (!time) return std::nullopt;
        auto const read = read_zone(in);
        if (!read || !in.at_end()) return std::nullopt;
        time_of_day = *time;
        zone = *read;
    }
    return wall_time(*date) + time_of_day - zone;
}

} // namespace otpd::otp
