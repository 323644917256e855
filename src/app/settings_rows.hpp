#pragma once

/// How a row of the table of keys is written: what every key has, then what only some have.

#include "settings_values.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

class row {
public:
    constexpr row(std::string_view section, std::string_view name, std::string_view initial,
                  std::string_view help) {
        key_.section = section;
        key_.name = name;
        key_.initial = initial;
        key_.help = help;
    }
    constexpr operator setting_key() const { return key_; }

    template <class Place>
    constexpr row whole(double least, double most, std::string_view of = "") const {
        return with(value_kind::whole, values::read_whole<Place>, values::show_whole<Place>)
            .bounded(least, most, of);
    }
    template <class Place>
    constexpr row number(double least, double most, std::string_view of = "") const {
        return with(value_kind::number, values::read_number<Place>, values::show_number<Place>)
            .bounded(least, most, of);
    }
    template <class Place>
    constexpr row boolean() const {
        return with(value_kind::boolean, values::read_boolean<Place>, values::show_boolean<Place>)
            .must_be("true or false");
    }
    template <class Place, bool (*Good)(std::string_view)>
    constexpr row text(std::string_view rule) const {
        return with(value_kind::text, values::read_text<Place, Good>, values::show_text<Place>)
            .must_be(rule);
    }
    template <class Place, bool (*Good)(std::string_view)>
    constexpr row secret_text(std::string_view rule) const {
        return with(value_kind::text, values::read_text<Place, Good>, values::show_secret<Place>)
            .must_be(rule)
            .hidden(values::digest_secret<Place>);
    }
    template <class Place, auto Parse>
    constexpr row amount(std::string_view rule) const {
        return parsed<Place, Parse>(value_kind::money, values::show_money<Place>, rule);
    }
    template <class Place, auto Parse>
    constexpr row parsed(value_kind how, std::string (*shown)(settings const&),
                         std::string_view rule) const {
        return with(how, values::read_parsed<Place, Parse>, shown).must_be(rule);
    }

    constexpr row hidden(std::string (*digest)(settings const&)) const {
        row out = partly_hidden(digest);
        out.key_.secret = true;
        return out;
    }
    /// Shown without what the digest is of.
    constexpr row partly_hidden(std::string (*digest)(settings const&)) const {
        row out = *this;
        out.key_.digest = digest;
        return out;
    }
    constexpr row known_as(std::string_view other,
                           std::string (*convert)(std::string_view) = nullptr) const {
        row out = *this;
        out.key_.alias = other;
        out.key_.from_alias = convert;
        return out;
    }

private:
    constexpr row with(value_kind how, decltype(setting_key::read) reader,
                       decltype(setting_key::show) shower) const {
        row out = *this;
        out.key_.kind = how;
        out.key_.read = reader;
        out.key_.show = shower;
        return out;
    }
    constexpr row bounded(double least, double most, std::string_view of) const {
        row out = *this;
        out.key_.min = least;
        out.key_.max = most;
        out.key_.unit = of;
        return out;
    }
    constexpr row must_be(std::string_view rule) const {
        row out = *this;
        out.key_.allowed = rule;
        return out;
    }

    setting_key key_;
};

constexpr std::string_view unit_ms = "milliseconds";
constexpr std::string_view unit_s = "seconds";

// Rules that several keys and tables share (settings_rules.cpp).
namespace rules {

inline constexpr int first_route = 1;
inline constexpr int last_route = 8;

/// Visible ASCII that fits a header: a token, an API key, a password. May be empty.
[[nodiscard]] bool is_header_value(std::string_view text);
/// Long enough not to be guessed; or empty.
[[nodiscard]] bool is_operator_token(std::string_view text);
/// Random bytes have so many different ones among them: of 32 hexadecimal digits some 14.
inline constexpr std::size_t different_bytes_min = 8;
[[nodiscard]] bool has_different_bytes(std::string_view text);
[[nodiscard]] bool is_hmac_secret(std::string_view text);
[[nodiscard]] bool is_hmac_secret_or_empty(std::string_view text);
[[nodiscard]] bool is_path_or_empty(std::string_view text);
/// 1 to `most` lower-case letters, digits and what is in `more`.
[[nodiscard]] bool is_name(std::string_view text, std::string_view more, std::size_t most);
/// 3 to 11 printable characters without spaces at the ends (BridgeXAPI's bounds).
[[nodiscard]] bool is_caller_id(std::string_view text);
[[nodiscard]] std::optional<int> parse_route(std::string_view text);
[[nodiscard]] std::optional<std::string> parse_purpose(std::string_view text);
[[nodiscard]] std::optional<std::string> parse_country(std::string_view text);
/// Ascending, each once; nothing for an empty list.
[[nodiscard]] std::optional<std::vector<int>> parse_routes(std::string_view text);
/// In their canonical form, each once.
[[nodiscard]] std::optional<std::vector<std::string>> parse_purposes(std::string_view text);
/// Two upper-case letters each.
[[nodiscard]] std::optional<std::vector<std::string>> parse_countries(std::string_view text);
inline constexpr std::string_view web_otp_hosts_rule =
    "a list of different host names in lower case, at most 64 characters each";
[[nodiscard]] std::optional<std::vector<std::string>> parse_web_otp_hosts(std::string_view text);
/// What stands behind a text when a request chooses nothing: the host, when there is one alone.
[[nodiscard]] otp::message_tail default_tail_of(std::vector<std::string> const& web_otp_hosts);
/// With commas between them.
[[nodiscard]] std::string joined(std::vector<std::string> const& items);
[[nodiscard]] std::string joined(std::vector<int> const& items);

/// Words for the values of an enumeration, in their order.
template <std::size_t Size>
using words = std::array<std::string_view, Size>;
inline constexpr words<7> limit_keys{"number",         "prefix", "country",  "end_user_address",
                                     "caller_address", "client", "everybody"};
inline constexpr words<2> limit_modes{"enforce", "observe"};
inline constexpr words<2> limit_steps{"send", "guess"};
inline constexpr words<2> best_orders{"cheapest", "fastest"};
inline constexpr words<5> budget_keys{"total", "client", "purpose", "route", "country"};
inline constexpr words<3> budget_periods{"hour", "day", "month"};

template <class Enum, std::size_t Size>
[[nodiscard]] std::optional<Enum> parse_word(words<Size> const& known, std::string_view text) {
    auto const* const found = std::ranges::find(known, text);
    if (found == known.end()) return std::nullopt;
    return static_cast<Enum>(found - known.begin());
}
template <class Enum, std::size_t Size>
[[nodiscard]] std::string word_for(words<Size> const& known, Enum value) {
    return std::string(known[static_cast<std::size_t>(value)]);
}

} // namespace rules

// The rows of the sections, in the order of config.toml.
[[nodiscard]] std::span<setting_key const> server_keys() noexcept; ///< server, admin, bridgexapi
[[nodiscard]] std::span<setting_key const> otp_keys() noexcept;    ///< otp, auth
[[nodiscard]] std::span<setting_key const> limit_keys() noexcept;  ///< limits, pumping, numbers
/// routes, money, delivery, timeline, webhooks
[[nodiscard]] std::span<setting_key const> route_keys() noexcept;
[[nodiscard]] std::span<setting_key const> store_keys() noexcept;
[[nodiscard]] std::span<setting_key const> log_keys() noexcept;

} // namespace otpd::app
