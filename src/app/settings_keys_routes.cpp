#include "otpd/core/encoding.hpp"
#include "settings_rows.hpp"

namespace otpd::app {

namespace {

using values::place;

template <auto Member>
using routes = place<&settings::routes, Member>;
template <auto Member>
using spending = place<&settings::spending, Member>;
template <auto Member>
using delivery = place<&settings::delivery, Member>;
template <auto Member>
using timeline = place<&settings::timeline, Member>;
template <auto Member>
using webhooks = place<&settings::webhooks, Member>;

using rts = routes_settings;
using mns = money_settings;
using dls = delivery_settings;
using tls = timeline_settings;
using whs = webhooks_settings;

constexpr std::string_view ms = unit_ms;
constexpr std::string_view s = unit_s;

/// Without a trailing slash, so that a path can follow; or empty.
std::optional<std::string> parse_own_url(std::string_view text) {
    if (trim_ascii(text).empty()) return std::string();
    auto const at = values::parse_base_url(text);
    if (!at) return std::nullopt;
    return (at->tls ? "https://" : "http://") + at->authority() + at->path;
}

std::string show_status_url(settings const& from) {
    return from.delivery.status_url;
}

std::optional<std::optional<money>> parse_daily_cap(std::string_view text) {
    if (trim_ascii(text).empty()) return std::optional<money>();
    auto const amount = values::parse_money(text);
    if (!amount) return std::nullopt;
    return std::optional<std::optional<money>>(amount);
}

std::string show_daily_cap(settings const& from) {
    auto const& cap = from.spending.daily_cap;
    return cap ? to_decimal(*cap) : std::string();
}

constexpr setting_key keys[] = {
    row("routes", "concurrency_max", "0",
        "Sends of one route that are with BridgeXAPI at a time; 0 is half of "
        "bridgexapi.connections_max.")
        .whole<routes<&rts::concurrency_max>>(0, 1024),
    row("routes", "queue_max", "128",
        "Sends of one route that may wait for their turn; more are refused, or take the next step.")
        .whole<routes<&rts::queue_max>>(0, 100'000),
    row("routes", "failures_to_open", "5",
        "After so many failures in a row a route is left alone for a few seconds, then probed.")
        .whole<routes<&rts::failures_to_open>>(1, 1000),
    row("routes", "score_samples_max", "100000",
        "Sends that the scoreboard of the routes is made of; the oldest make room.")
        .whole<routes<&rts::score_samples_max>>(1000, 10'000'000, "sends"),

    row("money", "daily_cap", "",
        "Most that may be spent in a UTC day, in the account's currency; 0: no cap. Empty: 50 on a "
        "loopback address, unless an enforced [[budget]] has key total; elsewhere one of them is "
        "required.")
        .parsed<spending<&mns::daily_cap>, parse_daily_cap>(
            value_kind::money, show_daily_cap,
            "empty, or an amount such as 25.50, with at most 6 decimals"),
    row("money", "assumed_price", "0.1",
        "What an SMS counts for whose price is not known, in the account's currency.")
        .amount<spending<&mns::assumed_price>, values::parse_price>(values::price_rule),
    row("money", "price_lifetime_seconds", "3600",
        "How old the routes' price lists may become before they are asked for again; 0: never "
        "asked.")
        .whole<spending<&mns::price_lifetime>>(0, 604'800, s),
    row("money", "balance_interval_seconds", "60",
        "Between two looks at the account's balance; 0: none.")
        .whole<spending<&mns::balance_interval>>(0, 86'400, s),
    row("money", "balance_low", "0", "A balance under this is an alarm; 0: never.")
        .amount<spending<&mns::balance_low>, values::parse_money>(values::money_rule),
    row("money", "drift_tolerance", "1",
        "When what left the account and what was booked differ by more, it is an alarm.")
        .amount<spending<&mns::drift_tolerance>, values::parse_price>(values::price_rule),

    row("delivery", "enabled", "true", "Asks BridgeXAPI what became of the messages it took.")
        .boolean<delivery<&dls::enabled>>(),
    row("delivery", "interval_ms", "2500", "Between two looks at all messages that are open.")
        .whole<delivery<&dls::interval>>(500, 60'000, ms),
    row("delivery", "open_max", "50000", "Messages followed at a time; further ones are not.")
        .whole<delivery<&dls::open_max>>(1, 1'000'000, "messages"),
    row("delivery", "page_max", "1000", "Messages asked for in one request.")
        .whole<delivery<&dls::page_max>>(1, 10'000, "messages"),
    row("delivery", "status_url", "",
        "Base URL of this service for delivery_status_url in replies; empty is BridgeXAPI's.")
        .parsed<delivery<&dls::status_url>, parse_own_url>(
            value_kind::text, show_status_url,
            "empty or an https URL without user, query and fragment (http for loopback addresses "
            "only)"),
    row("delivery", "waiters_max", "1000",
        "Requests that may wait for a change of a verification at a time; others are answered at "
        "once.")
        .whole<delivery<&dls::waiters_max>>(0, 100'000),

    row("timeline", "file", "",
        "File of a JSON line for each event of a verification; empty: none.")
        .text<timeline<&tls::file>, rules::is_path_or_empty>("empty or the path of a file"),
    row("timeline", "bytes_max", "67108864",
        "When the file is so large, it is renamed and another one begun.")
        .whole<timeline<&tls::bytes_max>>(65'536, 1'099'511'627'776, "bytes"),
    row("timeline", "files_max", "8", "Files that are kept, with the one that is written.")
        .whole<timeline<&tls::files_max>>(1, 1000),
    row("timeline", "queue_lines_max", "8192",
        "Lines that may wait to be written; then the oldest is lost.")
        .whole<timeline<&tls::queue_lines_max>>(16, 1'000'000, "lines"),

    row("webhooks", "queue_max", "1000",
        "Messages that may wait for one [[webhook]]; then the oldest is given up.")
        .whole<webhooks<&whs::queue_max>>(1, 100'000, "messages"),
    row("webhooks", "timeout_ms", "10000", "For one try to hand over a message.")
        .whole<webhooks<&whs::timeout>>(100, 60'000, ms),
};

} // namespace

std::span<setting_key const> route_keys() noexcept {
    return keys;
}

} // namespace otpd::app
