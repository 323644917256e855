// What is unsafe once others than this machine reach it: refused, or accepted in words by a setting of
// its own.

#include "settings_checks.hpp"
#include "settings_rows.hpp"
#include "settings_sources.hpp"

#include <algorithm>
#include <optional>

namespace otpd::app {

namespace {

using fault_line = std::optional<std::string>;

fault_line debug_stays_on_loopback(settings const& all) {
    if (!all.otp.debug || all.server.listen.is_loopback()) return std::nullopt;
    return "otp.debug = true shows every code to whoever reaches server.listen = " +
           all.server.listen.to_string() + ": listen on 127.0.0.1 or turn it off";
}

fault_line token_guards_the_network(settings const& all) {
    if (!all.auth.token.empty() || !all.clients.empty() || all.server.listen.is_loopback())
        return std::nullopt;
    return "auth.token or a [[client]] is required with server.listen = " +
           all.server.listen.to_string() + ": set API_AUTH_TOKEN, or listen on 127.0.0.1";
}

/// Of a [[client]] only the hash of its token is known.
fault_line token_cannot_be_guessed(settings const& all) {
    constexpr std::size_t least = 22; // 128 bits in base64 (OWASP ASVS 7.2.3)
    auto const& token = all.auth.token;
    bool const is_strong = token.size() >= least && rules::has_different_bytes(token.reveal());
    if (token.empty() || is_strong || all.auth.accept_short_tokens ||
        all.server.listen.is_loopback())
        return std::nullopt;
    return "auth.token can be guessed by whoever reaches server.listen = " +
           all.server.listen.to_string() + ": make it at least " + std::to_string(least) +
           " random characters (openssl rand -hex 32), or set auth.accept_short_tokens = true to "
           "accept it";
}

fault_line limits_guard_the_network(settings const& all) {
    if (all.limits.enabled || all.server.listen.is_loopback()) return std::nullopt;
    return "limits.enabled = false lets anyone who reaches server.listen = " +
           all.server.listen.to_string() +
           " send without limit: listen on 127.0.0.1 or enable them";
}

fault_line spending_is_bounded(settings const& all) {
    if (all.spending.daily_cap || has_total_budget(all) || all.server.listen.is_loopback())
        return std::nullopt;
    return "money.daily_cap or an enforced [[budget]] of key total is required with server.listen "
           "= " +
           all.server.listen.to_string() +
           ": set OTPD_MONEY_DAILY_CAP to what may be spent in a UTC day, in the account's "
           "currency (0: without a cap), or listen on 127.0.0.1";
}

/// Something refuses sends of whoever sends too many: a limit for all clients, or the guard.
bool has_a_limit(settings const& all) {
    using otp::limit_mode;
    using otp::limit_step;
    auto const built_in = [&](built_in_limit const& each) {
        return each.step == limit_step::send && all.limits.*each.quota > 0 &&
               std::ranges::find(all.limits.observe, each.name) == all.limits.observe.end();
    };
    auto const own = [](otp::limit const& each) {
        return each.step == limit_step::send && each.mode == limit_mode::enforce &&
               each.client.empty();
    };
    return std::ranges::any_of(built_in_limits(), built_in) ||
           std::ranges::any_of(all.own_limits, own) ||
           (all.pumping.enabled && all.pumping.mode == limit_mode::enforce);
}

fault_line some_limit_refuses(settings const& all) {
    if (all.limits.accept_none || !all.limits.enabled || all.server.listen.is_loopback() ||
        has_a_limit(all))
        return std::nullopt;
    return "no limit of [limits], no [[limit]] and no guard of [pumping] refuses a send of whoever "
           "reaches server.listen = " +
           all.server.listen.to_string() +
           ": enforce one, or set limits.accept_none = true to accept that";
}

fault_line proxies_are_of_one_network(settings const& all) {
    auto const& proxies = all.server.trusted_proxies;
    auto const wide =
        std::ranges::find_if(proxies, &http::address_range::is_wider_than_one_network);
    if (wide == proxies.end() || all.server.accept_any_proxy || all.server.listen.is_loopback())
        return std::nullopt;
    return "server.trusted_proxies has " + wide->to_string() +
           ", and whoever is in it may call itself anything: name your proxies, or set "
           "server.accept_any_proxy = true to accept that";
}

fault_line metrics_stay_on_loopback(settings const& all) {
    auto const& listen = all.admin.listen;
    if (!listen || listen->is_loopback() || all.admin.accept_network) return std::nullopt;
    return "admin.listen = " + listen->to_string() +
           " shows the metrics to whoever reaches it: listen on 127.0.0.1, or set "
           "admin.accept_network = true to accept that";
}

fault_line store_is_reached_over_tls(settings const& all) {
    if (all.store.accept_clear_text) return std::nullopt;
    auto why = store::why_unprotected(all.store.url);
    if (why)
        *why = "store.url = " + *why + ", or set store.accept_clear_text = true to accept that";
    return why;
}

constexpr fault_line (*checks[])(settings const&) = {
    debug_stays_on_loopback,    token_guards_the_network, token_cannot_be_guessed,
    limits_guard_the_network,   spending_is_bounded,      some_limit_refuses,
    proxies_are_of_one_network, metrics_stay_on_loopback, store_is_reached_over_tls};

} // namespace

fault_lines check_exposure(settings const& all) {
    fault_lines faults;
    for (auto const check : checks)
        if (auto fault = check(all)) faults.push_back(std::move(*fault));
    return faults;
}

} // namespace otpd::app
