#include "wiring.hpp"

#include "otpd/api/local_only.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/store/memory_store.hpp"
#include "otpd/store/postgres_store.hpp"
#include "otpd/store/redis_store.hpp"
#include "otpd/store/sqlite_store.hpp"
#include "settings_keys.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>

namespace otpd::app {

std::size_t thread_count(server_settings const& from) {
    if (from.threads > 0) return static_cast<std::size_t>(from.threads);
    return std::max(1U, std::thread::hardware_concurrency());
}

http::server_options api_options(settings const& from) {
    auto const& server = from.server;
    http::server_options options = server;
    options.one_thread = thread_count(server) == 1;
    options.host = server.listen.host;
    options.port = server.listen.port;
    options.drain_quiet = std::min(server.drain_quiet, server.drain_timeout / 2);
    bool const asks_for_tokens = !from.auth.token.empty() || !from.clients.empty();
    if (from.otp.reveal_codes || !asks_for_tokens) options.refuse = api::refuse_unless_local;
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

bridgexapi::client_options question_options(bridgexapi_settings const& from) {
    constexpr std::chrono::milliseconds longest{10'000};
    constexpr std::chrono::milliseconds longest_wait{2'000};
    constexpr std::size_t waiting_max = 64;
    bridgexapi::client_options options = from;
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
    auto options = from.routes.gates;
    if (options.concurrency_max == 0)
        options.concurrency_max =
            std::max(options.concurrency_min, from.bridgexapi.connections_max / 2);
    options.concurrency_min = std::min(options.concurrency_min, options.concurrency_max);
    options.concurrency_initial = std::min(options.concurrency_initial, options.concurrency_max);
    return options;
}

otp::price_book_options price_book_options_of(settings const& from) {
    auto options = from.spending.prices;
    if (options.lifetime > options.lifetime.zero()) options.routes = from.otp.allowed_routes;
    return options;
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
    profile.tail = default_tail_of(from.web_otp_hosts);
    return profile;
}

} // namespace

std::vector<api::credential> credentials_of(settings const& from) {
    std::vector<api::credential> list;
    for (auto const& [profile, tokens] : from.clients)
        list.push_back(api::credential{profile, tokens});
    auto const& token = from.auth.token;
    if (!token.empty())
        list.push_back(api::credential{default_client_of(from.auth), {token.digest()}});
    else if (list.empty())
        list.push_back(api::credential{default_client_of(from.auth), {}}); // without a token
    for (auto& each : list)
        each.profile.is_tenant = !from.clients.empty();
    return list;
}

std::vector<api::credential> operator_of(admin_settings const& from) {
    std::vector<api::credential> list(1);
    list.front().profile.name = "(operator)"; // no client has such a name
    list.front().tokens.push_back(from.token.digest());
    return list;
}

std::vector<std::string> names_of_clients(settings const& from) {
    std::vector<std::string> names;
    for (auto const& each : credentials_of(from))
        names.push_back(each.profile.name);
    return names;
}

namespace {

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
    otp::policy rules = from.otp;
    if (!from.limits.enabled) rules.cooldown.base = rules.cooldown.base.zero();
    std::chrono::milliseconds const first = from.otp.cooldown.base;
    rules.cooldown.longest =
        from.otp.cooldown_doubles
            ? std::max<std::chrono::milliseconds>(first, from.otp.cooldown_longest)
            : first;
    auto& guesses = rules.guesses;
    guesses.reserve = guesses.quota / 4;
    bool const nobody_waits = guesses.wait_base == guesses.wait_base.zero();
    guesses.wait_from = nobody_waits ? 0 : std::max(1U, guesses.quota / 2);
    rules.plans = from.route_plans;
    rules.assumed_price = from.spending.assumed_price;
    rules.templates.insert(rules.templates.end(), from.templates.begin(), from.templates.end());
    if (from.limits.enabled) rules.limits = limits_of(from);
    rules.budgets = budgets_of(from); // money is bounded also where nothing else is
    rules.pumping = from.pumping;
    rules.pumping.enabled = from.pumping.enabled && from.limits.enabled;
    rules.destinations = from.numbers;
    rules.test_numbers = from.test_numbers;
    rules.send_timeout = from.bridgexapi.timeout;
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
