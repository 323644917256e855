#include "bridgexapi_stub/clock.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace bridgexapi_stub {
namespace {

using namespace std::chrono;

timestamp system_now() {
    return time_point_cast<microseconds>(system_clock::now());
}

constexpr std::array<std::pair<std::string_view, time_format>, 6> format_names{{
    {"naive", time_format::naive},
    {"micro", time_format::micro},
    {"zulu", time_format::zulu},
    {"offset", time_format::offset},
    {"space", time_format::space},
    {"epoch", time_format::epoch},
}};

std::optional<int> digits_at(std::string_view text, std::size_t from, std::size_t count) {
    if (text.size() < from + count) return std::nullopt;
    int value = 0;
    auto const* first = text.data() + from;
    auto const [stop, error] = std::from_chars(first, first + count, value);
    if (error != std::errc{} || stop != first + count || value < 0) return std::nullopt;
    return value;
}

std::string padded(std::int64_t number, std::size_t width) {
    auto text = std::to_string(number);
    return text.insert(0, width - std::min(width, text.size()), '0');
}

std::optional<microseconds> parse_time_of_day(std::string_view& text) {
    auto const hour = digits_at(text, 1, 2);
    auto const minute = digits_at(text, 4, 2);
    auto const second = digits_at(text, 7, 2);
    if (!hour || !minute || !second || text[3] != ':' || text[6] != ':') return std::nullopt;
    text.remove_prefix(9);
    microseconds fraction{0};
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        microseconds unit{100'000};
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
            fraction += unit * (text.front() - '0');
            unit /= 10;
            text.remove_prefix(1);
        }
    }
    return hours{*hour} + minutes{*minute} + seconds{*second} + fraction;
}

std::optional<minutes> parse_zone(std::string_view text) {
    if (text.empty() || text == "Z") return minutes{0};
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-' && text[0] != ' '))
        return std::nullopt;
    auto const hour = digits_at(text, 1, 2);
    auto const minute = digits_at(text, 4, 2);
    if (!hour || !minute || text[3] != ':') return std::nullopt;
    auto const shift = hours{*hour} + minutes{*minute};
    return text[0] == '-' ? -shift : shift; // in a query, an unescaped '+' becomes a space
}

} // namespace

timestamp stub_clock::now() const {
    return frozen_at_ ? *frozen_at_ : system_now() + offset_;
}

void stub_clock::freeze() {
    frozen_at_ = now();
}

void stub_clock::resume() {
    if (frozen_at_) offset_ = *frozen_at_ - system_now();
    frozen_at_.reset();
}

void stub_clock::advance(microseconds by) {
    if (frozen_at_)
        *frozen_at_ += by;
    else
        offset_ += by;
}

void stub_clock::set(timestamp to) {
    advance(to - now());
}

std::string format_time(timestamp when, time_format format) {
    if (format == time_format::epoch)
        return std::to_string(floor<seconds>(when).time_since_epoch().count());
    auto const day = floor<days>(when);
    year_month_day const date{day};
    hh_mm_ss const time{when - day};
    auto out = padded(int{date.year()}, 4) + "-" + padded(unsigned{date.month()}, 2) + "-" +
               padded(unsigned{date.day()}, 2);
    out += format == time_format::space ? ' ' : 'T';
    out += padded(time.hours().count(), 2) + ":" + padded(time.minutes().count(), 2) + ":" +
           padded(time.seconds().count(), 2);
    if (format == time_format::micro) out += "." + padded(time.subseconds().count(), 6);
    if (format == time_format::zulu) out += 'Z';
    if (format == time_format::offset) out += "+00:00";
    return out;
}

std::optional<time_format> parse_time_format(std::string_view name) {
    for (auto const& [text, format] : format_names)
        if (text == name) return format;
    return std::nullopt;
}

std::string_view to_string(time_format format) {
    for (auto const& [text, value] : format_names)
        if (value == format) return text;
    return "naive";
}

std::optional<timestamp> parse_time(std::string_view text) {
    auto const y = digits_at(text, 0, 4);
    auto const m = digits_at(text, 5, 2);
    auto const d = digits_at(text, 8, 2);
    if (!y || !m || !d || text[4] != '-' || text[7] != '-') return std::nullopt;
    year_month_day const date{year{*y}, month{static_cast<unsigned>(*m)},
                              day{static_cast<unsigned>(*d)}};
    if (!date.ok()) return std::nullopt;
    text.remove_prefix(10);
    timestamp const midnight = sys_days{date};
    if (text.empty()) return midnight;
    if (text.front() != 'T' && text.front() != ' ') return std::nullopt;
    auto const time = parse_time_of_day(text);
    auto const zone = time ? parse_zone(text) : std::nullopt;
    if (!zone) return std::nullopt;
    return midnight + *time - *zone;
}

} // namespace bridgexapi_stub
