#include "otpd/app/settings_keys.hpp"

#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/passcode.hpp"
#include "settings_values.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace otpd::app {

namespace {

using values::place;

// What texts are good. A secret's rules are here too, so that a bad one is named by its key only.

constexpr std::size_t max_secret_length = 1024;
constexpr std::size_t min_hmac_secret_length = 32; // as long as the digest (RFC 2104 3)
constexpr std::size_t max_previous_secrets = 8;
constexpr std::size_t max_path_length = 4096;
constexpr std::string_view reference_default_secret = "change-me-in-production";
constexpr std::string_view code_placeholder = "{code}";
constexpr int first_route = 1;
constexpr int last_route = 8;

bool is_header_value(std::string_view text) {
    return values::is_visible(text) && text.size() <= max_secret_length;
}

bool is_hmac_secret(std::string_view text) {
    return text.size() >= min_hmac_secret_length && text.size() <= max_secret_length &&
           text != reference_default_secret;
}

bool is_hmac_secret_or_empty(std::string_view text) {
    return text.empty() || is_hmac_secret(text);
}

bool is_path_or_empty(std::string_view text) {
    return text.size() <= max_path_length && text.find('\0') == std::string_view::npos &&
           text.find('\n') == std::string_view::npos;
}

bool is_message_template(std::string_view text) {
    auto const at = text.find(code_placeholder);
    if (at == std::string_view::npos || !values::is_printable(text)) return false;
    bool const once = text.find(code_placeholder, at + 1) == std::string_view::npos;
    auto const longest = text.size() - code_placeholder.size() + passcode::max_length;
    return once && longest <= bridgexapi::max_message_length;
}

bool is_caller_id(std::string_view text) {
    return text.size() >= bridgexapi::min_caller_id_length &&
           text.size() <= bridgexapi::max_caller_id_length && values::is_printable(text) &&
           text.front() != ' ' && text.back() != ' ';
}

// Readers of the keys whose type is not a plain number, flag or text.

std::optional<std::optional<host_port>> parse_optional_host_port(std::string_view text) {
    if (text.empty()) return std::optional<host_port>();
    auto value = values::parse_host_port(text);
    if (!value) return std::nullopt;
    return std::optional<std::optional<host_port>>(std::move(value));
}

std::string show_admin_listen(settings const& from) {
    return from.admin.listen ? from.admin.listen->to_string() : std::string();
}

std::string show_base_url(settings const& from) {
    auto const& url = from.bridgexapi.base_url;
    return (url.tls ? "https://" : "http://") + url.authority() + url.path;
}

constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};

std::optional<log_level> parse_level(std::string_view text) {
    auto const* const found = std::ranges::find(level_names, text);
    if (found == level_names.end()) return std::nullopt;
    return static_cast<log_level>(found - level_names.begin());
}

std::string show_level(settings const& from) {
    return std::string(to_string(from.log.level));
}

std::optional<std::vector<int>> parse_routes(std::string_view text) {
    std::vector<int> routes;
    for (auto const item : values::split_list(text)) {
        auto const route = values::parse_whole(item);
        if (!route || *route < first_route || *route > last_route) return std::nullopt;
        routes.push_back(static_cast<int>(*route));
    }
    std::ranges::sort(routes);
    auto const repeated = std::ranges::adjacent_find(routes);
    if (routes.empty() || repeated != routes.end()) return std::nullopt;
    return routes;
}

std::string show_routes(settings const& from) {
    std::string out;
    for (int const route : from.otp.allowed_routes)
        out += (out.empty() ? "" : ",") + std::to_string(route);
    return out;
}

std::optional<std::vector<secret_string>> parse_secrets(std::string_view text) {
    std::vector<secret_string> secrets;
    for (auto const item : values::split_list(text)) {
        if (!is_hmac_secret(item) || secrets.size() == max_previous_secrets) return std::nullopt;
        secrets.emplace_back(std::string(item));
    }
    return secrets;
}

std::string show_secrets(settings const& from) {
    auto const& secrets = from.otp.previous_hmac_secrets;
    return secrets.empty() ? "not set" : std::to_string(secrets.size()) + " set";
}

// Where the reference reads a value differently.

/// Everything but 1, true, yes and on is false there.
std::string flag_of_reference(std::string_view text) {
    return values::parse_boolean(text).value_or(false) ? "true" : "false";
}

