#include "values.hpp"

#include "otpd/core/purpose.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <set>

namespace otpd::app {

namespace {

constexpr std::size_t max_host_length = 253; // RFC 1035 2.3.4, without the final dot
constexpr std::size_t max_shown_length = 64;
constexpr std::size_t max_path_length = 4096;
constexpr int first_route = 1;
constexpr int last_route = 8;

bool is_white_space(char c) {
    return trim_ascii({&c, 1}).empty();
}

/// A name of digits and dots only is a mistyped address (RFC 1123 2.1).
bool is_host(std::string_view text) {
    if (text.find_first_not_of("0123456789.") == std::string_view::npos)
        return boost::urls::parse_ipv4_address(text).has_value();
    return !text.empty() && text.size() <= max_host_length && text.front() != '.' &&
           text.front() != '-' && std::ranges::all_of(text, [](char c) {
               return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '.' || c == '-';
           });
}

template <class T>
std::optional<T> parsed(std::string_view text) {
    text = trim_ascii(text);
    T value{};
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

} // namespace

std::string host_port::to_string() const {
    bool const is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

bool host_port::is_loopback() const {
    if (auto const v4 = boost::urls::parse_ipv4_address(host)) return v4->is_loopback();
    if (auto const v6 = boost::urls::parse_ipv6_address(host)) {
        auto const bytes = v6->to_bytes();
        constexpr std::size_t first_v4_byte = 12;
        constexpr unsigned char v4_loopback_net = 127;
        return v6->is_loopback() || (v6->is_v4_mapped() && bytes[first_v4_byte] == v4_loopback_net);
    }
    return lower_case(host) == "localhost";
}

namespace values {

std::optional<std::int64_t> parse_whole(std::string_view text) {
    return parsed<std::int64_t>(text);
}

std::optional<double> parse_number(std::string_view text) {
    auto const value = parsed<double>(text);
    return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<bool> parse_boolean(std::string_view text) {
    auto const word = lower_case(trim_ascii(text));
    if (word == "true" || word == "1" || word == "yes" || word == "on") return true;
    if (word == "false" || word == "0" || word == "no" || word == "off") return false;
    return std::nullopt;
}

std::optional<std::string> parse_base_url(std::string_view text, net::clear_text allowed) {
    auto const at = net::parse_base_url(trim_ascii(text), allowed);
    if (!at) return std::nullopt;
    return (at->tls ? "https://" : "http://") + at->authority() + at->path;
}

std::optional<int> parse_route(std::string_view text) {
    auto const route = parse_whole(text);
    if (!route || *route < first_route || *route > last_route) return std::nullopt;
    return static_cast<int>(*route);
}

std::optional<std::string> parse_purpose(std::string_view text) {
    auto what = purpose::parse(text);
    if (!what) return std::nullopt;
    return what->name();
}

std::optional<std::string> parse_country(std::string_view text) {
    bool const letters = std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (text.size() != 2 || !letters) return std::nullopt;
    return std::string(text);
}

std::optional<host_port> parse_host_port(std::string_view text) {
    text = trim_ascii(text);
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    constexpr std::size_t most_digits = 5;
    auto const digits = text.substr(colon + 1);
    if (digits.size() > most_digits || !all_ascii_digits(digits)) return std::nullopt;
    auto const port = parsed<std::uint16_t>(digits);
    auto host = text.substr(0, colon);
    if (!port) return std::nullopt;
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        if (!boost::urls::parse_ipv6_address(host)) return std::nullopt;
    } else if (!is_host(host)) {
        return std::nullopt;
    }
    return host_port{std::string(host), *port};
}

std::optional<money> parse_money(std::string_view text) {
    constexpr std::size_t most_digits = 9;
    constexpr std::size_t decimals = 6; // of micro-units
    text = trim_ascii(text);
    auto const point = std::min(text.find('.'), text.size());
    auto const units = text.substr(0, point);
    auto const rest = text.substr(std::min(point + 1, text.size()));
    bool const has_rest = point == text.size() || !rest.empty();
    if (units.empty() || units.size() > most_digits || rest.size() > decimals || !has_rest ||
        !all_ascii_digits(units) || !all_ascii_digits(rest))
        return std::nullopt;
    auto const padded = std::string(rest) + std::string(decimals - rest.size(), '0');
    return money::from_micros(*parse_whole(units) * money::micros_per_unit + *parse_whole(padded));
}

std::optional<std::chrono::sys_days> parse_date(std::string_view text) {
    constexpr std::string_view form = "dddd-dd-dd";
    constexpr std::chrono::year first_year{1970};
    bool const formed = std::ranges::equal(text, form, [](char c, char wanted) {
        return wanted == 'd' ? is_ascii_digit(c) : c == wanted;
    });
    if (!formed) return std::nullopt;
    auto const number = [text](std::size_t at, std::size_t length) {
        return static_cast<unsigned>(*parse_whole(text.substr(at, length)));
    };
    std::chrono::year_month_day const date(std::chrono::year(static_cast<int>(number(0, 4))),
                                           std::chrono::month(number(5, 2)),
                                           std::chrono::day(number(8, 2)));
    if (!date.ok() || date.year() < first_year) return std::nullopt;
    return std::chrono::sys_days(date);
}

std::vector<std::string_view> split_list(std::string_view text) {
    std::vector<std::string_view> items;
    if (trim_ascii(text).empty()) return items;
    for (std::size_t begin = 0; begin <= text.size();) {
        auto const end = std::min(text.find(',', begin), text.size());
        items.push_back(trim_ascii(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return items;
}

std::string joined(std::vector<std::string> const& items) {
    std::string out;
    for (auto const& item : items)
        out.append(out.empty() ? "" : ",").append(item);
    return out;
}

std::string format_date(std::chrono::year_month_day const& date) {
    auto const padded = [](unsigned value, std::size_t width) {
        auto const digits = std::to_string(value);
        return std::string(width - std::min(width, digits.size()), '0') + digits;
    };
    return padded(static_cast<unsigned>(static_cast<int>(date.year())), 4) + '-' +
           padded(static_cast<unsigned>(date.month()), 2) + '-' +
           padded(static_cast<unsigned>(date.day()), 2);
}

std::string format_number(double value) {
    std::array<char, 64> text{};
    auto* const first = text.data();
    auto* const last = first + text.size();
    auto written = std::to_chars(first, last, value, std::chars_format::fixed);
    if (written.ec != std::errc{}) written = std::to_chars(first, last, value); // far out of range
    return {first, written.ptr};
}

std::string enumerated(std::span<std::string_view const> words, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 < words.size() ? ", " : ' ' + std::string(last) + ' ';
        out += words[i];
    }
    return out;
}

bool is_path(std::string_view text) {
    return !text.empty() && text.size() <= max_path_length &&
           text.find_first_of(std::string_view("\0\n", 2)) == std::string_view::npos;
}

bool is_name(std::string_view text, std::string_view more, std::size_t most) {
    return !text.empty() && text.size() <= most && std::ranges::all_of(text, [&](char c) {
        return is_ascii_digit(c) || (c >= 'a' && c <= 'z') ||
               more.find(c) != std::string_view::npos;
    });
}

bool has_different_bytes(std::string_view text) {
    constexpr std::size_t different_min = 8;
    return std::set<char>(text.begin(), text.end()).size() >= different_min;
}

char const* leftover_in_secret(std::string_view text, value_kind kind) {
    bool const is_list = kind == value_kind::text_list;
    for (std::size_t begin = 0; begin < text.size();) {
        auto const end = is_list ? std::min(text.find(',', begin), text.size()) : text.size();
        auto item = text.substr(begin, end - begin);
        while (begin > 0 && !item.empty() && is_white_space(item.front()))
            item.remove_prefix(1); // spaces may follow a comma
        begin = end + 1;
        if (item.empty()) continue;
        if (is_white_space(item.front()) || is_white_space(item.back()))
            return "white space or a line break is at an end of it: leave that out";
        bool const is_quoted = item.size() > 1 && item.front() == item.back() &&
                               (item.front() == '"' || item.front() == '\'');
        if (is_quoted) return "it still has the quotes of an env-file: leave them out";
    }
    return nullptr;
}

std::string quoted_for_message(std::string_view text) {
    if (text.find('@') != std::string_view::npos) return "(not shown: it may hold a password)";
    if (text.find("://") != std::string_view::npos) text = text.substr(0, text.find_first_of("?#"));
    std::string out = "\"";
    for (char c : text.substr(0, max_shown_length))
        out += c >= ' ' && c <= '~' ? c : '?';
    if (text.size() > max_shown_length) out += "...";
    return out + '"';
}

} // namespace values

otp::autofill_suffix default_suffix_of(std::vector<std::string> const& web_otp_hosts) {
    if (web_otp_hosts.size() != 1) return {};
    return otp::autofill_suffix::web_otp_for(web_otp_hosts.front())
        .value_or(otp::autofill_suffix{});
}

} // namespace otpd::app
