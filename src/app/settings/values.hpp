#pragma once

/// Conversion of one value from text and back.

#include "otpd/core/decimal.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/numbering_plan.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/http/address_range.hpp"
#include "otpd/net/origin.hpp"
#include "otpd/otp/destinations.hpp"
#include "otpd/otp/limits.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/store/location.hpp"
#include "otpd/telemetry/log.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

struct host_port;

/// How a value is written in TOML. In the environment everything is text, and lists are separated
/// by commas. A date may also be a text in TOML; money is a text or a number. Only tables have keys
/// with a list of tables.
enum class value_kind {
    whole,
    number,
    boolean,
    text,
    whole_list,
    text_list,
    date,
    money,
    table_list
};

/// How a value of a type is written, in the environment's notation.
template <class T>
struct notation {
    value_kind kind{};
    std::string allowed; ///< for "must be …"
    std::function<std::optional<T>(std::string_view)> parse;
    std::function<std::string(T const&)> show; ///< of a secret only whether it is set
    double min = 0;                            ///< for numbers
    double max = 0;
    bool is_secret = false;
    bool is_partly_secret = false; ///< show() omits what may be a password
};

namespace values {

/// Ignores surrounding ASCII white space. Nothing else may follow the number.
[[nodiscard]] std::optional<std::int64_t> parse_whole(std::string_view text);
[[nodiscard]] std::optional<double> parse_number(std::string_view text);
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);
/// Without a trailing slash, so that a path can follow.
[[nodiscard]] std::optional<std::string>
parse_base_url(std::string_view text, net::clear_text allowed = net::clear_text::on_loopback);
[[nodiscard]] std::optional<int> parse_route(std::string_view text);
[[nodiscard]] std::optional<std::string> parse_purpose(std::string_view text);
[[nodiscard]] std::optional<std::string> parse_country(std::string_view text);
/// Trimmed, including empty items; no items for an empty text.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);
[[nodiscard]] std::string joined(std::vector<std::string> const& items);
[[nodiscard]] std::string format_date(std::chrono::year_month_day const& date);
/// The shortest text that reads back as the same number.
[[nodiscard]] std::string format_number(double value);
/// Without trailing zeros; for amounts that are not negative.

/// "a, b or c", with `last` for "or".
[[nodiscard]] std::string enumerated(std::span<std::string_view const> words,
                                     std::string_view last);

/// Not empty, and without line breaks.
[[nodiscard]] bool is_path(std::string_view text);
/// 1 to `most` characters: lower-case letters, digits and those in `more`.
[[nodiscard]] bool is_name(std::string_view text, std::string_view more, std::size_t most);
/// Whether the text has at least eight different bytes, as random bytes do: 32 hexadecimal digits
/// have some 14.
[[nodiscard]] bool has_different_bytes(std::string_view text);

/// Describes what an env-file or an editor has left at an end of a secret, or of one in a list:
/// quotes, white space or a line break. Null if there is nothing.
[[nodiscard]] char const* leftover_in_secret(std::string_view text, value_kind kind);

/// The value for a message: quoted, on one line, cut after 64 characters. Omits a text with an @
/// and the query of a URL, which may contain a password.
[[nodiscard]] std::string quoted_for_message(std::string_view text);

} // namespace values

/// The suffix of a text when the request chooses none: the host, if there is exactly one.
[[nodiscard]] otp::autofill_suffix default_suffix_of(std::vector<std::string> const& web_otp_hosts);

template <std::size_t Size>
using words = std::array<std::string_view, Size>;

