#include "decimal.hpp"

#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace otpd::api {

namespace {

constexpr int decimals_of_a_micro = 6;
/// More digits than any amount has. It also bounds the exponent, which could demand a huge string
/// of zeros.
constexpr int most_digits = 64;
constexpr std::int64_t most_micros =
    static_cast<std::int64_t>(money::max_units) * money::micros_per_unit;

/// Removes the leading digits from `text` and returns them.
std::string_view take_digits(std::string_view& text) {
    auto const end = std::min(text.find_first_not_of("0123456789"), text.size());
    auto const digits = text.substr(0, end);
    text.remove_prefix(end);
    return digits;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
    text.remove_prefix(1);
    return true;
}

/// Parses what follows the digits: nothing (0), or an exponent such as `e-2`.
std::optional<int> read_exponent(std::string_view text) {
    if (text.empty()) return 0;
    if (!take(text, "eE")) return std::nullopt;
    bool const negative = text.starts_with('-');
    take(text, "+-");
    auto const value = parse_number<int>(text);
    if (!value || !all_ascii_digits(text) || *value > most_digits) return std::nullopt;
    return negative ? -*value : *value;
}

/// Multiplies `digits` by ten to the power of `shift`. Returns false if the result is not an
/// integer.
bool shift_point(std::string& digits, int shift) {
    if (shift >= 0) {
        digits.append(static_cast<std::size_t>(shift), '0');
        return true;
    }
    auto const cut = std::min(digits.size(), static_cast<std::size_t>(-shift));
    auto const kept = digits.size() - cut;
    if (digits.find_first_not_of('0', kept) != std::string::npos) return false;
    digits.resize(kept);
    return true;
}

} // namespace

std::optional<money> parse_amount(std::string_view text) {
    if (text.size() > most_digits) return std::nullopt;
    std::string digits(take_digits(text));
    if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
    int decimals = 0;
    if (take(text, ".")) {
        auto const fraction = take_digits(text);
        if (fraction.empty()) return std::nullopt;
        digits += fraction;
        decimals = static_cast<int>(fraction.size());
    }
    auto const exponent = read_exponent(text);
    if (!exponent || !shift_point(digits, decimals_of_a_micro - decimals + *exponent))
        return std::nullopt;
    auto const micros = parse_number<std::int64_t>(digits);
    if (!micros || *micros <= 0 || *micros > most_micros) return std::nullopt;
    return money::from_micros(*micros);
}

} // namespace otpd::api
