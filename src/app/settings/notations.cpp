#include "notations.hpp"

#include "limits.hpp"
#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/core/passcode.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace otpd::app {

namespace {

/// Leading digits of numbers.
bool is_prefix(std::string_view item) {
    return !item.empty() && item.size() <= phone_number::max_digits && all_ascii_digits(item) &&
           item.front() != '0';
}

constexpr notations::list_rule as_written{.is_sorted = false, .may_repeat = true};

notation<otp::destination> destination(bool (*is_good)(std::string_view)) {
    auto const parse = [is_good](std::string_view text) {
        return is_good(text) ? std::optional(otp::destination{std::string(text)}) : std::nullopt;
    };
    return {{value_kind::text, {}}, parse, &otp::destination::text};
}

notation<std::string> url_or_empty(std::string const& allowed, net::clear_text in_clear) {
    auto const parse = [in_clear](std::string_view text) {
        return trim_ascii(text).empty() ? std::string() : values::parse_base_url(text, in_clear);
    };
    return {{value_kind::text, "empty or " + allowed}, parse, std::identity()};
}

constexpr std::size_t max_secret_length = 1024;
constexpr std::size_t min_hmac_secret_length = 32; // as long as the digest (RFC 2104 3)
constexpr std::size_t max_previous_secrets = 8;

bool is_header_value(std::string_view text) {
    return text.size() <= max_secret_length &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_hmac_secret(std::string_view text) {
    return text.size() >= min_hmac_secret_length && text.size() <= max_secret_length &&
           values::has_different_bytes(text) && text != "change-me-in-production";
}

std::optional<secret_string> parse_signing_secret(std::string_view text) {
    constexpr std::string_view prefix = "whsec_";
    constexpr std::size_t least = 24;
    constexpr std::size_t most = 64;
    if (!text.starts_with(prefix)) return std::nullopt;
    auto bytes = from_base64(text.substr(prefix.size()));
    if (!bytes || bytes->size() < least || bytes->size() > most ||
        !values::has_different_bytes(*bytes))
        return std::nullopt;
    return secret_string(*std::move(bytes));
}

} // namespace

std::string notations::bounds(std::string_view of, double least, double most) {
    return std::string(of) + " from " + values::format_number(least) + " to " +
           values::format_number(most);
}

notation<double> notations::number(double least, double most) {
    auto const parse = [=](std::string_view text) {
        auto const value = values::parse_number(text);
        return value >= least && value <= most ? value : std::nullopt;
    };
    return {{value_kind::number, bounds("a number", least, most), least, most},
            parse,
            values::format_number};
}

notation<std::chrono::milliseconds> notations::seconds(double least, double most) {
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
    return {{plain.kind, plain.allowed + " seconds", least, most}, parse, show};
}

notation<money> notations::price() {
    auto const parse = [](std::string_view text) {
        auto const value = values::parse_money(text);
        return value > money() ? value : std::nullopt;
    };
    return {{value_kind::money, "an amount over 0 such as 0.085, with at most 6 decimals"},
            parse,
            to_decimal};
}

notation<std::string> notations::text(std::string allowed,
                                      std::function<bool(std::string_view)> is_good) {
    auto const parse = [is_good = std::move(is_good)](std::string_view text) {
        return is_good(text) ? std::optional(std::string(text)) : std::nullopt;
    };
    return {{value_kind::text, std::move(allowed)}, parse, std::identity()};
}

notation<std::string> notations::socket_path() {
    constexpr std::size_t longest = 107; // unix(7)
    return text("empty or the absolute path of a Unix socket to make, of at most 107 bytes",
                [](std::string_view path) {
                    return path.empty() ||
                           (path.front() == '/' && path.size() <= longest && values::is_path(path));
                });
}

notation<std::string> notations::path(std::string_view of) {
    return text("empty or the path of " + std::string(of),
                [](std::string_view path) { return path.empty() || values::is_path(path); });
}

notation<std::string> notations::name(std::string_view more, std::size_t most,
                                      std::string allowed) {
    return text(std::move(allowed),
                [=](std::string_view name) { return values::is_name(name, more, most); });
}

/// Checked with the shortest code. Whether the text fits the configured one depends on other
/// settings.
notation<std::string> notations::message_template() {
    return text("printable ASCII other than ` with {code} once, {minutes} (its life) where wanted "
                "and no other braces, at most 158 characters and 160 GSM septets with the code",
                [](std::string_view text) {
                    return !otp::messages::fault_of(text, passcode::min_length,
                                                    {std::chrono::minutes(1)}, {});
                });
}

notation<std::string> notations::own_url() {
    return url_or_empty(base_url().allowed, net::clear_text::on_loopback);
}

notation<std::string> notations::collector_url() {
    return url_or_empty("an http or https URL without user, query and fragment",
                        net::clear_text::anywhere);
}

notation<std::string> notations::webhook_url() {
    constexpr std::size_t most = 2048;
    auto out = text("an https URL without user and fragment, at most 2048 characters "
                    "(http for loopback addresses, with allow_private)",
                    [](std::string_view text) {
                        bool const is_web =
                            text.starts_with("https://") || text.starts_with("http://");
                        auto const url = boost::urls::parse_uri(text);
                        return text.size() <= most && is_web && url && !url->has_fragment() &&
                               values::parse_base_url(text.substr(0, text.find('?')));
                    });
    out.show = [](std::string const& url) {
        auto const begin = url.find("://");
        if (begin == std::string::npos) return std::string();
        return url.substr(0, url.find_first_of("/?", begin + 3));
    };
    return out;
}

notation<store::location> notations::store_url() {
    return {{.kind = value_kind::text,
             .allowed = "memory:, sqlite:PATH, postgres://[USER:PASSWORD@]HOST[:PORT],.../DB, "
                        "redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://..., "
                        "unix:SOCKET[?db=DB] or redis+sentinel://HOST[:PORT],.../MASTER[/DB]",
             .is_partly_secret = true},
            store::parse_location,
            &store::location::to_string};
}

notation<std::string> notations::caller_id() {
    return text("3 to 11 printable ASCII characters without spaces at the ends",
                [](std::string_view text) {
                    return text.size() >= bridgexapi::min_caller_id_length &&
                           text.size() <= bridgexapi::max_caller_id_length && text.front() != ' ' &&
                           text.back() != ' ' &&
                           std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
                });
}

notation<otp::autofill_suffix> notations::app_hash() {
    return {{value_kind::text, "11 characters of base64; not with web_otp_hosts"},
            otp::autofill_suffix::app_hash_of,
            [](otp::autofill_suffix const& suffix) {
                return suffix.type == otp::autofill_suffix::kind::app_hash ? suffix.text
                                                                           : std::string();
            }};
}

notation<std::optional<phone_number>> notations::phone() {
    auto const parse = [](std::string_view text) -> std::optional<phone_number> {
        auto number = phone_number::parse(text);
        if (!number) return std::nullopt;
        return *std::move(number);
    };
    return optional_of(notation<phone_number>{
        {value_kind::text, "10 to 15 digits, with a + before them or without"},
        parse,
        &phone_number::masked});
}

notation<secret_string> notations::secret(std::string allowed,
                                          std::function<bool(std::string_view)> is_good) {
    auto const parse = [is_good = std::move(is_good)](std::string_view text) {
        return is_good(text) ? std::optional(secret_string(std::string(text))) : std::nullopt;
    };
    return {{.kind = value_kind::text, .allowed = std::move(allowed), .is_secret = true},
            parse,
            [](secret_string const& value) { return value.empty() ? "not set" : "set"; }};
}

notation<secret_string> notations::header_secret(std::string_view or_empty) {
    return secret(std::string(or_empty) + "visible ASCII characters, at most 1024",
                  is_header_value);
}

notation<secret_string> notations::operator_token() {
    constexpr std::size_t least = 16;
    return secret("empty or 16 to 1024 visible ASCII characters", [](std::string_view text) {
        return text.empty() || (text.size() >= least && is_header_value(text));
    });
}

notation<secret_string> notations::hmac_secret() {
    return secret("empty or 32 to 1024 random bytes, 8 of them different, not the well-known "
                  "default (make one: openssl rand -hex 32)",
                  [](std::string_view text) { return text.empty() || is_hmac_secret(text); });
}

notation<secret_string> notations::test_code() {
    return secret("as many digits as otp.length says",
                  [](std::string_view text) { return passcode::parse(text).has_value(); });
}

notation<std::vector<secret_string>> notations::hmac_secrets() {
    return list_of(secret({}, is_hmac_secret),
                   "at most 8 secrets of 32 to 1024 bytes each, 8 of them different, without "
                   "commas",
                   {.most = max_previous_secrets, .is_sorted = false, .may_repeat = true});
}

notation<std::vector<secret_string>> notations::signing_secrets() {
    auto secret_of = secret({}, {});
    secret_of.parse = parse_signing_secret;
    return list_of(secret_of,
                   "1 to 4 different secrets: whsec_ and base64 of 24 to 64 random bytes, 8 of "
                   "them different",
                   {.least = 1, .most = 4, .is_sorted = false});
}

notation<std::vector<secret_digest>> notations::token_digests() {
    auto const parse = [](std::string_view text) -> std::optional<secret_digest> {
        secret_digest digest{};
        if (!from_hex(text, digest)) return std::nullopt;
        return digest;
    };
    // An old token and its successor. check_tables() refuses equal ones.
    auto out = list_of(notation<secret_digest>{{value_kind::text, {}}, parse, {}},
                       "one or two different SHA-256 hashes in hexadecimal",
                       {.least = 1, .most = 2, .is_sorted = false, .may_repeat = true});
    out.show = [](std::vector<secret_digest> const& list) {
        return std::to_string(list.size()) + " set";
    };
    return out;
}

notation<std::vector<http::address_range>> notations::ranges() {
    notation<http::address_range> const range{
        {value_kind::text, {}}, http::address_range::parse, &http::address_range::to_string};
    return list_of(range, "a list of IPv4 or IPv6 addresses or ranges such as 10.0.0.0/8",
                   as_written);
}

notation<int> notations::route() {
    return {{value_kind::whole, "a whole number from 1 to 8", 1, 8},
            values::parse_route,
            [](int route) { return std::to_string(route); }};
}

notation<int> notations::route_unless_zero() {
    auto out = route();
    out.show = [](int route) { return route == 0 ? std::string() : std::to_string(route); };
    return out;
}

notation<std::vector<int>> notations::routes(std::size_t least) {
    return list_of(route(), "a list of different route ids from 1 to 8", {.least = least});
}

notation<std::vector<int>> notations::ranked_routes() {
    return list_of(route(), "a list of 2 to 8 different route ids from 1 to 8",
                   {.least = 2, .is_sorted = false});
}

notation<std::vector<std::string>> notations::countries() {
    notation<std::string> const country{
        {value_kind::text, {}}, values::parse_country, std::identity()};
    return list_of(country, "a list of different countries of two upper-case letters", {});
}

notation<std::vector<std::string>> notations::web_otp_hosts() {
    auto const is_host = [](std::string_view host) {
        return otp::autofill_suffix::web_otp_for(host).has_value();
    };
    return list_of(text({}, is_host),
                   "a list of different host names in lower case, at most 64 characters each", {});
}

notation<std::vector<std::string>> notations::limit_names() {
    auto const is_limit = [](std::string_view name) {
        auto const limits = built_in_limits();
        return std::ranges::find(limits, name, &built_in_limit::name) != limits.end();
    };
    return list_of(text({}, is_limit), "a list of names of the limits above, such as prefix_1h",
                   {.is_sorted = false});
}

notation<std::vector<std::string>> notations::variable_names() {
    using otp::variable;
    auto const is_good = [](std::string_view text) {
        return values::is_name(text, "_", variable::max_name_length) && text != "code" &&
               text != "minutes";
    };
    return list_of(text({}, is_good),
                   "a list of 1 to 8 different names of 1 to 32 lower-case letters, digits and _, "
                   "other than code and minutes",
                   {.least = 1, .most = variable::max_count});
}

notation<std::vector<std::string>> notations::some_of(std::span<std::string_view const> known) {
    auto const is_known = [known](std::string_view text) {
        return std::ranges::find(known, text) != known.end();
    };
    return list_of(text({}, is_known), "a list of " + values::enumerated(known, "and"),
                   {.is_sorted = false});
}

notation<std::vector<line_type>> notations::line_types() {
    std::vector<std::string_view> all;
    for (int i = 0; i <= static_cast<int>(line_type::unknown); ++i)
        all.push_back(to_string(static_cast<line_type>(i)));
    notation<line_type> const type{{value_kind::text, {}}, parse_line_type, [](line_type value) {
                                       return std::string(to_string(value));
                                   }};
    return list_of(type, "a list of " + values::enumerated(all, "and"),
                   {.least = 1, .is_sorted = false});
}

notation<std::vector<otp::destination>> notations::prefixes() {
    return list_of(destination(is_prefix),
                   "a list of 1 to 15 digits that numbers begin with, country code first",
                   as_written);
}

notation<std::vector<otp::destination>> notations::destinations() {
    auto const is_destination = [](std::string_view item) {
        return is_prefix(item) || values::parse_country(item);
    };
    return list_of(destination(is_destination),
                   "a list of countries of two upper-case letters, and of 1 to 15 digits that "
                   "numbers begin with",
                   as_written);
}

} // namespace otpd::app
