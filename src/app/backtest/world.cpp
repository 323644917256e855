#include "backtest/world.hpp"

#include "backtest/recent_sends.hpp"
#include "otpd/store/memory_store.hpp"
#include "wiring.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace otpd::app {

namespace asio = boost::asio;

namespace {

constexpr std::size_t clients_max = 1000;

/// Codes have this key in each run, so that the same lines have the same result.
otp::key_ring replay_keys() {
    return {secret_string(std::string(32, 'b')), {}, secret_string()};
}

otp::policy policy_of_replay(settings const& settings, std::vector<std::string>& notes) {
    auto rules = policy_of(settings);
    rules.reveal_codes = true; // to type them again
    rules.writes_pseudonyms = false;
    rules.uniform_failures = {}; // would wait by the real clock
    rules.test_numbers.clear();  // they are not in the replay
    auto const by_machine = [](otp::limit const& limit) {
        return limit.key == otp::limit_key::caller_address;
    };
    for (auto const& limit : rules.limits)
        if (by_machine(limit))
            notes.push_back(limit.name +
                            " is left out: the lines do not have the callers' address");
        else if (limit.key == otp::limit_key::number_of_all_clients && settings.clients.size() > 1)
            notes.push_back(limit.name + " counts by client: the lines do not link their numbers");
    std::erase_if(rules.limits, by_machine);
    if (std::ranges::any_of(rules.plans, &otp::route_plan::hedge))
        notes.emplace_back("no second message is sent: `hedge` of a [[route_plan]] is left out");
    if (std::ranges::any_of(rules.scopes,
                            [](auto const& scope) { return !scope.second.variables.empty(); }))
        notes.emplace_back("variables are left out: the lines do not have them, so sends for "
                           "different transactions are resends of one code");
    auto const by_digits = [](auto const& list) {
        return std::ranges::any_of(list, [](auto const& entry) { return !entry.is_country(); });
    };
    if (by_digits(rules.destinations.trusted) || by_digits(rules.destinations.denied))
        notes.emplace_back("numbers.trusted and numbers.denied apply by country only");
    return rules;
}

telemetry::metrics_options metrics_of_replay(otp::policy const& rules) {
    telemetry::metrics_options options;
    options.limits = otp::names_of_limits(rules);
    return options;
}

store::memory_options store_of_replay() {
    store::memory_options options;
    options.states_max = 1'000'000'000; // the capacity is no limit of the settings
    return options;
}

} // namespace

backtest_world::backtest_world(settings const& settings, wall_time begin,
                               std::vector<std::string>& left_out)
    : clock(begin), notes(left_out), rules(policy_of_replay(settings, notes)),
      metrics(metrics_of_replay(rules)), keys(replay_keys()),
      store(store::make_memory_store(context.get_executor(), clock, store_of_replay())),
      waiters(context.get_executor(), 0),
      domain(
          otp::make_operations(rules, {*store, upstream, upstream, keys, plan, clock, random, log,
                                       metrics, prices, scores, deliveries, waiters, refusals})),
      has_tenants_(!settings.clients.empty()) {
    for (auto const& setting : credentials_of(settings))
        clients_.emplace(setting.profile.name, setting.profile);
    spawn(store->start()); // it sweeps what has ended
}

backtest_world::~backtest_world() {
    store->stop();
    work.reset();
    context.poll();
}

void backtest_world::spawn(asio::awaitable<void> operation) {
    asio::co_spawn(context, std::move(operation), [this](std::exception_ptr thrown) {
        if (thrown) broken_ = thrown;
    });
    settle();
}

void backtest_world::settle() {
    context.poll();
    if (broken_) std::rethrow_exception(std::exchange(broken_, nullptr));
}

void backtest_world::resume(std::shared_ptr<line_flight> const& flight,
                            std::string const& country) {
    prices.use(country);
    upstream.use(flight);
    flight->ended.cancel();
    settle();
}

phone_number number_of(timeline_line const& line) {
    constexpr std::uint64_t numbers = 1'000'000'000'000;
    std::uint64_t value = 0;
    std::from_chars(line.number.data(), line.number.data() + line.number.size(), value, 16);
    auto const digits = std::to_string(value % numbers + numbers).substr(1);
    return phone_number::parse("999" + digits).value();
}

otp::caller backtest_world::caller_of(timeline_line const& line) {
    otp::caller caller;
    caller.client = &client_of(line.client);
    if (!line.requester.empty()) caller.end_user_address = line.requester;
    if (line.device == "known") caller.device = secret_string("known");
    caller.stand_in = otp::stand_in{line.prefix, line.country, line.has_solved_challenge};
    return caller;
}

otp::client const& backtest_world::client_of(std::string const& name) {
    auto const found = clients_.find(name);
    if (found != clients_.end()) return found->second;
    if (clients_.size() >= clients_max) return clients_.begin()->second;
    auto& added = clients_[name];
    added.name = name;
    added.is_tenant = has_tenants_;
    notes.push_back("the settings have no client " + name);
    return added;
}

void backtest_world::introduce(timeline_line const& line) {
    if (line.device != "known") return;
    if (introduced_.size() > recent_sends::remembered_max) introduced_.clear();
    if (!introduced_.insert(line.client + '\n' + line.number).second) return;
    spawn(make_known(caller_of(line), number_of(line)));
}

asio::awaitable<void> backtest_world::make_known(otp::caller caller, phone_number number) {
    store::admission send;
    send.key = {keys.hash(caller.client->name, number), "(introduction)"};
    random.fill(send.id);
    send.by = keys.requester_of(caller, number);
    send.device = keys.device_of(caller, number);
    send.code = keys.make_seed(rules.code_length, random);
    send.ttl = std::chrono::minutes(1);
    send.retention = send.ttl;
    send.guesses = rules.guesses;
    store::check right;
    right.key = send.key;
    right.id = send.id;
    right.by = send.by;
    right.device = send.device;
    right.is_code_of = [](store::code_seed const&) { return true; };
    right.attempts_max = rules.attempts_max;
    right.guesses = rules.guesses;
    co_await store->admit(std::move(send));
    co_await store->check_code(std::move(right));
}

} // namespace otpd::app