/// A negative cooldown means none there.
std::string cooldown_of_reference(std::string_view text) {
    auto const value = values::parse_whole(text);
    return value && *value < 0 ? "0" : std::string(text);
}

// The builder of a row: what every key has, then what only some have.

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
            .hidden();
    }
    template <class Place, auto Parse>
    constexpr row parsed(value_kind how, std::string (*shown)(settings const&),
                         std::string_view rule) const {
        return with(how, values::read_parsed<Place, Parse>, shown).must_be(rule);
    }

    constexpr row hidden() const {
        row out = *this;
        out.key_.secret = true;
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

template <auto Member>
using server = place<&settings::server, Member>;
template <auto Member>
using upstream = place<&settings::bridgexapi, Member>;
template <auto Member>
using otp = place<&settings::otp, Member>;
template <auto Member>
using store = place<&settings::store, Member>;

using srv = server_settings;
using bxs = bridgexapi_settings;
using ots = otp_settings;
using sts = store_settings;

constexpr std::string_view hmac_rule =
    "empty or 32 to 1024 random bytes, not the well-known default (make one: openssl rand -hex 32)";
constexpr std::string_view ms = "milliseconds";
constexpr std::string_view s = "seconds";

constexpr setting_key keys[] = {
    row("server", "listen", "127.0.0.1:8000",
        "Address and port of the API; port 0 takes a free one.")
        .parsed<server<&srv::listen>, values::parse_host_port>(
            value_kind::text, values::show_parsed<server<&srv::listen>>,
            "HOST:PORT, with brackets round an IPv6 address"),
    row("server", "threads", "0", "Threads that run the service; 0 is one for each processor.")
        .whole<server<&srv::threads>>(0, 256),
    row("server", "connections_max", "10000", "Connections open at once; more are closed at once.")
        .whole<server<&srv::connections_max>>(1, 1'000'000),
    row("server", "header_bytes_max", "8192", "Largest request line and header.")
        .whole<server<&srv::header_bytes_max>>(1024, 65535, "bytes"),
    row("server", "header_fields_max", "64", "Most header fields in a request.")
        .whole<server<&srv::header_fields_max>>(8, 256),
    row("server", "body_bytes_max", "4096", "Largest request body.")
        .whole<server<&srv::body_bytes_max>>(256, 1'048'576, "bytes"),
    row("server", "header_timeout_ms", "5000",
        "From the first byte of a request to its whole header.")
        .whole<server<&srv::header_timeout>>(100, 60'000, ms),
    row("server", "body_timeout_ms", "5000", "From the header to the whole body.")
        .whole<server<&srv::body_timeout>>(100, 60'000, ms),
    row("server", "write_timeout_ms", "10000", "For a client to take a whole response.")
        .whole<server<&srv::write_timeout>>(100, 60'000, ms),
    row("server", "idle_timeout_ms", "30000",
        "How long a connection may wait for its next request.")
        .whole<server<&srv::idle_timeout>>(100, 600'000, ms),
    row("server", "request_timeout_ms", "30000", "For the whole work on one request.")
        .whole<server<&srv::request_timeout>>(100, 300'000, ms),
    row("server", "drain_delay_ms", "0",
        "From readiness 503 to the end of accepting: for a balancer to notice.")
        .whole<server<&srv::drain_delay>>(0, 60'000, ms),
    row("server", "drain_timeout_ms", "25000", "For requests in flight to finish at shutdown.")
        .whole<server<&srv::drain_timeout>>(100, 300'000, ms),

    row("admin", "listen", "127.0.0.1:9464", "Address and port of metrics; empty turns them off.")
        .parsed<place<&settings::admin, &admin_settings::listen>, parse_optional_host_port>(
            value_kind::text, show_admin_listen,
            "empty or HOST:PORT, with brackets round an IPv6 address"),

    row("bridgexapi", "base_url", "https://hi.bridgexapi.io", "Where BridgeXAPI is.")
        .parsed<upstream<&bxs::base_url>, values::parse_base_url>(
            value_kind::text, show_base_url,
            "an https URL without user, query and fragment (http for loopback addresses only)")
        .known_as("BRIDGEXAPI_BASE_URL"),
    row("bridgexapi", "api_key", "", "The account's API key; required.")
        .secret_text<upstream<&bxs::api_key>, is_header_value>(
            "visible ASCII characters, at most 1024")
        .known_as("BRIDGEXAPI_API_KEY"),
    row("bridgexapi", "timeout", "20", "For one call to BridgeXAPI; may have a fraction.")
        .number<upstream<&bxs::timeout>>(0.1, 120, s)
        .known_as("BRIDGEXAPI_TIMEOUT"),
    row("bridgexapi", "connect_timeout_ms", "3000", "For TCP connect and TLS handshake together.")
        .whole<upstream<&bxs::connect_timeout>>(50, 60'000, ms),
    row("bridgexapi", "ca_file", "", "PEM file of trusted authorities; empty is the system's.")
        .text<upstream<&bxs::ca_file>, is_path_or_empty>("empty or the path of a PEM file"),
    row("bridgexapi", "connections_max", "64", "Connections to BridgeXAPI at once.")
        .whole<upstream<&bxs::connections_max>>(1, 1024),
    row("bridgexapi", "queue_max", "1024",
        "Calls that may wait for a connection; more are refused.")
        .whole<upstream<&bxs::queue_max>>(0, 100'000),
    row("bridgexapi", "idle_timeout_ms", "30000", "An unused connection is closed after this.")
        .whole<upstream<&bxs::idle_timeout>>(100, 600'000, ms),

    row("otp", "length", "6", "Digits of a code; under 6 needs a higher accepted_guess_risk.")
        .whole<otp<&ots::length>>(passcode::min_length, passcode::max_length, "digits")
        .known_as("OTP_LENGTH"),
    row("otp", "ttl_seconds", "300", "How long a code can be verified.")
        .whole<otp<&ots::ttl>>(30, 600, s) // NIST SP 800-63B-4 3.1.3.2: ten minutes at most
        .known_as("OTP_TTL_SECONDS"),
    row("otp", "cooldown_seconds", "45", "Between two sends to one number; 0 turns it off.")
        .whole<otp<&ots::cooldown>>(0, 3600, s)
        .known_as("OTP_SEND_COOLDOWN_SECONDS", cooldown_of_reference),
    row("otp", "max_attempts", "5", "Guesses at one code.")
        .whole<otp<&ots::max_attempts>>(1, 100)
        .known_as("OTP_MAX_ATTEMPTS"),
    row("otp", "guesses_per_day", "20",
        "Wrong guesses for one number in 24 hours, then it is locked.")
        .whole<otp<&ots::guesses_per_day>>(1, 100), // NIST SP 800-63B-4 3.2.2: 100 at most
    row("otp", "accepted_guess_risk", "0.0001",
        "Highest chance that guesses_per_day guesses hit one code.")
        .number<otp<&ots::accepted_guess_risk>>(1e-10, 0.01),
    row("otp", "hmac_secret", "", "Keys the codes' MACs; empty makes a random one at each start.")
        .secret_text<otp<&ots::hmac_secret>, is_hmac_secret_or_empty>(hmac_rule)
        .known_as("OTP_HMAC_SECRET"),
    row("otp", "previous_hmac_secrets", "", "Replaced secrets whose codes may still be verified.")
        .parsed<otp<&ots::previous_hmac_secrets>, parse_secrets>(
            value_kind::text_list, show_secrets,
            "at most 8 secrets of 32 to 1024 bytes each, without commas")
        .hidden(),
    row("otp", "number_key_secret", "",
        "Keys the numbers' hashes; empty derives it from hmac_secret.")
        .secret_text<otp<&ots::number_key_secret>, is_hmac_secret_or_empty>(hmac_rule),
    row("otp", "message_template", "Your verification code is {code}.", "Text of the SMS.")
        .text<otp<&ots::message_template>, is_message_template>(
            "printable ASCII with {code} exactly once, at most 158 characters with a 10-digit "
            "code"),
    row("otp", "default_route_id", "3", "Route of a send that names none.")
        .whole<otp<&ots::default_route_id>>(first_route, last_route)
        .known_as("DEFAULT_ROUTE_ID"),
    row("otp", "allowed_routes", "1,2,3,4,5,7,8", "Routes that a send may name.")
        .parsed<otp<&ots::allowed_routes>, parse_routes>(
            value_kind::whole_list, show_routes, "a list of different route ids from 1 to 8"),
    row("otp", "default_caller_id", "BRIDGEXAPI", "Sender that the SMS shows.")
        .text<otp<&ots::default_caller_id>, is_caller_id>(
            "3 to 11 printable ASCII characters without spaces at the ends")
        .known_as("DEFAULT_CALLER_ID"),
    row("otp", "debug", "false", "Answers carry the code; on loopback addresses only.")
        .boolean<otp<&ots::debug>>()
        .known_as("DEBUG_OTP", flag_of_reference),
    row("otp", "rejected_backoff_seconds", "5",
        "Until a number may try again after a refused send.")
        .whole<otp<&ots::rejected_backoff>>(0, 300, s),

    row("auth", "token", "", "Bearer token of the API; empty, on loopback only, asks for none.")
        .secret_text<place<&settings::auth, &auth_settings::token>, is_header_value>(
            "empty or visible ASCII characters, at most 1024")
        .known_as("API_AUTH_TOKEN"),

    row("store", "url", "memory:",
        "Where codes and limits live: in this process, in a file, or in Valkey or Redis.")
        .parsed<store<&sts::url>, otpd::store::parse_location>(
            value_kind::text, values::show_parsed<store<&sts::url>>,
            "memory:, sqlite:PATH, redis://[USER:PASSWORD@]HOST[:PORT][/DB], rediss://..., "
            "unix:SOCKET[?db=DB] or redis+sentinel://HOST[:PORT],.../MASTER[/DB]"),
    row("store", "password", "", "Password of Valkey or Redis, where store.url has none.")
        .secret_text<store<&sts::password>, is_header_value>(
            "empty or visible ASCII characters, at most 1024"),
    row("store", "ca_file", "",
        "PEM file of authorities trusted with rediss://; empty is the system's.")
        .text<store<&sts::ca_file>, is_path_or_empty>("empty or the path of a PEM file"),
    row("store", "timeout_ms", "250",
        "Longest wait for one step of Valkey or Redis; an answer that comes later is lost.")
        .whole<store<&sts::timeout>>(10, 10'000, ms),
    row("store", "connections", "0",
        "Connections to Valkey or Redis; 0 is one for each of server.threads.")
        .whole<store<&sts::connections>>(0, 64),
    row("store", "replicas_wait_for", "0",
        "Replicas that must have a send or a used code before it counts; 0 waits for none.")
        .whole<store<&sts::replicas>>(0, 5),
    row("store", "capacity", "4000000",
        "Codes, cooldowns and guess counts that memory: keeps at once; a fresh code takes two. "
        "Then "
        "sends are refused.")
        .whole<store<&sts::capacity>>(1, 100'000'000, "items"),
    row("store", "sweep_interval_ms", "100",
        "Between two looks of memory: and sqlite: for what has expired.")
        .whole<store<&sts::sweep_interval>>(10, 10'000, ms),
    row("store", "sweep_batch", "64", "Numbers whose expired items are removed in one go.")
        .whole<store<&sts::sweep_batch>>(1, 100'000, "numbers"),

    row("limits", "enabled", "true",
        "Cooldown and send limits; false is for load tests on loopback.")
        .boolean<place<&settings::limits, &limits_settings::enabled>>(),

    row("log", "level", "info", "Lowest level that is written.")
        .parsed<place<&settings::log, &log_settings::level>, parse_level>(
            value_kind::text, show_level, "trace, debug, info, warn or error"),
    row("log", "queue_lines_max", "8192",
        "Lines that may wait to be written; then the oldest is lost.")
        .whole<place<&settings::log, &log_settings::queue_lines_max>>(16, 1'000'000, "lines"),
};

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

} // namespace

std::string setting_key::path() const {
    return std::string(section) + '.' + std::string(name);
}

std::string setting_key::environment_name() const {
    return "OTPD_" + upper(section) + '_' + upper(name);
}

std::string setting_key::allowed_values() const {
    if (!allowed.empty()) return std::string(allowed);
    std::string out = kind == value_kind::whole ? "a whole number" : "a number";
    out += " from " + values::format_number(min) + " to " + values::format_number(max);
    if (!unit.empty()) out += ' ' + std::string(unit);
    return out;
}

std::span<setting_key const> setting_keys() noexcept {
    return keys;
}

std::string_view to_string(log_level level) noexcept {
    return level_names[static_cast<std::size_t>(level)];
}

settings settings::defaults() {
    settings out;
    for (auto const& key : setting_keys())
        if (!key.read(out, key.initial, key)) throw std::logic_error("bad default: " + key.path());
    return out;
}

std::vector<setting_line> describe(settings const& from) {
    std::vector<setting_line> lines;
    for (auto const& key : setting_keys())
        lines.push_back({key.path(), key.show(from)});
    return lines;
}

} // namespace otpd::app
