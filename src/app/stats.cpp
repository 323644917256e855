#include "stats.hpp"

#include "otpd/core/decimal.hpp"
#include "otpd/core/utc.hpp"
#include "version.hpp"

#include <boost/asio/strand.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace otpd::app {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::string_view sends = "otpd_sends_total";
constexpr std::string_view checks = "otpd_checks_total";
constexpr std::string_view violations = "otpd_limit_violations_total";
constexpr std::string_view messages = "otpd_messages_ended_total";
constexpr std::string_view upstream = "otpd_upstream_requests_total";
constexpr std::string_view webhooks = "otpd_webhooks_total";
constexpr std::string_view store_errors = "otpd_store_errors_total";
constexpr std::string_view store_full = "otpd_store_capacity_refusals_total";
constexpr std::string_view http_time = "otpd_http_request_duration_seconds";
constexpr std::string_view store_time = "otpd_store_operation_duration_seconds";
constexpr std::string_view upstream_time = "otpd_upstream_request_duration_seconds";
constexpr std::string_view open_messages = "otpd_messages_open";
constexpr std::string_view connections = "otpd_http_connections_open";
constexpr std::string_view settings_good = "otpd_config_last_reload_successful";
constexpr std::array metrics_used{
    sends,      checks,    violations, messages,      upstream,      webhooks,    store_errors,
    store_full, http_time, store_time, upstream_time, open_messages, connections, settings_good};

constexpr std::string_view guard_prefix = "pumping_";

// --- sums of series -----------------------------------------------------------------------------

std::string label_of(telemetry::reading const& one, std::string const& label) {
    auto const found = one.labels.find(label);
    return found == one.labels.end() ? std::string() : found->second;
}

bool is_any(telemetry::reading const&) {
    return true;
}

using sums_by_label = std::map<std::string, double>;

/// Adds up the series of a metric by the value of a label, if `wanted` says so.
template <class Wanted = decltype(&is_any)>
sums_by_label sum_by(std::string const& label, service_view const& view, std::string_view metric,
                     Wanted wanted = is_any) {
    sums_by_label sums;
    for (auto const& reading : view.readings)
        if (reading.metric == metric && wanted(reading))
            sums[label_of(reading, label)] += reading.value;
    return sums;
}

/// Returns 0 if the label has no such value.
double value_in(sums_by_label const& sums, std::string const& value) {
    auto const found = sums.find(value);
    return found == sums.end() ? 0 : found->second;
}

double sum_of(sums_by_label const& parts) {
    double sum = 0;
    for (auto const& [name, value] : parts)
        sum += value;
    return sum;
}

double total(service_view const& view, std::string_view metric) {
    return sum_of(sum_by({}, view, metric));
}

/// Adds up histograms with the same bounds.
template <class Wanted = decltype(&is_any)>
telemetry::reading histogram(service_view const& view, std::string_view metric,
                             Wanted wanted = is_any) {
    telemetry::reading sum;
    for (auto const& reading : view.readings) {
        if (reading.metric != metric || !wanted(reading)) continue;
        if (sum.buckets.empty())
            for (auto const& [bound, count] : reading.buckets)
                sum.buckets.emplace_back(bound, 0);
        for (std::size_t i = 0; i < std::min(sum.buckets.size(), reading.buckets.size()); ++i)
            sum.buckets[i].second += reading.buckets[i].second;
        sum.count += reading.count;
        sum.sum += reading.sum;
    }
    return sum;
}

auto with_mode(std::string mode) {
    return [mode = std::move(mode)](telemetry::reading const& one) {
        return label_of(one, "mode") == mode;
    };
}

// --- faults -------------------------------------------------------------------------------------

std::string count_text(double count) {
    return std::to_string(std::llround(count));
}

std::string plural(double count, std::string const& noun) {
    return count_text(count) + ' ' + noun + (std::llround(count) == 1 ? "" : "s");
}

void add_budgets(std::vector<std::string>& faults, service_view const& view) {
    constexpr double near = 0.8;
    for (auto const& budget : view.budgets) {
        auto const cap = budget.cap.units();
        if (cap <= 0 || budget.spent.units() < near * cap) continue;
        faults.push_back("budget " + budget.name + " is at " +
                         count_text(100 * budget.spent.units() / cap) + " % of " +
                         to_decimal(budget.cap) + " until " + to_timestamp(budget.ends_at));
    }
}

void add_account(std::vector<std::string>& faults, service_view const& view) {
    auto const& rules = view.account_rules;
    auto const& [balance, drift, at] = view.account;
    if (balance && rules.low > money() && *balance < rules.low)
        faults.push_back("the balance is low: " + to_decimal(*balance) + ", under " +
                         to_decimal(rules.low));
    if (drift && std::abs(drift->micros()) > rules.drift_tolerance.micros())
        faults.push_back("the account differs from the ledger by " + to_decimal(*drift));
}

