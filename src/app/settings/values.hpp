#pragma once

/// Texts of single values, and what messages say about them.

#include "otpd/core/encoding.hpp"
#include "otpd/core/money.hpp"
#include "otpd/net/origin.hpp"
#include "otpd/otp/message.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

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

/// An address to listen on: an IPv4 or IPv6 address or a host name, and a port (0: any free one).
struct host_port {
    std::string host; ///< without brackets
    std::uint16_t port{};

    /// HOST:PORT, with brackets around an IPv6 address.
    [[nodiscard]] std::string to_string() const;
    /// Whether it is in 127.0.0.0/8, ::1, the same mapped into IPv6, or `localhost` (RFC 6761 6.3).
    [[nodiscard]] bool is_loopback() const;

    friend bool operator==(host_port const&, host_port const&) = default;
};

using fault_lines = std::vector<std::string>;

template <class List, class T>
bool holds(List const& list, T const& what) {
    return std::ranges::find(list, what) != list.end();
}

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
/// See host_port.
[[nodiscard]] std::optional<host_port> parse_host_port(std::string_view text);
[[nodiscard]] std::optional<money> parse_money(std::string_view text);
[[nodiscard]] std::optional<std::chrono::sys_days> parse_date(std::string_view text);
/// Trimmed, including empty items; no items for an empty text.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);
[[nodiscard]] std::string joined(std::vector<std::string> const& items);
[[nodiscard]] std::string format_date(std::chrono::year_month_day const& date);
/// The shortest text that reads back as the same number.
[[nodiscard]] std::string format_number(double value);

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

} // namespace otpd::app
