// Checks that involve more than one key. Also checks what is unsafe if other machines reach this
// one: it is refused, unless a setting accepts it explicitly.

#include "checks.hpp"

#include "keys.hpp"
#include "otpd/net/origin.hpp"
#include "otpd/store/admission.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace otpd::app {

namespace {

std::string in_milliseconds(std::chrono::milliseconds time) {
    return std::to_string(time.count());
}

void check_secrets(settings const& all, refusals& refuse) {
    auto const& otp = all.otp;
    auto const url = all.store.url.to_string();
    bool const outlives = all.store.url.outlives_process();
    refuse.when(holds(otp.previous_hmac_secrets, otp.hmac_secret),
                "otp.previous_hmac_secrets holds otp.hmac_secret itself: leave only replaced "
                "secrets there");
    refuse.when(outlives && otp.hmac_secret.empty(),
                "otp.hmac_secret is required with store.url = " + url +
                    ": codes signed with a random one could not be checked after a restart or by "
                    "another instance (make one: openssl rand -hex 32)");
    // Otherwise the numbers' key would change with the replaced secret.
    refuse.when(
        outlives && !otp.previous_hmac_secrets.empty() && otp.number_key_secret.empty(),
        "otp.number_key_secret is required with otp.previous_hmac_secrets and store.url = " + url +
            ": without it a new otp.hmac_secret makes every code, limit and lock of a "
            "number unknown. Set it to what otp.hmac_secret was at first, and leave it "
            "there");
}

void check_store(store_settings const& settings, refusals& refuse) {
    refuse.when(!settings.password.empty() && !settings.url.password.empty(),
                "store.password and a password in store.url: leave one of them out");
    // A PostgreSQL URL may also contain them.
    auto const& in_url = settings.url.postgres;
    bool const has_certificate =
        !settings.certificate_file.empty() || !in_url.certificate_file.empty();
    bool const has_key = !settings.key_file.empty() || !in_url.key_file.empty();
    refuse.when(has_certificate != has_key,
                std::string(has_key ? "store.key_file without store.certificate_file"
                                    : "store.certificate_file without store.key_file") +
                    ": set both (in store.url of PostgreSQL sslcert and sslkey), or neither");
}

void check_files(settings const& all, refusals& refuse) {
    refuse.when(!all.timeline.path.empty() && all.timeline.path == all.store.url.path &&
                    all.store.url.type == store::location::kind::sqlite,
                "timeline.file is the file of store.url: choose another");
}

void check_times(settings const& all, refusals& refuse) {
    auto const request = all.server.request_timeout;
    auto const drain = all.server.drain_timeout;
    auto const upstream = all.bridgexapi.timeout;
    auto const failures = all.otp.uniform_failures;
    refuse.when(request < upstream,
                "server.request_timeout_ms = " + in_milliseconds(request) +
                    " would cut off calls that bridgexapi.timeout allows: make it at least " +
                    in_milliseconds(upstream));
    refuse.when(request <= failures,
                "server.request_timeout_ms = " + in_milliseconds(request) +
                    " would cut off failed checks, which take otp.uniform_failures_ms: make it "
                    "more than " +
                    in_milliseconds(failures));
    refuse.when(drain < upstream,
                "server.drain_timeout_ms = " + in_milliseconds(drain) +
                    " would cut off sends at shutdown that bridgexapi.timeout allows: make it at "
                    "least " +
                    in_milliseconds(upstream));
    refuse.when(all.otp.retention < all.otp.ttl,
                "otp.record_seconds = " + std::to_string(all.otp.retention.count()) +
                    " is less than otp.ttl_seconds: make it at least " +
                    std::to_string(all.otp.ttl.count()));
}

/// Spans hold no secret, so only the token needs TLS.
void check_tracing(tracing_settings const& settings, refusals& refuse) {
    refuse.when(!settings.token.empty() && !settings.url.empty() &&
                    !net::parse_base_url(settings.url),
                "tracing.token would go through the network in clear text: use an https URL in "
                "tracing.url, or leave the token empty");
}

void check_listeners(settings const& all, refusals& refuse) {
    refuse.when(all.server.listen.port != 0 && all.admin.listen == all.server.listen,
                "admin.listen = " + all.server.listen.to_string() +
                    " is server.listen too: choose another port, or leave it empty");
    refuse.when(!all.admin.token.empty() && !all.admin.listen,
                "admin.token needs admin.listen, where it is asked for: set it, or leave the token "
                "empty");
    refuse.when(all.server.proxy_protocol && all.server.trusted_proxies.empty(),
                "server.proxy_protocol = true closes every connection without "
                "server.trusted_proxies: name the proxies there");
}

// --- exposure -----------------------------------------------------------------------------------

/// For a [[client]], only the hash of the token is known.
bool can_be_guessed(secret_string const& token, std::size_t least) {
    return !token.empty() && (token.size() < least || !values::has_different_bytes(token.reveal()));
}

/// Whether anything refuses excessive sends: a limit over all clients, or the conversion guard.
bool has_a_limit(settings const& all) {
    using otp::limit_mode;
    using otp::limit_step;
    auto const built_in = [&](built_in_limit const& built_in_limit) {
        return built_in_limit.step == limit_step::send && all.limits.*built_in_limit.quota > 0 &&
               !holds(all.limits.observe, built_in_limit.name);
    };
    auto const own = [](otp::limit const& limit) {
        return limit.step == limit_step::send && limit.mode == limit_mode::enforce &&
               limit.client.empty();
    };
    return std::ranges::any_of(built_in_limits(), built_in) ||
           std::ranges::any_of(all.otp.limits, own) ||
           (all.otp.pumping.enabled && all.otp.pumping.mode == limit_mode::enforce);
}

/// Checks settings for a server.listen that other machines reach.
void check_network(settings const& all, refusals& refuse) {
    constexpr std::size_t least = 22; // 128 bits in base64 (OWASP ASVS 7.2.3)
    auto const listen = all.server.listen.to_string();
    refuse.when(all.otp.reveal_codes,
                "otp.debug = true shows every code to whoever reaches server.listen = " + listen +
                    ": listen on 127.0.0.1 or turn it off");
    refuse.when(all.auth.token.empty() && all.clients.empty(),
                "auth.token or a [[client]] is required with server.listen = " + listen +
                    ": set API_AUTH_TOKEN, or listen on 127.0.0.1");
    refuse.when(can_be_guessed(all.auth.token, least) && !all.auth.accept_short_tokens,
                "auth.token can be guessed by whoever reaches server.listen = " + listen +
                    ": make it at least " + std::to_string(least) +
                    " random characters (openssl rand -hex 32), or set auth.accept_short_tokens = "
                    "true to accept it");
    refuse.when(!all.limits.enabled,
                "limits.enabled = false lets anyone who reaches server.listen = " + listen +
                    " send without limit: listen on 127.0.0.1 or enable them");
    refuse.when(!all.spending.daily_cap && !has_total_budget(all),
                "money.daily_cap or an enforced [[budget]] of key total is required with "
                "server.listen = " +
                    listen +
                    ": set OTPD_MONEY_DAILY_CAP to what may be spent in a UTC day, in the "
                    "account's currency (0: without a cap), or listen on 127.0.0.1");
    refuse.when(all.limits.enabled && !all.limits.accept_none && !has_a_limit(all),
                "no limit of [limits], no [[limit]] and no guard of [pumping] refuses a send of "
                "whoever reaches server.listen = " +
                    listen + ": enforce one, or set limits.accept_none = true to accept that");
    auto const wide = std::ranges::find_if(all.server.trusted_proxies,
                                           &http::address_range::is_wider_than_one_network);
    if (wide != all.server.trusted_proxies.end())
        refuse.when(!all.server.accept_any_proxy,
                    "server.trusted_proxies has " + wide->to_string() +
                        ", and whoever is in it may call itself anything: name your proxies, or "
                        "set server.accept_any_proxy = true to accept that");
    // If other machines reach this one, its other users must not read the secrets either.
    for (auto const& name : all.open_secret_files)
        refuse.when(
            true, name + " has secrets and is open to every user of the machine: chmod o= " + name);
}

/// Checks settings for any server.listen.
void check_exposure(settings const& all, refusals& refuse) {
    if (!all.server.listen.is_loopback()) check_network(all, refuse);
    if (auto const& listen = all.admin.listen)
        refuse.when(!listen->is_loopback() && !all.admin.accept_network,
                    "admin.listen = " + listen->to_string() +
                        " shows the metrics to whoever reaches it: listen on 127.0.0.1, or set "
                        "admin.accept_network = true to accept that");
    if (auto const why = store::why_unprotected(all.store.url))
        refuse.when(!all.store.accept_clear_text,
                    "store.url = " + *why +
                        ", or set store.accept_clear_text = true to accept that");
}

} // namespace