void add_failed_sends(std::vector<std::string>& faults, recent_counts const& now,
                      recent_counts const& before, std::string const& lately) {
    double failed = 0;
    std::pair<std::string, double> most;
    for (auto const& [reason, count] : now.sends_failed) {
        auto const grown = count - value_in(before.sends_failed, reason);
        failed += grown;
        if (grown > most.second) most = {reason, grown};
    }
    auto const tried = now.sends_tried - before.sends_tried;
    constexpr double share = 0.05;
    if (failed < 1 || failed < share * tried) return;
    faults.push_back(count_text(failed) + " of " + plural(tried, "send") + " failed" + lately +
                     (most.first == "none" ? "" : ", most for " + most.first));
}

void add_store(std::vector<std::string>& faults, recent_counts const& now,
               recent_counts const& before, std::string const& lately) {
    constexpr double slow = 0.1; // seconds, on average
    if (auto const count = now.store_errors - before.store_errors; count >= 1)
        faults.push_back("the store failed in " + plural(count, "step") + lately);
    auto const steps = now.store_steps - before.store_steps;
    auto const mean = steps > 0 ? (now.store_seconds - before.store_seconds) / steps : 0;
    if (mean > slow)
        faults.push_back("the store is slow: " + count_text(1000 * mean) + " ms a step" + lately);
    if (auto const count = now.store_full - before.store_full; count >= 1)
        faults.push_back("the store is full: " + plural(count, "send") + " refused" + lately);
}

// --- JSON ---------------------------------------------------------------------------------------

json::object counts_json(sums_by_label const& counts) {
    json::object written;
    for (auto const& [name, count] : counts)
        written[name] = std::llround(count);
    return written;
}

json::object histogram_json(telemetry::reading const& histogram) {
    json::array buckets;
    for (auto const& [bound, count] : histogram.buckets)
        buckets.push_back(json::array{bound, count});
    return {{"buckets", std::move(buckets)}, {"count", histogram.count}, {"sum", histogram.sum}};
}

/// Requests of a path, whatever prefix a version gives it.
json::object requests_json(service_view const& view, std::string const& path) {
    auto const is_it = [&path](telemetry::reading const& one) {
        return label_of(one, "route").ends_with(path);
    };
    return histogram_json(histogram(view, http_time, is_it));
}

json::value optional_json(std::optional<money> const& amount) {
    return amount ? json::value(amount->units()) : json::value();
}

json::array limits_json(service_view const& view, bool guards) {
    auto const refused = sum_by("limit", view, violations, with_mode("enforce"));
    auto const observed = sum_by("limit", view, violations, with_mode("observe"));
    auto names = refused;
    names.insert(observed.begin(), observed.end());
    json::array list;
    for (auto const& [name, count] : names) {
        if (name.starts_with(guard_prefix) != guards) continue;
        list.push_back(json::object{{"name", name},
                                    {"refused", std::llround(value_in(refused, name))},
                                    {"observed", std::llround(value_in(observed, name))}});
    }
    return list;
}

} // namespace

std::span<std::string_view const> metrics_read() noexcept {
    return metrics_used;
}

recent_counts counts_of(service_view const& view) {
    recent_counts counts;
    counts.at = view.now;
    auto const outcomes = sum_by("outcome", view, sends);
    for (auto const* const outcome : {"accepted", "rejected", "not_sent", "unknown"})
        counts.sends_tried += value_in(outcomes, outcome);
    counts.sends_failed = sum_by("reason", view, sends, [](telemetry::reading const& one) {
        auto const outcome = label_of(one, "outcome");
        return outcome == "rejected" || outcome == "not_sent" || outcome == "unknown";
    });
    counts.guard_refusals =
        sum_of(sum_by("limit", view, violations, [](telemetry::reading const& one) {
            return label_of(one, "mode") == "enforce" &&
                   label_of(one, "limit").starts_with(guard_prefix);
        }));
    counts.store_full = total(view, store_full);
    counts.store_errors = total(view, store_errors);
    auto const steps = histogram(view, store_time);
    counts.store_steps = static_cast<double>(steps.count);
    counts.store_seconds = steps.sum;
    auto const results = sum_by("result", view, webhooks);
    counts.webhooks_lost = value_in(results, "given_up") + value_in(results, "dropped");
    counts.lines_lost = static_cast<double>(view.log_lines_dropped + view.timeline_lines_lost);
    return counts;
}

counts_history::counts_history(asio::any_io_executor const& executor)
    : strand_(asio::make_strand(executor)) {}

