#include "wiring.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/store/memory_store.hpp"
#include "otpd/store/postgres_store.hpp"
#include "otpd/store/redis_store.hpp"
#include "otpd/store/sqlite_store.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>

namespace otpd::app {

namespace {

http::server_options options_for_operators(std::string name) {
    constexpr std::size_t connections_max = 64;
    http::server_options options;
    options.name = std::move(name);
    options.connections_max = connections_max;
    options.drain_quiet = std::chrono::milliseconds(0);
    return options;
}

store::location server_of(store_settings const& settings) {
    auto where = settings.url;
    if (!settings.password.empty()) where.password = settings.password;
    return where;
}

/// The holder of auth.token, or everybody.
otp::client default_client_of(auth_settings const& settings) {
    otp::client profile;
    profile.web_otp_hosts = settings.web_otp_hosts;
    profile.suffix = default_suffix_of(settings.web_otp_hosts);
    return profile;
}

/// The built-in ones, and the operator's own.
std::vector<otp::limit> limits_of(settings const& settings) {
    if (!settings.limits.enabled) return {};
    std::vector<otp::limit> list;
    for (auto const& built_in_limit : built_in_limits()) {
        auto const quota = settings.limits.*built_in_limit.quota;
        if (quota == 0) continue;
        bool const is_observed = holds(settings.limits.observe, built_in_limit.name);
        list.push_back({std::string(built_in_limit.name),
                        built_in_limit.key,
                        quota,
                        built_in_limit.window,
                        is_observed ? otp::limit_mode::observe : otp::limit_mode::enforce,
                        built_in_limit.step,
                        {}});
    }
    list.insert(list.end(), settings.otp.limits.begin(), settings.otp.limits.end());
    // Groups checks with the same key, so that each is hashed once (otp/limits/limiter.cpp).
    std::ranges::stable_sort(list, {}, &otp::limit::key);
    return list;
}

void complete(store::cooldown_rule& cooldown, settings const& settings) {
    auto const first = cooldown.base;
    if (!settings.limits.enabled) cooldown.base = cooldown.base.zero();
    cooldown.longest =
        settings.otp.cooldown_doubles
            ? std::max<std::chrono::milliseconds>(first, settings.otp.cooldown_longest)
            : first;
}

void add_purposes(otp::policy& rules, settings const& settings) {
    for (auto const& purpose : settings.purposes) {
        auto scope = rules_of(settings, purpose);
        complete(scope.cooldown, settings);
        rules.scopes.emplace(purpose.client + ':' + purpose.name, std::move(scope));
        if (!purpose.text.empty()) rules.templates.push_back({purpose.name, {}, purpose.text});
    }
}

} // namespace

std::size_t thread_count(server_settings const& settings) {
    if (settings.threads > 0) return static_cast<std::size_t>(settings.threads);
    return std::max(1U, std::thread::hardware_concurrency());
}

http::server_options api_options(settings const& settings) {
    auto const& server = settings.server;
    http::server_options options = server;
    options.one_thread = thread_count(server) == 1;
    options.host = server.listen.host;
    options.port = server.listen.port;
    options.drain_quiet = std::min(server.drain_quiet, server.drain_timeout / 2);
    return options;
}

bool is_local_only(settings const& settings) {
    bool const asks_for_tokens = !settings.auth.token.empty() || !settings.clients.empty();
    return settings.otp.reveal_codes || !asks_for_tokens;
}

http::server_options admin_options(host_port const& listen) {
    auto options = options_for_operators("admin");
    options.host = listen.host;
    options.port = listen.port;
    return options;
}

http::server_options socket_options(std::string const& path) {
    auto options = options_for_operators("socket");
    options.socket_path = path;
    options.connections_per_address_max = options.connections_max; // all have the same
    return options;
}

bridgexapi::client_options question_options(bridgexapi_settings const& settings) {
    constexpr std::chrono::milliseconds longest{10'000};
    constexpr std::chrono::milliseconds longest_wait{2'000};
    constexpr std::size_t waiting_max = 64;
    bridgexapi::client_options options = settings;
    options.connections_max = settings.read_connections_max;
    options.queue_max = waiting_max;
    options.queue_timeout = longest_wait;
    options.timeout = std::min(settings.timeout, longest);
    return options;
}

bridgexapi::read_bulkhead_options read_bulkhead_options_of(bridgexapi_settings const& settings) {
    // Prices, deliveries and the account each read one at a time, and always find a connection.
    constexpr std::size_t readers = 3;
    bridgexapi::read_bulkhead_options options;
    options.concurrency_max = settings.read_connections_max - readers;
    return options;
}

otp::tracker_options tracker_options_of(settings const& settings) {
    // A send's entry in the journal is older than its request by what the store takes.
    constexpr std::chrono::seconds store_time{10};
    otp::tracker_options options = settings.delivery;
    auto const longest = std::chrono::ceil<std::chrono::seconds>(settings.bridgexapi.timeout);
    options.send_max = std::max(options.send_max, longest + store_time);
    return options;
}

std::uint64_t read_quota_of(limits_settings const& settings) {
    return settings.enabled ? settings.reads_client_1m : 0;
}

bridgexapi::route_gate_options route_gate_options_of(settings const& settings) {
    auto options = settings.routes.gates;
    if (options.concurrency_max == 0)
        options.concurrency_max =
            std::max(options.concurrency_min, settings.bridgexapi.connections_max / 2);
    options.concurrency_min = std::min(options.concurrency_min, options.concurrency_max);
    options.concurrency_initial = std::min(options.concurrency_initial, options.concurrency_max);
    return options;
}

otp::price_cache_options price_cache_options_of(settings const& settings) {
    auto options = settings.spending.prices;
    if (options.lifetime > options.lifetime.zero()) options.routes = settings.otp.allowed_routes;
    return options;
}

std::unique_ptr<store::backend> make_store(boost::asio::any_io_executor const& executor,
                                           settings const& settings, clock const& now,
                                           store::observer& observer) {
    using kind = store::location::kind;
    auto const& section = settings.store;
    switch (section.url.type) {
    case kind::memory:
        return store::make_memory_store(executor, now, store::memory_options(section), observer);
    case kind::redis: {
        store::redis_options options(section);
        options.where = server_of(section);
        if (section.connections == 0) options.connections = thread_count(settings.server);
        return store::make_redis_store(executor, std::move(options), observer);
    }
    case kind::sqlite: {
        store::sqlite_options options(section);
        options.path = section.url.path;
        return store::make_sqlite_store(executor, now, std::move(options), observer);
    }
    case kind::postgres: {
        store::postgres_options options(section);
        options.where = server_of(section);
        auto& files = options.where.postgres;
        if (files.ca_file.empty()) files.ca_file = section.ca_file;
        if (files.certificate_file.empty()) files.certificate_file = section.certificate_file;
        if (files.key_file.empty()) files.key_file = section.key_file;
        return store::make_postgres_store(executor, std::move(options), observer);
    }
    }
    throw std::logic_error("a kind of store that nobody makes");
}

std::vector<api::credential> credentials_of(settings const& settings) {
    auto list = settings.clients;
    auto const& token = settings.auth.token;
    if (!token.empty())
        list.push_back(api::credential{default_client_of(settings.auth), {token.digest()}});
    else if (list.empty())
        list.push_back(api::credential{default_client_of(settings.auth), {}}); // without a token
    for (auto& entry : list)
        entry.profile.is_tenant = !settings.clients.empty();
    return list;
}

std::vector<api::credential> operator_without_token() {
    std::vector<api::credential> list(1);
    list.front().profile.name = "(operator)"; // no client has such a name
    list.front().profile.is_operator = true;
    return list;
}

std::vector<api::credential> operator_of(admin_settings const& settings) {
    auto list = operator_without_token();
    list.front().tokens.push_back(settings.token.digest());
    return list;
}

std::vector<std::string> names_of_clients(settings const& settings) {
    std::vector<std::string> names;
    for (auto const& setting : credentials_of(settings))
        names.push_back(setting.profile.name);
    return names;
}

money daily_cap_of(settings const& settings) {
    constexpr auto on_the_first_day = money::from_micros(50 * money::micros_per_unit);
    if (settings.spending.daily_cap) return *settings.spending.daily_cap;
    return has_total_budget(settings) ? money() : on_the_first_day;
}

otp::policy policy_of(settings const& settings) {
    otp::policy rules = settings.otp;
    complete(rules.cooldown, settings);
    auto& guesses = rules.guesses;
    bool const nobody_waits = guesses.wait_base == guesses.wait_base.zero();
    guesses.wait_from = nobody_waits ? 0 : std::max(1U, guesses.quota / 2);
    rules.explore_percent = settings.routes.explore_percent;
    rules.assumed_price = settings.spending.assumed_price;
    rules.templates.insert(rules.templates.end(), settings.templates.begin(),
                           settings.templates.end());
    add_purposes(rules, settings);
    rules.limits = limits_of(settings);
    rules.pumping.enabled = rules.pumping.enabled && settings.limits.enabled;
    // Bounds spending even if nothing else is configured.
    if (auto const cap = daily_cap_of(settings); cap > money()) {
        auto& of_all = rules.budgets.emplace_back();
        of_all.name = daily_cap_name;
        of_all.cap = cap;
    }
    for (auto const& test_number : settings.test_numbers)
        rules.test_numbers.push_back({test_number.number.value(),
                                      passcode::parse(test_number.code.reveal()).value(),
                                      test_number.until});
    rules.send_timeout = settings.bridgexapi.timeout;
    using kind = store::location::kind;
    rules.writes_pseudonyms = !settings.timeline.path.empty();
    rules.hears_everything =
        settings.store.url.type == kind::memory || settings.store.url.type == kind::sqlite;
    return rules;
}

otp::key_ring keys_of(otp_settings const& settings, random_source& random) {
    if (!settings.hmac_secret.empty())
        return {settings.hmac_secret, settings.previous_hmac_secrets, settings.number_key_secret};
    std::array<std::byte, 32> bytes;
    random.fill(bytes);
    secret_string const made(to_hex(bytes));
    wipe(bytes);
    return {made, {}, settings.number_key_secret};
}

} // namespace otpd::app