/// Counts the guesses against as many codes as can be live. Strangers and known devices have
/// different codes, so the higher of the two chances counts.
void check_guess_risk(otp_settings const& settings, std::size_t length, std::string const& where,
                      refusals& refuse) {
    auto const& guesses = settings.guesses;
    auto const of_strangers = guesses.quota + guesses.of_ids;
    bool const is_of_strangers = of_strangers >= guesses.of_devices;
    double const risk = store::codes_max * std::max(of_strangers, guesses.of_devices) /
                        std::pow(10.0, static_cast<double>(length));
    refuse.when(
        risk > settings.accepted_guess_risk,
        where + " = " + std::to_string(length) + " with " +
            (is_of_strangers
                 ? "otp.guesses_per_day = " + std::to_string(guesses.quota)
                 : "otp.device_guesses_per_day = " + std::to_string(guesses.of_devices)) +
            " can be guessed with a chance of " + values::format_number(risk) +
            ", over otp.accepted_guess_risk = " +
            values::format_number(settings.accepted_guess_risk) +
            ": use longer codes or fewer guesses, or raise otp.accepted_guess_risk to accept it");
}

fault_lines check_together(settings const& all) {
    refusals refuse;
    refuse.when(all.bridgexapi.api_key.empty(),
                "bridgexapi.api_key is required: set BRIDGEXAPI_API_KEY in the environment or in "
                ".env, or BRIDGEXAPI_API_KEY_FILE to a file that holds it");
    check_guess_risk(all.otp, all.otp.code_length, "otp.length", refuse);
    refuse.when(!holds(all.otp.allowed_routes, all.otp.default_route_id),
                "otp.default_route_id = " + std::to_string(all.otp.default_route_id) +
                    " is not in otp.allowed_routes: add it there or choose another");
    check_secrets(all, refuse);
    check_store(all.store, refuse);
    check_files(all, refuse);
    check_times(all, refuse);
    check_tracing(all.tracing, refuse);
    check_listeners(all, refuse);
    check_exposure(all, refuse);
    std::ranges::move(check_tables(all), std::back_inserter(refuse.lines));
    std::ranges::move(check_purposes(all), std::back_inserter(refuse.lines));
    refuse.when(all.routes.gates.concurrency_max != 0 &&
                    all.routes.gates.concurrency_max >= all.bridgexapi.connections_max,
                "routes.concurrency_max = " + std::to_string(all.routes.gates.concurrency_max) +
                    " lets one route take all of bridgexapi.connections_max = " +
                    std::to_string(all.bridgexapi.connections_max) + ": make it less");
    return std::move(refuse.lines);
}

} // namespace otpd::app