asio::awaitable<recent_counts> counts_history::exchange(recent_counts present) {
    static constexpr std::chrono::seconds between{15};
    static constexpr std::chrono::seconds too_old{60};
    auto turn = [this, &present] {
        auto const is_old = [&](auto const& one, auto age) {
            return one && present.at - one->at >= age;
        };
        if (is_old(newer_, too_old)) newer_.reset();
        if (is_old(older_, too_old)) older_.reset();
        if (is_old(newer_, between)) older_ = std::exchange(newer_, std::nullopt);
        if (!newer_) newer_ = present;
        return older_ ? *older_ : *newer_;
    };
    co_return co_await net::on_strand(strand_, std::move(turn));
}

std::vector<std::string> faults_of(service_view const& view, recent_counts const& before) {
    std::vector<std::string> faults;
    if (!view.not_ready.empty()) faults.push_back("not ready: " + view.not_ready);
    if (total(view, settings_good) == 0)
        faults.emplace_back("the last reload was refused: the settings before it are in use");
    for (auto const& gate : view.gates)
        if (gate.open)
            faults.push_back("route " + std::to_string(gate.route_id) +
                             " is paused: its circuit breaker is open");
    auto const now = counts_of(view);
    auto const passed = std::chrono::round<std::chrono::seconds>(now.at - before.at).count();
    auto const lately = " in the last " + std::to_string(std::max<std::int64_t>(passed, 1)) + " s";
    add_failed_sends(faults, now, before, lately);
    add_store(faults, now, before, lately);
    add_account(faults, view);
    add_budgets(faults, view);
    if (auto const count = now.guard_refusals - before.guard_refusals; count >= 1)
        faults.push_back("the conversion guard refused " + plural(count, "send") + lately);
    if (auto const count = now.webhooks_lost - before.webhooks_lost; count >= 1)
        faults.push_back(plural(count, "webhook message") + " lost" + lately);
    if (auto const count = now.lines_lost - before.lines_lost; count >= 1)
        faults.push_back(plural(count, "line") + " of log or timeline dropped" + lately);
    return faults;
}

std::string stats_text(service_view const& view, std::vector<std::string> const& faults) {
    json::object counters{
        {"sends", counts_json(sum_by("outcome", view, sends))},
        {"checks", counts_json(sum_by("outcome", view, checks))},
        {"refusals", counts_json(sum_by("limit", view, violations, with_mode("enforce")))},
        {"observed", counts_json(sum_by("limit", view, violations, with_mode("observe")))},
        {"messages", counts_json(sum_by("state", view, messages))},
        {"upstream", counts_json(sum_by("outcome", view, upstream))},
        {"webhooks", counts_json(sum_by("result", view, webhooks))},
        {"store_errors", counts_json(sum_by("operation", view, store_errors))}};
    json::object latencies{{"send", requests_json(view, "/send-otp")},
                           {"check", requests_json(view, "/verify-otp")},
                           {"store", histogram_json(histogram(view, store_time))},
                           {"upstream", histogram_json(histogram(view, upstream_time))}};
    json::object gauges{{"live_codes", view.live_codes ? json::value(*view.live_codes) : nullptr},
                        {"open_messages", std::llround(total(view, open_messages))},
                        {"connections", std::llround(total(view, connections))},
                        {"balance", optional_json(view.account.balance)},
                        {"ledger_drift", optional_json(view.account.drift)}};
    json::object const all{{"at", to_timestamp(view.at)},
                           {"uptime_seconds", view.uptime.count()},
                           {"version", version},
                           {"ready", view.not_ready.empty()},
                           {"faults", json::array(faults.begin(), faults.end())},
                           {"counters", std::move(counters)},
                           {"latencies", std::move(latencies)},
                           {"gauges", std::move(gauges)}};
    return json::serialize(all);
}

std::string abuse_text(service_view const& view, std::vector<refused_prefix> const& prefixes) {
    json::array heaviest;
    for (auto const& prefix : prefixes)
        heaviest.push_back(json::object{{"prefix", '+' + prefix.prefix},
                                        {"country", prefix.country},
                                        {"refused", prefix.refused},
                                        {"over_by_at_most", prefix.over_by_at_most},
                                        {"limits", prefix.limits},
                                        {"first_at", to_timestamp(prefix.first_at)},
                                        {"last_at", to_timestamp(prefix.last_at)}});
    json::object const all{{"at", to_timestamp(view.at)},
                           {"guards", limits_json(view, true)},
                           {"violations", limits_json(view, false)},
                           {"prefixes", std::move(heaviest)}};
    return json::serialize(all);
}

} // namespace otpd::app