namespace notations {

/// A number, or a time whose unit is the end of `name`.
template <class T>
notation<T> whole(std::string_view name, double least, double most, std::string_view unit) {
    notation<T> out;
    out.kind = value_kind::whole;
    out.min = least;
    out.max = most;
    bool const is_ms = name.ends_with("_ms");
    if constexpr (requires { typename T::period; }) unit = is_ms ? "milliseconds" : "seconds";
    out.allowed = "a whole number from " + values::format_number(least) + " to " +
                  values::format_number(most) + (unit.empty() ? "" : " ") + std::string(unit);
    out.parse = [=](std::string_view text) -> std::optional<T> {
        auto const value = values::parse_whole(text);
        if (!value || static_cast<double>(*value) < least || static_cast<double>(*value) > most)
            return std::nullopt;
        if constexpr (requires { typename T::period; })
            return is_ms ? std::chrono::duration_cast<T>(std::chrono::milliseconds(*value))
                         : std::chrono::duration_cast<T>(std::chrono::seconds(*value));
        else
            return static_cast<T>(*value);
    };
    out.show = [=](T const& value) {
        using namespace std::chrono;
        if constexpr (requires { typename T::period; })
            return std::to_string(is_ms ? duration_cast<milliseconds>(value).count()
                                        : duration_cast<std::chrono::seconds>(value).count());
        else
            return std::to_string(value);
    };
    return out;
}
[[nodiscard]] notation<double> number(double least, double most);
[[nodiscard]] notation<std::chrono::milliseconds> seconds(double least, double most);
[[nodiscard]] notation<bool> flag();
/// Digits, optionally a point and up to six more digits, under 10^9. Never uses floating point.
[[nodiscard]] notation<money> amount();
[[nodiscard]] notation<money> price(); ///< more than zero
/// An existing day, as YYYY-MM-DD, from 1970 to 9999.
[[nodiscard]] notation<std::chrono::sys_days> date();

[[nodiscard]] notation<std::string> text(std::string allowed,
                                         std::function<bool(std::string_view)> is_good);
/// The path of what `of` describes, or empty.
[[nodiscard]] notation<std::string> path(std::string_view of);
/// The absolute path of a Unix socket to make, or empty.
[[nodiscard]] notation<std::string> socket_path();
[[nodiscard]] notation<std::string> name(std::string_view more, std::size_t most,
                                         std::string allowed);
[[nodiscard]] notation<std::string> message_template();
[[nodiscard]] notation<std::string> base_url();
[[nodiscard]] notation<std::string> own_url();       ///< the same, or empty
[[nodiscard]] notation<std::string> collector_url(); ///< the same, also with http to anywhere
[[nodiscard]] notation<host_port> address();
[[nodiscard]] notation<store::location> store_url();
[[nodiscard]] notation<std::string> postgres_schema();
/// 3 to 11 printable characters without spaces at the ends (BridgeXAPI's bounds).
[[nodiscard]] notation<std::string> caller_id();
[[nodiscard]] notation<std::string> purpose(); ///< in its canonical form
[[nodiscard]] notation<otp::limit_mode> mode();
[[nodiscard]] notation<telemetry::level> level();

[[nodiscard]] notation<secret_string> secret(std::string allowed,
                                             std::function<bool(std::string_view)> is_good);
/// Visible ASCII that fits in a header: a token, an API key, a password. May be empty.
[[nodiscard]] notation<secret_string> header_secret(std::string_view or_empty = "");
/// Too long to be guessed, or empty.
[[nodiscard]] notation<secret_string> operator_token();
[[nodiscard]] notation<secret_string> hmac_secret(); ///< or empty
[[nodiscard]] notation<std::vector<secret_string>> hmac_secrets();

struct list_rule {
    std::size_t least = 0;
    std::size_t most = std::numeric_limits<std::size_t>::max();
    bool is_sorted = true;
    bool may_repeat = false;
};

template <class T>
notation<std::vector<T>> list_of(notation<T> item, std::string allowed, list_rule rule = {}) {
    notation<std::vector<T>> out;
    out.kind = item.kind == value_kind::whole ? value_kind::whole_list : value_kind::text_list;
    out.allowed = std::move(allowed);
    out.is_secret = item.is_secret;
    out.parse = [=, parse = item.parse](std::string_view text) -> std::optional<std::vector<T>> {
        std::vector<T> items;
        for (auto const each : values::split_list(text)) {
            auto value = parse(each);
            if (!value || items.size() == rule.most) return std::nullopt;
            if (!rule.may_repeat && std::ranges::find(items, *value) != items.end())
                return std::nullopt;
            items.push_back(*std::move(value));
        }
        if (items.size() < rule.least) return std::nullopt;
        if constexpr (requires(T a) { a < a; })
            if (rule.is_sorted) std::ranges::sort(items);
        return items;
    };
    out.show = [show = std::move(item.show),
                is_secret = item.is_secret](std::vector<T> const& items) {
        if (is_secret)
            return items.empty() ? std::string("not set") : std::to_string(items.size()) + " set";
        std::string text;
        for (auto const& each : items)
            text.append(text.empty() ? "" : ",").append(show(each));
        return text;
    };
    return out;
}

[[nodiscard]] notation<std::vector<http::address_range>> ranges();
[[nodiscard]] notation<int> route();
[[nodiscard]] notation<std::vector<int>> routes(std::size_t least = 0);
[[nodiscard]] notation<std::vector<std::string>> purposes();
[[nodiscard]] notation<std::vector<std::string>> countries();
[[nodiscard]] notation<std::vector<std::string>> web_otp_hosts();
[[nodiscard]] notation<std::vector<std::string>> limit_names(); ///< of built_in_limits()
[[nodiscard]] notation<std::vector<line_type>> line_types();
[[nodiscard]] notation<std::vector<otp::destination>> prefixes();
[[nodiscard]] notation<std::vector<otp::destination>> destinations(); ///< and countries

/// An empty value is written as empty text; `allowed` says so unless it is empty.
template <class T>
notation<std::optional<T>> optional_of(notation<T> item, std::string allowed = {}) {
    notation<std::optional<T>> out;
    out.kind = item.kind;
    bool const may_be_empty = !allowed.empty();
    out.allowed = may_be_empty ? std::move(allowed) : std::move(item.allowed);
    out.parse = [may_be_empty, parse = std::move(item.parse)](
                    std::string_view text) -> std::optional<std::optional<T>> {
        if (may_be_empty && trim_ascii(text).empty()) return std::optional<T>();
        auto value = parse(text);
        if (!value) return std::nullopt;
        return std::optional<std::optional<T>>(std::in_place, std::move(value));
    };
    out.show = [show = std::move(item.show)](std::optional<T> const& value) {
        return value ? show(*value) : std::string();
    };
    return out;
}

/// The values of an enumeration, in its order.
template <class Enum, std::size_t Size>
notation<Enum> word(words<Size> const& known) {
    auto const parse = [known](std::string_view text) -> std::optional<Enum> {
        auto const* const found = std::ranges::find(known, text);
        if (found == known.end()) return std::nullopt;
        return static_cast<Enum>(found - known.begin());
    };
    auto const show = [known](Enum value) {
        return std::string(known[static_cast<std::size_t>(value)]);
    };
    return {value_kind::text, values::enumerated(known, "or"), parse, show};
}

} // namespace notations

} // namespace otpd::app
