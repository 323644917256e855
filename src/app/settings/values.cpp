#include "values.hpp"

#include "keys.hpp"
#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/core/passcode.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/net/origin.hpp"
#include "settings.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <charconv>
#include <cmath>
#include <set>

namespace otpd::app {

namespace {

constexpr std::size_t max_host_length = 253; // RFC 1035 2.3.4, without the final dot
constexpr std::size_t max_shown_length = 64;
constexpr std::size_t max_path_length = 4096;
constexpr std::size_t max_secret_length = 1024;
constexpr std::size_t min_hmac_secret_length = 32; // as long as the digest (RFC 2104 3)
constexpr std::size_t max_previous_secrets = 8;
constexpr int first_route = 1;
constexpr int last_route = 8;

bool is_white_space(char c) {
    return trim_ascii({&c, 1}).empty();
}

std::string bracketed(std::string const& host) {
    return host.find(':') == std::string::npos ? host : '[' + host + ']';
}

bool is_loopback_host(std::string_view host) {
    if (auto const v4 = boost::urls::parse_ipv4_address(host)) return v4->is_loopback();
    if (auto const v6 = boost::urls::parse_ipv6_address(host)) {
        auto const bytes = v6->to_bytes();
        constexpr std::size_t first_v4_byte = 12;
        constexpr unsigned char v4_loopback_net = 127;
        return v6->is_loopback() || (v6->is_v4_mapped() && bytes[first_v4_byte] == v4_loopback_net);
    }
    return lower_case(host) == "localhost";
}

bool is_host_name(std::string_view text) {
    return !text.empty() && text.size() <= max_host_length && text.front() != '.' &&
           text.front() != '-' && std::ranges::all_of(text, [](char c) {
               return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '.' || c == '-';
           });
}

/// A name of digits and dots only is a mistyped address (RFC 1123 2.1).
bool is_host(std::string_view text) {
    if (text.find_first_not_of("0123456789.") == std::string_view::npos)
        return boost::urls::parse_ipv4_address(text).has_value();
    return is_host_name(text);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    constexpr std::size_t most_digits = 5;
    if (text.empty() || text.size() > most_digits || !all_ascii_digits(text)) return std::nullopt;
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    if (value > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
    return static_cast<std::uint16_t>(value);
}

std::optional<host_port> parse_host_port(std::string_view text) {
    text = trim_ascii(text);
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto const port = parse_port(text.substr(colon + 1));
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

/// ASCII 0x20..0x7e.
bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_header_value(std::string_view text) {
    return text.size() <= max_secret_length &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_operator_token(std::string_view text) {
    constexpr std::size_t least = 16;
    return text.empty() || (text.size() >= least && is_header_value(text));
}

bool is_hmac_secret(std::string_view text) {
    return text.size() >= min_hmac_secret_length && text.size() <= max_secret_length &&
           values::has_different_bytes(text) && text != "change-me-in-production";
}

bool is_caller_id(std::string_view text) {
    return text.size() >= bridgexapi::min_caller_id_length &&
           text.size() <= bridgexapi::max_caller_id_length && is_printable(text) &&
           text.front() != ' ' && text.back() != ' ';
}

/// Checked with the shortest code. Whether the text fits the configured one depends on other
/// settings.
bool is_message_template(std::string_view text) {
    return !otp::messages::fault_of(text, passcode::min_length, {std::chrono::minutes(1)}, {});
}

/// Leading digits of numbers.
bool is_prefix(std::string_view item) {
    return !item.empty() && item.size() <= phone_number::max_digits && all_ascii_digits(item) &&
           item.front() != '0';
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
    return money::from_micros(*values::parse_whole(units) * money::micros_per_unit +
                              *values::parse_whole(padded));
}

std::optional<std::chrono::sys_days> parse_date(std::string_view text) {
    constexpr std::string_view form = "dddd-dd-dd";
    constexpr std::chrono::year first_year{1970};
    bool const formed = std::ranges::equal(text, form, [](char c, char wanted) {
        return wanted == 'd' ? is_ascii_digit(c) : c == wanted;
    });
    if (!formed) return std::nullopt;
    auto const number = [text](std::size_t at, std::size_t length) {
        return static_cast<unsigned>(*values::parse_whole(text.substr(at, length)));
    };
    std::chrono::year_month_day const date(std::chrono::year(static_cast<int>(number(0, 4))),
                                           std::chrono::month(number(5, 2)),
                                           std::chrono::day(number(8, 2)));
    if (!date.ok() || date.year() < first_year) return std::nullopt;
    return std::chrono::sys_days(date);
}

constexpr notations::list_rule as_written{.is_sorted = false, .may_repeat = true};

notation<otp::destination> destination(bool (*is_good)(std::string_view)) {
    auto const parse = [is_good](std::string_view text) {
        return is_good(text) ? std::optional(otp::destination{std::string(text)}) : std::nullopt;
    };
    return {value_kind::text, {}, parse, &otp::destination::text};
}

} // namespace

std::string host_port::to_string() const {
    return bracketed(host) + ':' + std::to_string(port);
}

bool host_port::is_loopback() const {
    return is_loopback_host(host);
}

namespace values {

std::optional<std::int64_t> parse_whole(std::string_view text) {
    text = trim_ascii(text);
    std::int64_t value = 0;
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> parse_number(std::string_view text) {
    text = trim_ascii(text);
    double value = 0;
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
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

namespace notations {

notation<double> number(double least, double most) {
    auto const parse = [=](std::string_view text) {
        auto const value = values::parse_number(text);
        return value >= least && value <= most ? value : std::nullopt;
    };
    return {value_kind::number,
            "a number from " + values::format_number(least) + " to " + values::format_number(most),
            parse,
            values::format_number,
            least,
            most};
}

notation<std::chrono::milliseconds> seconds(double least, double most) {
    using std::chrono::milliseconds;
    using fraction = std::chrono::duration<double>;
    auto const plain = number(least, most);
    auto const parse = [=](std::string_view text) {
        auto const value = plain.parse(text);
        return value ? std::optional(std::chrono::round<milliseconds>(fraction(*value)))
                     : std::nullopt;
    };
    auto const show = [](milliseconds value) {
        return values::format_number(fraction(value).count());
    };
    return {plain.kind, plain.allowed + " seconds", parse, show, least, most};
}

notation<bool> flag() {
    return {value_kind::boolean, "true or false", values::parse_boolean,
            [](bool value) { return value ? "true" : "false"; }};
}

notation<money> amount() {
    return {value_kind::money, "an amount such as 0.085, with at most 6 decimals", parse_money,
            to_decimal};
}

notation<money> price() {
    auto const parse = [](std::string_view text) {
        auto const value = parse_money(text);
        return value > money() ? value : std::nullopt;
    };
    return {value_kind::money, "an amount over 0 such as 0.085, with at most 6 decimals", parse,
            to_decimal};
}

notation<std::chrono::sys_days> date() {
    return {value_kind::date, "a day such as 2027-01-31", parse_date, values::format_date};
}

notation<std::string> text(std::string allowed, std::function<bool(std::string_view)> is_good) {
    auto const parse = [is_good = std::move(is_good)](std::string_view text) {
        return is_good(text) ? std::optional(std::string(text)) : std::nullopt;
    };
    return {value_kind::text, std::move(allowed), parse, std::identity()};
}

notation<std::string> socket_path() {
    constexpr std::size_t longest = 107; // unix(7)
    return text("empty or the absolute path of a Unix socket to make, of at most 107 bytes",
                [](std::string_view path) {
                    return path.empty() ||
                           (path.front() == '/' && path.size() <= longest && values::is_path(path));
                });
}

notation<std::string> path(std::string_view of) {
    return text("empty or the path of " + std::string(of),
                [](std::string_view path) { return path.empty() || values::is_path(path); });
}

notation<std::string> name(std::string_view more, std::size_t most, std::string allowed) {
    return text(std::move(allowed),
                [=](std::string_view name) { return values::is_name(name, more, most); });
}

notation<std::string> message_template() {
    return text("printable ASCII other than ` with {code} once, {minutes} (its life) where wanted "
                "and no other braces, at most 158 characters and 160 GSM septets with the code",
                is_message_template);
}

notation<std::string> base_url() {
    return {value_kind::text,
            "an https URL without user, query and fragment (http for loopback addresses only)",
            [](std::string_view text) { return values::parse_base_url(text); }, std::identity()};
}

notation<std::string> own_url() {
    auto const parse = [](std::string_view text) {
        return trim_ascii(text).empty() ? std::string() : values::parse_base_url(text);
    };
    return {value_kind::text, "empty or " + base_url().allowed, parse, std::identity()};
}

notation<std::string> collector_url() {
    auto const parse = [](std::string_view text) {
        return trim_ascii(text).empty() ? std::string()
                                        : values::parse_base_url(text, net::clear_text::anywhere);
    };
    return {value_kind::text, "empty or an http or https URL without user, query and fragment",
            parse, std::identity()};
}

notation<host_port> address() {
    return {value_kind::text, "HOST:PORT, with brackets round an IPv6 address", parse_host_port,
            &host_port::to_string};
}

notation<store::location> store_url() {
    return {.kind = value_kind::text,
            .allowed = "memory:, sqlite:PATH, postgres://[USER:PASSWORD@]HOST[:PORT],.../DB, "
                       "redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://..., "
                       "unix:SOCKET[?db=DB] or redis+sentinel://HOST[:PORT],.../MASTER[/DB]",
            .parse = store::parse_location,
            .show = &store::location::to_string,
            .is_partly_secret = true};
}

notation<std::string> postgres_schema() {
    return text("a name of small letters, digits and _, at most 63", store::is_postgres_schema);
}

notation<std::string> caller_id() {
    return text("3 to 11 printable ASCII characters without spaces at the ends", is_caller_id);
}

notation<std::string> purpose() {
    return {value_kind::text, "1 to 50 printable ASCII characters", values::parse_purpose,
            std::identity()};
}

notation<otp::limit_mode> mode() {
    return word<otp::limit_mode>(words<2>{"enforce", "observe"});
}

notation<telemetry::level> level() {
    return word<telemetry::level>(words<5>{"trace", "debug", "info", "warn", "error"});
}

notation<secret_string> secret(std::string allowed, std::function<bool(std::string_view)> is_good) {
    auto const parse = [is_good = std::move(is_good)](std::string_view text) {
        return is_good(text) ? std::optional(secret_string(std::string(text))) : std::nullopt;
    };
    return {.kind = value_kind::text,
            .allowed = std::move(allowed),
            .parse = parse,
            .show = [](secret_string const& value) { return value.empty() ? "not set" : "set"; },
            .is_secret = true};
}

notation<secret_string> header_secret(std::string_view or_empty) {
    return secret(std::string(or_empty) + "visible ASCII characters, at most 1024",
                  is_header_value);
}

notation<secret_string> operator_token() {
    return secret("empty or 16 to 1024 visible ASCII characters", is_operator_token);
}

notation<secret_string> hmac_secret() {
    return secret("empty or 32 to 1024 random bytes, 8 of them different, not the well-known "
                  "default (make one: openssl rand -hex 32)",
                  [](std::string_view text) { return text.empty() || is_hmac_secret(text); });
}

notation<std::vector<secret_string>> hmac_secrets() {
    return list_of(secret({}, is_hmac_secret),
                   "at most 8 secrets of 32 to 1024 bytes each, 8 of them different, without "
                   "commas",
                   {.most = max_previous_secrets, .is_sorted = false, .may_repeat = true});
}

notation<std::vector<http::address_range>> ranges() {
    notation<http::address_range> const range{
        value_kind::text, {}, http::address_range::parse, &http::address_range::to_string};
    return list_of(range, "a list of IPv4 or IPv6 addresses or ranges such as 10.0.0.0/8",
                   as_written);
}

notation<int> route() {
    return {value_kind::whole,   "a whole number from 1 to 8",
            values::parse_route, [](int route) { return std::to_string(route); },
            first_route,         last_route};
}

notation<std::vector<int>> routes(std::size_t least) {
    return list_of(route(), "a list of different route ids from 1 to 8", {.least = least});
}

notation<std::vector<std::string>> purposes() {
    return list_of(purpose(), "a list of different purposes of 1 to 50 printable ASCII characters");
}

notation<std::vector<std::string>> countries() {
    notation<std::string> const country{
        value_kind::text, {}, values::parse_country, std::identity()};
    return list_of(country, "a list of different countries of two upper-case letters");
}

notation<std::vector<std::string>> web_otp_hosts() {
    auto const is_host = [](std::string_view host) {
        return otp::autofill_suffix::web_otp_for(host).has_value();
    };
    return list_of(text({}, is_host),
                   "a list of different host names in lower case, at most 64 characters each");
}

notation<std::vector<std::string>> limit_names() {
    auto const is_limit = [](std::string_view name) {
        auto const limits = built_in_limits();
        return std::ranges::find(limits, name, &built_in_limit::name) != limits.end();
    };
    return list_of(text({}, is_limit), "a list of names of the limits above, such as prefix_1h",
                   {.is_sorted = false});
}

notation<std::vector<line_type>> line_types() {
    notation<line_type> const type{value_kind::text, {}, parse_line_type, [](line_type value) {
                                       return std::string(to_string(value));
                                   }};
    std::vector<std::string_view> all;
    for (int i = 0; i <= static_cast<int>(line_type::unknown); ++i)
        all.push_back(to_string(static_cast<line_type>(i)));
    return list_of(type, "a list of " + values::enumerated(all, "and"),
                   {.least = 1, .is_sorted = false});
}

notation<std::vector<otp::destination>> prefixes() {
    return list_of(destination(is_prefix),
                   "a list of 1 to 15 digits that numbers begin with, country code first",
                   as_written);
}

notation<std::vector<otp::destination>> destinations() {
    auto const is_destination = [](std::string_view item) {
        return is_prefix(item) || values::parse_country(item);
    };
    return list_of(destination(is_destination),
                   "a list of countries of two upper-case letters, and of 1 to 15 digits that "
                   "numbers begin with",
                   as_written);
}

} // namespace notations

} // namespace otpd::app
