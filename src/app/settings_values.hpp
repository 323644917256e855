#pragma once

/// How the text of one value becomes a value and back: the functions the table of keys is made of.

#include "otpd/app/settings_keys.hpp"
#include "otpd/core/decimal.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace otpd::app::values {

/// Surrounding ASCII white space is ignored; nothing else may follow the number.
[[nodiscard]] std::optional<std::int64_t> parse_whole(std::string_view text);
[[nodiscard]] std::optional<double> parse_number(std::string_view text);
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);
[[nodiscard]] std::optional<host_port> parse_host_port(std::string_view text);
[[nodiscard]] std::optional<net::origin> parse_base_url(std::string_view text);
/// Trimmed, empty items included; no items at all for an empty text.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);
/// A day that exists, as YYYY-MM-DD, from 1970 to 9999.
[[nodiscard]] std::optional<std::chrono::sys_days> parse_date(std::string_view text);
[[nodiscard]] std::string format_date(std::chrono::year_month_day const& date);
/// The shortest text that reads back as the same number.
[[nodiscard]] std::string format_number(double value);
/// Digits, with a point and up to six more where wanted, under 10^9; never by way of a floating
/// point number.
[[nodiscard]] std::optional<money> parse_money(std::string_view text);
/// The same, and more than nothing.
[[nodiscard]] std::optional<money> parse_price(std::string_view text);
inline constexpr std::string_view money_rule = "an amount such as 0.085, with at most 6 decimals";
inline constexpr std::string_view price_rule =
    "an amount over 0 such as 0.085, with at most 6 decimals";

/// ASCII 0x20..0x7e, and 0x21..0x7e.
[[nodiscard]] bool is_printable(std::string_view text) noexcept;
[[nodiscard]] bool is_visible(std::string_view text) noexcept;

/// In words, what an env-file or an editor has left in a secret: quotes, white space or a line break
/// at an end of it, or of one in a list. Null when there is nothing of that.
[[nodiscard]] char const* leftover_in_secret(std::string_view text, value_kind kind);
/// SHA-256, in hexadecimal.
[[nodiscard]] std::string digest_of(std::string_view text);

/// How a value is shown in a message: quoted, on one line, cut after 64 characters. Nothing with an
/// @ and no query of a URL is shown: a password may be there.
[[nodiscard]] std::string quoted_for_message(std::string_view text);

template <class T>
concept duration_type = requires { typename T::period; };

/// The member of the settings that a key is about.
template <auto Section, auto Member>
struct place {
    static auto& in(settings& s) { return s.*Section.*Member; }
    static auto const& in(settings const& s) { return s.*Section.*Member; }
    using type = std::remove_cvref_t<decltype(in(std::declval<settings&>()))>;
};

template <class Place>
bool read_whole(settings& to, std::string_view text, setting_key const& key) {
    auto const value = parse_whole(text);
    if (!value || static_cast<double>(*value) < key.min || static_cast<double>(*value) > key.max)
        return false;
    using type = typename Place::type;
    if constexpr (duration_type<type>)
        Place::in(to) = type(*value);
    else
        Place::in(to) = static_cast<type>(*value);
    return true;
}

template <class Place>
std::string show_whole(settings const& from) {
    if constexpr (duration_type<typename Place::type>)
        return std::to_string(Place::in(from).count());
    else
        return std::to_string(Place::in(from));
}

/// A double, or a time in seconds that may have a fraction.
template <class Place>
bool read_number(settings& to, std::string_view text, setting_key const& key) {
    auto const value = parse_number(text);
    if (!value || *value < key.min || *value > key.max) return false;
    using type = typename Place::type;
    if constexpr (duration_type<type>)
        Place::in(to) = std::chrono::round<type>(std::chrono::duration<double>(*value));
    else
        Place::in(to) = *value;
    return true;
}

template <class Place>
std::string show_number(settings const& from) {
    if constexpr (duration_type<typename Place::type>)
        return format_number(std::chrono::duration<double>(Place::in(from)).count());
    else
        return format_number(Place::in(from));
}

template <class Place>
bool read_boolean(settings& to, std::string_view text, setting_key const&) {
    auto const value = parse_boolean(text);
    if (value) Place::in(to) = *value;
    return value.has_value();
}

template <class Place>
std::string show_boolean(settings const& from) {
    return Place::in(from) ? "true" : "false";
}

/// Text as it is, when `Good` says so.
template <class Place, bool (*Good)(std::string_view)>
bool read_text(settings& to, std::string_view text, setting_key const&) {
    if (!Good(text)) return false;
    Place::in(to) = typename Place::type(std::string(text));
    return true;
}

template <class Place>
std::string show_text(settings const& from) {
    return Place::in(from);
}

template <class Place>
std::string show_secret(settings const& from) {
    return Place::in(from).empty() ? "not set" : "set";
}

template <class Place>
std::string digest_secret(settings const& from) {
    return digest_of(Place::in(from).reveal());
}

/// Text that `Parse` turns into the member's type.
template <class Place, auto Parse>
bool read_parsed(settings& to, std::string_view text, setting_key const&) {
    auto value = Parse(text);
    if (value) Place::in(to) = std::move(*value);
    return value.has_value();
}

template <class Place>
std::string show_parsed(settings const& from) {
    return Place::in(from).to_string();
}

template <class Place>
std::string show_money(settings const& from) {
    return to_decimal(Place::in(from));
}

} // namespace otpd::app::values
