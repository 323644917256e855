#include "otpd/core/passcode.hpp"
#include "otpd/otp/message.hpp"
#include "settings_rows.hpp"

namespace otpd::app {

namespace {

using values::place;

constexpr std::size_t max_previous_secrets = 8;

/// With the shortest code; whether it fits with this one depends on other settings (check_tables).
bool is_message_template(std::string_view text) {
    return !otpd::otp::messages::fault_of(text, passcode::min_length, std::chrono::minutes(1), {});
}

std::string show_web_otp_hosts(settings const& from) {
    return rules::joined(from.auth.web_otp_hosts);
}

std::optional<std::vector<int>> parse_some_routes(std::string_view text) {
    auto routes = rules::parse_routes(text);
    if (routes && routes->empty()) return std::nullopt;
    return routes;
}

std::string show_routes(settings const& from) {
    return rules::joined(from.otp.allowed_routes);
}

std::string show_purposes(settings const& from) {
    return rules::joined(from.otp.purposes_with_several_codes);
}

std::optional<std::vector<secret_string>> parse_secrets(std::string_view text) {
    std::vector<secret_string> secrets;
    for (auto const item : values::split_list(text)) {
        if (!rules::is_hmac_secret(item) || secrets.size() == max_previous_secrets)
            return std::nullopt;
        secrets.emplace_back(std::string(item));
    }
    return secrets;
}

std::string digest_secrets(settings const& from) {
    std::string digests; // of each, as no separator is safe in what may be any text
    for (auto const& secret : from.otp.previous_hmac_secrets)
        digests += values::digest_of(secret.reveal());
    return digests;
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

template <auto Member>
using otp = place<&settings::otp, Member>;

using ots = otp_settings;

constexpr std::string_view s = unit_s;
constexpr std::string_view hmac_rule =
    "empty or 32 to 1024 random bytes, 8 of them different, not the well-known default (make one: "
    "openssl rand -hex 32)";

constexpr setting_key keys[] = {
    row("otp", "length", "6", "Digits of a code; under 6 needs a higher accepted_guess_risk.")
        .whole<otp<&ots::length>>(passcode::min_length, passcode::max_length, "digits")
        .known_as("OTP_LENGTH"),
    row("otp", "ttl_seconds", "300", "How long a code can be verified.")
        .whole<otp<&ots::ttl>>(30, 600, s) // NIST SP 800-63B-4 3.1.3.2: ten minutes at most
        .known_as("OTP_TTL_SECONDS"),
    row("otp", "record_seconds", "600",
        "How long a verification can be asked for, from its send on.")
        .whole<otp<&ots::keep>>(30, 86'400, s),
    row("otp", "cooldown_seconds", "45",
        "Between two sends to one number for one purpose; 0 turns it off.")
        .whole<otp<&ots::cooldown>>(0, 3600, s)
        .known_as("OTP_SEND_COOLDOWN_SECONDS", cooldown_of_reference),
    row("otp", "cooldown_doubles", "false", "Whether the cooldown doubles with each further send.")
        .boolean<otp<&ots::cooldown_doubles>>(),
    row("otp", "cooldown_longest_seconds", "900",
        "With cooldown_doubles: the most that it doubles to, or itself if it is longer.")
        .whole<otp<&ots::cooldown_longest>>(0, 86'400, s),
    row("otp", "cooldown_memory_seconds", "3600",
        "With cooldown_doubles: without a send for so long it begins anew.")
        .whole<otp<&ots::cooldown_memory>>(0, 86'400, s),
    row("otp", "max_attempts", "5", "Guesses at one code.")
        .whole<otp<&ots::max_attempts>>(1, 100)
        .known_as("OTP_MAX_ATTEMPTS"),
    row("otp", "guesses_per_day", "20",
        "Wrong guesses for one number in 24 hours, then it is locked.")
        .whole<otp<&ots::guesses_per_day>>(1, 100), // NIST SP 800-63B-4 3.2.2: 100 at most
    row("otp", "guess_wait_seconds", "30",
        "Pause after half of those guesses; doubles with each further one, up to an hour; 0: none.")
        .whole<otp<&ots::guess_wait>>(0, 3600, s),
    row("otp", "accepted_guess_risk", "0.0001",
        "Highest chance that guesses_per_day guesses hit one code.")
        .number<otp<&ots::accepted_guess_risk>>(1e-10, 0.01),
    row("otp", "hmac_secret", "", "Keys the codes; empty makes a random one at each start.")
        .secret_text<otp<&ots::hmac_secret>, rules::is_hmac_secret_or_empty>(hmac_rule)
        .known_as("OTP_HMAC_SECRET"),
    row("otp", "previous_hmac_secrets", "", "Replaced secrets whose codes may still be verified.")
        .parsed<otp<&ots::previous_hmac_secrets>, parse_secrets>(
            value_kind::text_list, show_secrets,
            "at most 8 secrets of 32 to 1024 bytes each, 8 of them different, without commas")
        .hidden(digest_secrets),
    row("otp", "number_key_secret", "",
        "Keys the numbers' hashes; empty derives it from hmac_secret.")
        .secret_text<otp<&ots::number_key_secret>, rules::is_hmac_secret_or_empty>(hmac_rule),
    row("otp", "message_template", "Your verification code is {code}.", "Text of the SMS.")
        .text<otp<&ots::message_template>, is_message_template>(
            "printable ASCII other than ` with {code} once, {minutes} (its life) where wanted and "
            "no other braces, at most 158 characters and 160 GSM septets with the code"),
    row("otp", "default_route_id", "3", "Route of a send that names none.")
        .whole<otp<&ots::default_route_id>>(rules::first_route, rules::last_route)
        .known_as("DEFAULT_ROUTE_ID"),
    row("otp", "allowed_routes", "1,2,3,4,5,7,8", "Routes that a send may name.")
        .parsed<otp<&ots::allowed_routes>, parse_some_routes>(
            value_kind::whole_list, show_routes, "a list of different route ids from 1 to 8"),
    row("otp", "default_caller_id", "BRIDGEXAPI", "Sender that the SMS shows.")
        .text<otp<&ots::default_caller_id>, rules::is_caller_id>(
            "3 to 11 printable ASCII characters without spaces at the ends")
        .known_as("DEFAULT_CALLER_ID"),
    row("otp", "debug", "false", "Answers carry the code; on loopback addresses only.")
        .boolean<otp<&ots::debug>>()
        .known_as("DEBUG_OTP", flag_of_reference),
    row("otp", "rejected_backoff_seconds", "5",
        "Until a number may try again after a refused send.")
        .whole<otp<&ots::rejected_backoff>>(0, 300, s),
    row("otp", "purposes_with_several_codes", "",
        "Purposes whose older codes stay valid with a new one; others' are replaced.")
        .parsed<otp<&ots::purposes_with_several_codes>, rules::parse_purposes>(
            value_kind::text_list, show_purposes,
            "a list of different purposes of 1 to 50 printable ASCII characters"),
    row("otp", "uniform_failures_ms", "0",
        "Failed checks all look alike, and take at least so long; 0: each says what it is.")
        .whole<otp<&ots::uniform_failures>>(0, 10'000, unit_ms),

    row("auth", "token", "", "Bearer token of the API; empty, on loopback only, asks for none.")
        .secret_text<place<&settings::auth, &auth_settings::token>, rules::is_header_value>(
            "empty or visible ASCII characters, at most 1024")
        .known_as("API_AUTH_TOKEN"),
    row("auth", "web_otp_hosts", "",
        "Sites that sends of its holder may name for the autofill suffix (WebOTP); one alone is "
        "that of sends that name none.")
        .parsed<place<&settings::auth, &auth_settings::web_otp_hosts>, rules::parse_web_otp_hosts>(
            value_kind::text_list, show_web_otp_hosts, rules::web_otp_hosts_rule),
    row("auth", "accept_short_tokens", "false",
        "Lets a token that can be guessed, of under 22 characters or of hardly any different ones, "
        "guard an address that others reach.")
        .boolean<place<&settings::auth, &auth_settings::accept_short_tokens>>(),
};

} // namespace

std::span<setting_key const> otp_keys() noexcept {
    return keys;
}

} // namespace otpd::app
