#include "wiring.hpp"

#include "otpd/api/local_only.hpp"
#include "otpd/app/settings_keys.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/store/memory_store.hpp"
#include "otpd/store/postgres_store.hpp"
#include "otpd/store/redis_store.hpp"
#include "otpd/store/sqlite_store.hpp"
#include "settings_checks.hpp"
#include "settings_rows.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>

namespace otpd::app {

std::size_t thread_count(server_settings const& from) {
    if (from.threads > 0) return static_cast<std::size_t>(from.threads);
    return std::max(1U, std::thread::hardware_concurrency());
}

telemetry::level level_of(log_settings const& from) {
    switch (from.level) {
    case log_level::trace:
        return telemetry::level::trace;
    case log_level::debug:
        return telemetry::level::debug;
    case log_level::info:
        return telemetry::level::info;
    case log_level::warn:
        return telemetry::level::warn;
    case log_level::error:
        return telemetry::level::error;
    }
    return telemetry::level::info;
}

http::server_options api_options(settings const& from) {
    auto const& server = from.server;
    http::server_options options;
    options.name = "api";
    options.one_thread = thread_count(server) == 1;
    options.host = server.listen.host;
    options.port = server.listen.port;
    options.connections_max = server.connections_max;
    options.connections_per_address_max = server.connections_per_address_max;
    options.header_bytes_max = server.header_bytes_max;
    options.header_fields_max = server.header_fields_max;
    options.body_bytes_max = server.body_bytes_max;
    options.header_timeout = server.header_timeout;
    options.body_timeout = server.body_timeout;
    options.write_timeout = server.write_timeout;
    options.idle_timeout = server.idle_timeout;
    options.drain_quiet = std::min(server.drain_quiet, server.drain_timeout / 2);
    options.request_timeout = server.request_timeout;
    options.trusted_proxies = server.trusted_proxies;
    options.proxy_protocol = server.proxy_protocol;
    bool const asks_for_tokens = !from.auth.token.empty() || !from.clients.empty();
    if (from.otp.debug || !asks_for_tokens) options.refuse = api::refuse_unless_local;
    return options;
}

http::server_options admin_options(host_port const& listen) {
    constexpr std::size_t scrapers_max = 64;
    http::server_options options;
    options.name = "admin";
    options.host = listen.host;
    options.port = listen.port;
    options.connections_max = scrapers_max;
    options.drain_quiet = std::chrono::milliseconds(0);
    return options;
}

bridgexapi::client_options upstream_options(bridgexapi_settings const& from) {
    bridgexapi::client_options options;
    options.base_url = upstream_url(from);
    options.api_key = from.api_key;
    options.ca_file = from.ca_file;
    options.timeout = from.timeout;
    options.connect_timeout = from.connect_timeout;
    options.connections_max = from.connections_max;
    options.queue_max = from.queue_max;
    options.idle_timeout = from.idle_timeout;
    return options;
}

bridgexapi::client_options question_options(bridgexapi_settings const& from) {
    constexpr std::chrono::milliseconds longest{10'000};
    constexpr std::chrono::milliseconds longest_wait{2'000};
    constexpr std::size_t waiting_max = 64;
    auto options = upstream_options(from);
    options.connections_max = from.read_connections_max;
    options.queue_max = waiting_max;
    options.queue_timeout = longest_wait;
    options.timeout = std::min(from.timeout, longest);
    return options;
}

bridgexapi::read_bulkhead_options read_bulkhead_options_of(bridgexapi_settings const& from) {
    // Prices, deliveries and the account ask one question at a time each, and always find a connection.
    constexpr std::size_t readers = 3;
    bridgexapi::read_bulkhead_options options;
    options.concurrency_max = from.read_connections_max - readers;
    return options;
}

std::uint64_t read_quota_of(limits_settings const& from) {
    return from.enabled ? from.reads_client_1m : 0;
}

bridgexapi::route_gate_options route_gate_options_of(settings const& from) {
    bridgexapi::route_gate_options options;
    auto const half = std::max(options.concurrency_min, from.bridgexapi.connections_max / 2);
    options.concurrency_max = from.routes.concurrency_max > 0 ? from.routes.concurrency_max : half;
    options.concurrency_min = std::min(options.concurrency_min, options.concurrency_max);
    options.concurrency_initial = std::min(options.concurrency_initial, options.concurrency_max);
    options.queue_max = from.routes.queue_max;
    options.circuit.failures_to_open = from.routes.failures_to_open;
    return options;
}

otp::price_book_options price_book_options_of(settings const& from) {
    otp::price_book_options options;
    if (from.spending.price_lifetime > std::chrono::seconds::zero())
        options.routes = from.otp.allowed_routes;
    options.lifetime = from.spending.price_lifetime;
    return options;
}

otp::account_options account_options_of(money_settings const& from) {
    otp::account_options options;
    options.interval = from.balance_interval;
    options.low = from.balance_low;
    options.drift_tolerance = from.drift_tolerance;
    return options;
}

otp::tracker_options tracker_options_of(delivery_settings const& from) {
    otp::tracker_options options;
    options.enabled = from.enabled;
    options.interval = from.interval;
    options.open_max = from.open_max;
    options.page_max = static_cast<std::int64_t>(from.page_max);
    return options;
}

otp::scoreboard_options scoreboard_options_of(routes_settings const& from) {
    otp::scoreboard_options options;
    options.samples_max = from.score_samples_max;
    return options;
}

telemetry::rotating_file_options rotating_file_options_of(timeline_settings const& from) {
    telemetry::rotating_file_options options;
    options.path = from.file;
    options.bytes_max = from.bytes_max;
    options.files_max = from.files_max;
    return options;
}

webhook::options webhook_options_of(webhooks_settings const& from) {
    webhook::options options;
    options.queue_max = from.queue_max;
    options.timeout = from.timeout;
    return options;
}

std::string upstream_url(bridgexapi_settings const& from) {
    auto const& at = from.base_url;
    return (at.tls ? "https://" : "http://") + at.authority() + at.path;
}

namespace {

std::unique_ptr<store::backend> make_memory_store(boost::asio::any_io_executor const& on,
                                                  store_settings const& from, clock const& now,
                                                  store::observer& tell) {
    store::memory_options options;
    options.states_max = from.capacity;
    options.sweep_interval = from.sweep_interval;
    options.sweep_batch = from.sweep_batch;
    return store::make_memory_store(on, now, options, tell);
}

store::location server_of(store_settings const& from) {
    auto where = from.url;
    if (!from.password.empty()) where.password = from.password;
    return where;
}

std::unique_ptr<store::backend> make_redis_store(boost::asio::any_io_executor const& on,
                                                 settings const& from, store::observer& tell) {
    store::redis_options options;
    options.where = server_of(from.store);
    options.ca_file = from.store.ca_file;
    options.certificate_file = from.store.certificate_file;
    options.key_file = from.store.key_file;
    if (from.store.timeout > options.timeout.zero()) options.timeout = from.store.timeout;
    options.connections =
        from.store.connections > 0 ? from.store.connections : thread_count(from.server);
    options.replicas = from.store.replicas;
    options.memory_max = from.store.memory_max;
    return store::make_redis_store(on, std::move(options), tell);
}

std::unique_ptr<store::backend> make_sqlite_store(boost::asio::any_io_executor const& on,
                                                  store_settings const& from, clock const& now,
                                                  store::observer& tell) {
    store::sqlite_options options;
    options.path = from.url.path;
    options.states_max = from.capacity;
    if (from.timeout > options.timeout.zero()) options.timeout = from.timeout;
    options.sweep_interval = from.sweep_interval;
    options.sweep_batch = from.sweep_batch;
    return store::make_sqlite_store(on, now, std::move(options), tell);
}

std::unique_ptr<store::backend> make_postgres_store(boost::asio::any_io_executor const& on,
                                                    store_settings const& from,
                                                    store::observer& tell) {
    store::postgres_options options;
    options.where = server_of(from);
    auto& files = options.where.postgres;
    if (files.ca_file.empty()) files.ca_file = from.ca_file;
    if (files.certificate_file.empty()) files.certificate_file = from.certificate_file;
    if (files.key_file.empty()) files.key_file = from.key_file;
    options.schema = from.schema;
    if (from.connections > 0) options.connections = from.connections;
    if (from.timeout > options.timeout.zero()) options.timeout = from.timeout;
    options.states_max = from.capacity;
    return store::make_postgres_store(on, std::move(options), tell);
}

} // namespace

std::unique_ptr<store::backend> make_store(boost::asio::any_io_executor const& on,
                                           settings const& from, clock const& now,
                                           store::observer& tell) {
    using kind = store::location::kind;
    switch (from.store.url.what) {
    case kind::memory:
        return make_memory_store(on, from.store, now, tell);
    case kind::redis:
        return make_redis_store(on, from, tell);
    case kind::sqlite:
        return make_sqlite_store(on, from.store, now, tell);
    case kind::postgres:
        return make_postgres_store(on, from.store, tell);
    }
    throw std::logic_error("a kind of store that nobody makes");
}

namespace {

/// The holder of auth.token, or everybody.
otp::client default_client_of(auth_settings const& from) {
    otp::client profile;
    profile.web_otp_hosts = from.web_otp_hosts;
    profile.tail = rules::default_tail_of(from.web_otp_hosts);
    return profile;
}

} // namespace

std::vector<api::credential> credentials_of(settings const& from) {
    std::vector<api::credential> list;
    for (auto const& [profile, tokens] : from.clients)
        list.push_back(api::credential{profile, tokens});
    auto const& token = from.auth.token;
    if (!token.empty())
        list.push_back(
            api::credential{default_client_of(from.auth), {api::digest_of(token.reveal())}});
    else if (list.empty())
        list.push_back(api::credential{default_client_of(from.auth), {}}); // without a token
    for (auto& each : list)
        each.profile.is_tenant = !from.clients.empty();
    return list;
}

std::vector<api::credential> operator_of(admin_settings const& from) {
    std::vector<api::credential> list(1);
    list.front().profile.name = "(operator)"; // no client has such a name
    list.front().tokens.push_back(api::digest_of(from.token.reveal()));
    return list;
}

std::vector<std::string> names_of_clients(settings const& from) {
    std::vector<std::string> names;
    for (auto const& each : credentials_of(from))
        names.push_back(each.profile.name);
    return names;
}

namespace {

store::guess_budget guesses_of(otp_settings const& from) {
    constexpr std::chrono::hours longest_wait{1}; // NIST SP 800-63B-4 3.2.2
    store::guess_budget guesses;
    guesses.quota = static_cast<std::uint32_t>(from.guesses_per_day);
    guesses.window = std::chrono::hours(24);
    guesses.reserve = guesses.quota / 4;
    if (from.guess_wait > std::chrono::seconds::zero())
        guesses.wait_from = std::max(1U, guesses.quota / 2);
    guesses.wait_base = from.guess_wait;
    guesses.wait_max = longest_wait;
    return guesses;
}

std::vector<otp::limit> limits_of(settings const& from) {
    std::vector<otp::limit> list;
    auto const& observed = from.limits.observe;
    for (auto const& each : built_in_limits()) {
        auto const quota = from.limits.*each.quota;
        if (quota == 0) continue;
        bool const observe = std::ranges::find(observed, each.name) != observed.end();
        list.push_back({std::string(each.name),
                        each.key,
                        quota,
                        each.window,
                        observe ? otp::limit_mode::observe : otp::limit_mode::enforce,
                        each.step,
                        {}});
    }
    list.insert(list.end(), from.own_limits.begin(), from.own_limits.end());
    // Those of one subject together: each subject is hashed once (otp/limiter.cpp).
    std::ranges::stable_sort(list, {}, &otp::limit::key);
    return list;
}

std::vector<otp::spending_budget> budgets_of(settings const& from) {
    auto list = from.budgets;
    if (auto const cap = daily_cap_of(from); cap > money()) {
        otp::spending_budget in_all;
        in_all.name = daily_cap_name;
        in_all.cap = cap;
        list.push_back(std::move(in_all));
    }
    return list;
}

} // namespace

money daily_cap_of(settings const& from) {
    constexpr auto on_the_first_day = money::from_micros(50 * money::micros_per_unit);
    if (from.spending.daily_cap) return *from.spending.daily_cap;
    return has_total_budget(from) ? money() : on_the_first_day;
}

otp::policy policy_of(settings const& from) {
    otp::policy rules;
    rules.code_length = static_cast<std::size_t>(from.otp.length);
    rules.ttl = from.otp.ttl;
    rules.keep = from.otp.keep;
    rules.cooldown.base = from.limits.enabled ? from.otp.cooldown : std::chrono::seconds(0);
    rules.cooldown.longest = from.otp.cooldown_doubles
                                 ? std::max(from.otp.cooldown, from.otp.cooldown_longest)
                                 : from.otp.cooldown;
    rules.cooldown.memory = from.otp.cooldown_memory;
    rules.rejected_backoff = from.otp.rejected_backoff;
    rules.attempts_max = static_cast<std::uint32_t>(from.otp.max_attempts);
    rules.guesses = guesses_of(from.otp);
    rules.purposes_with_several_codes = from.otp.purposes_with_several_codes;
    rules.allowed_routes = from.otp.allowed_routes;
    rules.default_route_id = from.otp.default_route_id;
    rules.plans = from.route_plans;
    rules.assumed_price = from.spending.assumed_price;
    rules.caller_id = from.otp.default_caller_id;
    rules.templates = {{"", {}, from.otp.message_template}};
    rules.templates.insert(rules.templates.end(), from.templates.begin(), from.templates.end());
    if (from.limits.enabled) rules.limits = limits_of(from);
    rules.budgets = budgets_of(from); // money is bounded also where nothing else is
    rules.pumping = from.pumping;
    rules.pumping.enabled = from.pumping.enabled && from.limits.enabled;
    rules.destinations = from.numbers;
    rules.test_numbers = from.test_numbers;
    rules.send_timeout = from.bridgexapi.timeout;
    rules.uniform_failures = from.otp.uniform_failures;
    rules.reveal_codes = from.otp.debug;
    using kind = store::location::kind;
    rules.hears_everything =
        from.store.url.what == kind::memory || from.store.url.what == kind::sqlite;
    return rules;
}

otp::key_ring keys_of(otp_settings const& from, random_source& random) {
    if (!from.hmac_secret.empty())
        return {from.hmac_secret, from.previous_hmac_secrets, from.number_key_secret};
    std::array<std::byte, 32> bytes;
    random.fill(bytes);
    secret_string const made(to_hex(bytes));
    wipe(bytes);
    return {made, {}, from.number_key_secret};
}

} // namespace otpd::app
