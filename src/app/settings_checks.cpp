#include "settings_checks.hpp"

#include "otpd/store/admission.hpp"
#include "settings_sources.hpp"
#include "settings_values.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace otpd::app {

namespace {

using fault_line = std::optional<std::string>;

std::string in_milliseconds(std::chrono::milliseconds time) {
    return std::to_string(time.count());
}

fault_line api_key_is_set(settings const& all) {
    if (!all.bridgexapi.api_key.empty()) return std::nullopt;
    return "bridgexapi.api_key is required: set BRIDGEXAPI_API_KEY in the environment or in .env";
}

/// The chance that all guesses a number is allowed in a day, spent on one code, hit it; where older
/// codes stay valid, on as many as there may be.
fault_line guess_risk_is_accepted(settings const& all) {
    bool const several = !all.otp.purposes_with_several_codes.empty();
    int const codes = several ? static_cast<int>(store::codes_max) : 1;
    double const risk = codes * all.otp.guesses_per_day / std::pow(10.0, all.otp.length);
    if (risk <= all.otp.accepted_guess_risk) return std::nullopt;
    return "otp.length = " + std::to_string(all.otp.length) +
           " with otp.guesses_per_day = " + std::to_string(all.otp.guesses_per_day) +
           " can be guessed with a chance of " + values::format_number(risk) +
           ", over otp.accepted_guess_risk = " +
           values::format_number(all.otp.accepted_guess_risk) +
           (several ? " (several codes are valid at once: otp.purposes_with_several_codes)" : "") +
           ": use longer codes or fewer guesses, or raise otp.accepted_guess_risk to accept it";
}

fault_line default_route_is_allowed(settings const& all) {
    auto const& allowed = all.otp.allowed_routes;
    if (std::ranges::find(allowed, all.otp.default_route_id) != allowed.end()) return std::nullopt;
    return "otp.default_route_id = " + std::to_string(all.otp.default_route_id) +
           " is not in otp.allowed_routes: add it there or choose another";
}

fault_line secret_outlives_process(settings const& all) {
    if (!all.store.url.outlives_process() || !all.otp.hmac_secret.empty()) return std::nullopt;
    return "otp.hmac_secret is required with store.url = " + all.store.url.to_string() +
           ": codes signed with a random one could not be checked after a restart or by another "
           "instance (make one: openssl rand -hex 32)";
}

/// Else the numbers' key goes with the secret that is replaced.
fault_line number_key_outlives_secret(settings const& all) {
    if (all.otp.previous_hmac_secrets.empty() || !all.otp.number_key_secret.empty() ||
        !all.store.url.outlives_process())
        return std::nullopt;
    return "otp.number_key_secret is required with otp.previous_hmac_secrets and store.url = " +
           all.store.url.to_string() +
           ": without it a new otp.hmac_secret makes every code, limit and lock of a number "
           "unknown. Set it to what otp.hmac_secret was at first, and leave it there";
}

fault_line password_is_given_once(settings const& all) {
    if (all.store.password.empty() || all.store.url.password.empty()) return std::nullopt;
    return "store.password and a password in store.url: leave one of them out";
}

/// A URL of PostgreSQL may have them, too.
fault_line certificate_has_its_key(settings const& all) {
    auto const& in_url = all.store.url.postgres;
    bool const has_certificate =
        !all.store.certificate_file.empty() || !in_url.certificate_file.empty();
    bool const has_key = !all.store.key_file.empty() || !in_url.key_file.empty();
    if (has_certificate == has_key) return std::nullopt;
    return std::string(has_key ? "store.key_file without store.certificate_file"
                               : "store.certificate_file without store.key_file") +
           ": set both (in store.url of PostgreSQL sslcert and sslkey), or neither";
}

fault_line previous_secrets_are_others(settings const& all) {
    auto const& previous = all.otp.previous_hmac_secrets;
    bool const repeated = std::ranges::any_of(previous, [&](secret_string const& secret) {
        return secret.reveal() == all.otp.hmac_secret.reveal();
    });
    if (!repeated) return std::nullopt;
    return "otp.previous_hmac_secrets holds otp.hmac_secret itself: leave only replaced secrets "
           "there";
}

fault_line request_covers_upstream(settings const& all) {
    if (all.server.request_timeout >= all.bridgexapi.timeout) return std::nullopt;
    return "server.request_timeout_ms = " + in_milliseconds(all.server.request_timeout) +
           " would cut off calls that bridgexapi.timeout allows: make it at least " +
           in_milliseconds(all.bridgexapi.timeout);
}

fault_line request_covers_failures(settings const& all) {
    if (all.server.request_timeout > all.otp.uniform_failures) return std::nullopt;
    return "server.request_timeout_ms = " + in_milliseconds(all.server.request_timeout) +
           " would cut off failed checks, which take otp.uniform_failures_ms: make it more than " +
           in_milliseconds(all.otp.uniform_failures);
}

fault_line drain_covers_upstream(settings const& all) {
    if (all.server.drain_timeout >= all.bridgexapi.timeout) return std::nullopt;
    return "server.drain_timeout_ms = " + in_milliseconds(all.server.drain_timeout) +
           " would cut off sends at shutdown that bridgexapi.timeout allows: make it at least " +
           in_milliseconds(all.bridgexapi.timeout);
}

fault_line listeners_differ(settings const& all) {
    if (all.server.listen.port == 0 || all.admin.listen != all.server.listen) return std::nullopt;
    return "admin.listen = " + all.admin.listen->to_string() +
           " is server.listen too: choose another port, or leave it empty";
}

fault_line operator_has_a_listener(settings const& all) {
    if (all.admin.token.empty() || all.admin.listen) return std::nullopt;
    return "admin.token needs admin.listen, where it is asked for: set it, or leave the token "
           "empty";
}

fault_line records_outlive_codes(settings const& all) {
    if (all.otp.keep >= all.otp.ttl) return std::nullopt;
    return "otp.record_seconds = " + std::to_string(all.otp.keep.count()) +
           " is less than otp.ttl_seconds: make it at least " + std::to_string(all.otp.ttl.count());
}

fault_line proxies_are_trusted(settings const& all) {
    if (!all.server.proxy_protocol || !all.server.trusted_proxies.empty()) return std::nullopt;
    return "server.proxy_protocol = true closes every connection without server.trusted_proxies: "
           "name the proxies there";
}

constexpr fault_line (*checks[])(settings const&) = {
    api_key_is_set,           guess_risk_is_accepted,
    default_route_is_allowed, previous_secrets_are_others,
    secret_outlives_process,  number_key_outlives_secret,
    password_is_given_once,   certificate_has_its_key,
    request_covers_upstream,  request_covers_failures,
    drain_covers_upstream,    listeners_differ,
    operator_has_a_listener,  records_outlive_codes,
    proxies_are_trusted};

} // namespace

fault_lines check_together(settings const& all) {
    fault_lines faults;
    for (auto const check : checks)
        if (auto fault = check(all)) faults.push_back(std::move(*fault));
    for (auto const more : {check_exposure, check_tables, check_plans, check_countries})
        std::ranges::move(more(all), std::back_inserter(faults));
    return faults;
}

} // namespace otpd::app
