#include "bridgexapi_stub/money.hpp"

#include <charconv>
#include <cmath>

namespace bridgexapi_stub {
namespace {

constexpr std::size_t decimals_max = 6;
constexpr std::size_t whole_digits_max = 12; // 10^12 euros in millionths are far below 2^63

std::optional<micro_euros> parse_digits(std::string_view digits) {
    micro_euros value = 0;
    auto const* end = digits.data() + digits.size();
    auto const [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stop != end || value < 0) return std::nullopt;
    return value;
}

} // namespace

std::optional<micro_euros> parse_euros(std::string_view text) {
    bool const negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    auto const point = text.find('.');
    auto const whole_text = text.substr(0, point);
    if (whole_text.empty() || whole_text.size() > whole_digits_max) return std::nullopt;
    std::string fraction_text;
    if (point != std::string_view::npos) {
        fraction_text = text.substr(point + 1);
        if (fraction_text.empty() || fraction_text.size() > decimals_max) return std::nullopt;
    }
    fraction_text.resize(decimals_max, '0');
    auto const whole = parse_digits(whole_text);
    auto const fraction = parse_digits(fraction_text);
    if (!whole || !fraction) return std::nullopt;
    auto const amount = *whole * one_euro + *fraction;
    return negative ? -amount : amount;
}

std::string format_euros(micro_euros amount) {
    bool const negative = amount < 0;
    auto const magnitude = negative ? -amount : amount;
    auto fraction = std::to_string(magnitude % one_euro);
    fraction.insert(0, decimals_max - fraction.size(), '0');
    while (fraction.size() > 1 && fraction.back() == '0')
        fraction.pop_back();
    return (negative ? "-" : "") + std::to_string(magnitude / one_euro) + "." + fraction;
}

double to_euros(micro_euros amount) {
    return static_cast<double>(amount) / static_cast<double>(one_euro);
}

micro_euros from_euros(double euros) {
    return std::llround(euros * static_cast<double>(one_euro));
}

} // namespace bridgexapi_stub
