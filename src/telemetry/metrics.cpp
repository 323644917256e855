#include "otpd/telemetry/metrics.hpp"

#include "metric_grid.hpp"
#include "metric_labels.hpp"
#include "process_stats.hpp"

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace otpd::telemetry {

namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

template <std::size_t Labels>
using counters = metric_grid<Counter, Labels>;
template <std::size_t Labels>
using gauges = metric_grid<Gauge, Labels>;
template <std::size_t Labels>
using histograms = metric_grid<Histogram, Labels>;

using buckets = Histogram::BucketBoundaries;

/// Upper bounds in seconds. A request that waits for an SMS gateway may take as long as its
/// timeout. A step of the memory store takes microseconds, one of a remote store milliseconds.
buckets const request_buckets{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                              0.25,   0.5,   1,      2.5,   5,    10,    30};
buckets const store_buckets{0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001,
                            0.0025,  0.005,    0.01,    0.05,   0.25,    1};

Counter& counter(Registry& registry, char const* name, char const* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

Gauge& gauge(Registry& registry, char const* name, char const* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

template <class... Sets>
counters<sizeof...(Sets)> counter_for(Registry& registry, char const* name, char const* help,
                                      Sets... sets) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    return {std::array{std::move(sets)...},
            [&family](prometheus::Labels const& labels) -> Counter& { return family.Add(labels); }};
}

template <class... Sets>
gauges<sizeof...(Sets)> gauge_for(Registry& registry, char const* name, char const* help,
                                  Sets... sets) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    return {std::array{std::move(sets)...},
            [&family](prometheus::Labels const& labels) -> Gauge& { return family.Add(labels); }};
}

histograms<1> histogram_for(Registry& registry, char const* name, char const* help, label_set set,
                            buckets const& bounds) {
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
    return {std::array{std::move(set)},
            [&family, &bounds](prometheus::Labels const& labels) -> Histogram& {
                return family.Add(labels, bounds);
            }};
}

/// The decimal digits of a number, without an allocation.
class number_word {
public:
    explicit number_word(long value) {
        auto const end = std::to_chars(text_.data(), text_.data() + text_.size(), value).ptr;
        length_ = static_cast<std::size_t>(end - text_.data());
    }
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), length_}; }

private:
    std::array<char, 24> text_{};
    std::size_t length_ = 0;
};

std::string_view reason_or_none(std::string_view reason) {
    return reason.empty() ? labels::upstream_reasons.front() : reason;
}

/// Prometheus has no integers.
double units(std::int64_t micros) {
    return static_cast<double>(micros) / 1e6;
}

double seconds(metrics::duration elapsed) {
    return std::chrono::duration<double>(elapsed).count();
}

reading reading_of(prometheus::MetricFamily const& family, prometheus::ClientMetric const& of) {
    reading one;
    one.metric = family.name;
    for (auto const& label : of.label)
        one.labels.emplace(label.name, label.value);
    one.value = family.type == prometheus::MetricType::Gauge ? of.gauge.value : of.counter.value;
    for (auto const& bucket : of.histogram.bucket)
        if (std::isfinite(bucket.upper_bound))
            one.buckets.emplace_back(bucket.upper_bound, bucket.cumulative_count);
    one.count = of.histogram.sample_count;
    one.sum = of.histogram.sample_sum;
    return one;
}

} // namespace

struct metrics::instruments {
    explicit instruments(metrics_options const& options)
        : routes("route", options.routes), limit_violations(count_limits(options.limits)) {
        prometheus::BuildGauge()
            .Name("otpd_build_info")
            .Help("Always 1; the version is a label.")
            .Register(registry)
            .Add({{"version", options.version}})
            .Set(1);
    }

    /// Of the same family each time, so a name that stays counts on.
    boost::shared_ptr<counters<2>> count_limits(std::vector<std::string> const& limits) {
        return boost::make_shared<counters<2>>(
            counter_for(registry, "otpd_limit_violations_total",
                        "Requests that a limit refused, or would have refused (mode observe).",
                        label_set("limit", limits), label_set("mode", labels::limit_modes)));
    }

    Registry registry;
    label_set const routes;
    label_set const listeners{"listener", labels::listeners};
    label_set const route_ids{"route_id", labels::route_ids};
    label_set const store_operations{"operation", labels::store_operations};
    /// Not std::atomic: see otp/money/price_cache.cpp.
    boost::atomic_shared_ptr<counters<2>> limit_violations;
    std::function<std::uint64_t()> log_lines_dropped;
    std::function<std::uint64_t()> timeline_lines_lost;

    counters<3> http_requests =
        counter_for(registry, "otpd_http_requests_total", "Requests answered.", routes,
                    label_set("method", labels::methods), label_set("status", labels::statuses));
    histograms<1> http_duration = histogram_for(
        registry, "otpd_http_request_duration_seconds",
        "From the last byte of a request until its response is ready.", routes, request_buckets);
    gauges<1> connections_open =
        gauge_for(registry, "otpd_http_connections_open", "Open client connections.", listeners);
    counters<1> connections_accepted = counter_for(registry, "otpd_http_connections_accepted_total",
                                                   "Client connections accepted.", listeners);
    counters<2> connections_refused =
        counter_for(registry, "otpd_http_connections_refused_total",
                    "Client connections refused: too many in all, or of one address.", listeners,
                    label_set("reason", labels::connection_refusals));
    counters<1> connections_evicted =
        counter_for(registry, "otpd_http_connections_evicted_total",
                    "Idle client connections closed to make room for others.", listeners);
    counters<1> accept_errors = counter_for(registry, "otpd_http_accept_errors_total",
                                            "Calls of accept(2) that failed.", listeners);
    counters<1> framing_rejected =
        counter_for(registry, "otpd_http_framing_rejected_total",
                    "Connections closed because their bytes were no unambiguous request.",
                    label_set("kind", labels::framing));
    counters<2> wrong_tokens =
        counter_for(registry, "otpd_http_wrong_tokens_total",
                    "Requests with a bearer token that no client has.", listeners,
                    label_set("answer", labels::wrong_token_answers));

    counters<3> sends = counter_for(registry, "otpd_sends_total", "Sends by outcome.",
                                    label_set("outcome", labels::send_outcomes),
                                    label_set("reason", labels::upstream_reasons), route_ids);
    counters<1> checks = counter_for(registry, "otpd_checks_total", "Checks of codes by outcome.",
                                     label_set("outcome", labels::check_outcomes));

    counters<1> numbers_released =
        counter_for(registry, "otpd_numbers_released_total", "Releases of numbers by an operator.",
                    label_set("part", labels::released_parts));

    histograms<1> store_duration =
        histogram_for(registry, "otpd_store_operation_duration_seconds",
                      "Duration of the store's steps.", store_operations, store_buckets);
    counters<1> store_errors = counter_for(registry, "otpd_store_errors_total",
                                           "Steps of the store that failed.", store_operations);
    Counter& store_refusals = counter(registry, "otpd_store_capacity_refusals_total",
                                      "Sends refused because the store is full.");
    Counter& store_clock_jumps = counter(registry, "otpd_store_clock_jumps_total",
                                         "Jumps of the clock of the store's server.");
    Gauge& codes = gauge(registry, "otpd_live_codes", "Codes that can be verified.");
    Counter& sweeper_expired =
        counter(registry, "otpd_sweeper_expired_total", "Expired items that the sweeper removed.");
    Histogram& sweeper_duration = prometheus::BuildHistogram()
                                      .Name("otpd_sweeper_slice_duration_seconds")
                                      .Help("Duration of the sweeper's slices.")
                                      .Register(registry)
                                      .Add({}, store_buckets);

    counters<3> upstream_requests =
        counter_for(registry, "otpd_upstream_requests_total", "Calls to BridgeXAPI.",
                    label_set("operation", labels::upstream_operations),
                    label_set("outcome", labels::upstream_outcomes),
                    label_set("reason", labels::upstream_reasons));
    histograms<1> upstream_duration =
        histogram_for(registry, "otpd_upstream_request_duration_seconds",
                      "Duration of calls to BridgeXAPI, with the wait for a connection.",
                      {"operation", labels::upstream_operations}, request_buckets);
    gauges<1> upstream_connections =
        gauge_for(registry, "otpd_upstream_connections", "Connections to BridgeXAPI.",
                  label_set("state", labels::pool_states));
    Gauge& upstream_waiting = gauge(registry, "otpd_upstream_waiting_requests",
                                    "Calls that wait for a connection to BridgeXAPI.");
    gauges<2> route_gates = gauge_for(registry, "otpd_route_sends",
                                      "Sends of a route: the limit at a time, running, waiting.",
                                      label_set("stat", labels::gate_stats), route_ids);
    gauges<1> route_breakers = gauge_for(registry, "otpd_route_breaker_open",
                                         "1 while a route's circuit breaker is open.", route_ids);
    counters<2> steps_left = counter_for(registry, "otpd_route_steps_left_total",
                                         "Steps of route plans that did not send.",
                                         label_set("result", labels::step_results), route_ids);
    counters<1> price_lists =
        counter_for(registry, "otpd_price_list_requests_total", "Requests for price lists.",
                    label_set("result", labels::results));
    counters<1> score_reads =
        counter_for(registry, "otpd_score_reads_total", "Reads of the scoreboard from the store.",
                    label_set("result", labels::results));
    counters<1> money_spent =
        counter_for(registry, "otpd_spent_currency_total",
                    "Cost of accepted sends, in the account's currency.", route_ids);
    Gauge& account_balance =
        gauge(registry, "otpd_balance_currency", "Last known balance of the account.");
    Gauge& drift = gauge(registry, "otpd_ledger_drift_currency",
                         "What left the account, less what the ledger says was spent.");
    counters<2> messages_ended =
        counter_for(registry, "otpd_messages_ended_total", "Messages by their final state.",
                    label_set("state", labels::message_states), route_ids);
    Gauge& open_messages =
        gauge(registry, "otpd_messages_open", "Messages whose delivery otpd polls.");
    Counter& messages_not_followed =
        counter(registry, "otpd_messages_not_followed_total",
                "Messages whose delivery otpd does not poll because too many are open.");
    counters<1> webhooks = counter_for(registry, "otpd_webhooks_total", "Messages to webhooks.",
                                       label_set("result", labels::webhook_results));
    Counter& spans_exported = counter(registry, "otpd_spans_exported_total",
                                      "Spans that the collector of traces has taken.");
    Counter& spans_dropped =
        counter(registry, "otpd_spans_dropped_total",
                "Spans dropped because the queue was full or the collector did not take them.");
    counters<1> handshakes =
        counter_for(registry, "otpd_upstream_tls_handshakes_total", "TLS handshakes by kind.",
                    label_set("kind", labels::handshakes));

    Gauge& settings_good =
        gauge(registry, "otpd_config_last_reload_successful",
              "1 if the settings that were read last are in use, 0 if they were bad.");
    Gauge& settings_read_at = gauge(registry, "otpd_config_last_reload_success_timestamp_seconds",
                                    "When the settings in use were read, in seconds since 1970.");
};

metrics::metrics(metrics_options options) : instruments_(std::make_unique<instruments>(options)) {}

metrics::~metrics() = default;

void metrics::http_request(std::string_view route, std::string_view method, unsigned status,
                           duration elapsed) {
    number_word const code(static_cast<long>(status));
    instruments_->http_requests.at({route, method, code.view()}).Increment();
    instruments_->http_duration.at({route}).Observe(seconds(elapsed));
}

void metrics::connection_opened(std::string_view listener) {
    instruments_->connections_accepted.at({listener}).Increment();
    instruments_->connections_open.at({listener}).Increment();
}

void metrics::connection_closed(std::string_view listener) {
    instruments_->connections_open.at({listener}).Decrement();
}

void metrics::connection_refused(std::string_view listener, std::string_view reason) {
    instruments_->connections_refused.at({listener, reason}).Increment();
}

void metrics::connection_evicted(std::string_view listener) {
    instruments_->connections_evicted.at({listener}).Increment();
}

void metrics::accept_failed(std::string_view listener) {
    instruments_->accept_errors.at({listener}).Increment();
}

void metrics::framing_rejected(std::string_view kind) {
    instruments_->framing_rejected.at({kind}).Increment();
}

void metrics::wrong_token(std::string_view listener, std::string_view answer) {
    instruments_->wrong_tokens.at({listener, answer}).Increment();
}

void metrics::send(std::string_view outcome, std::string_view reason, int route_id) {
    number_word const route(route_id);
    instruments_->sends.at({outcome, reason_or_none(reason), route.view()}).Increment();
}

void metrics::check(std::string_view outcome) {
    instruments_->checks.at({outcome}).Increment();
}

void metrics::limit_violated(std::string_view limit, bool observed) {
    auto const known = instruments_->limit_violations.load();
    known->at({limit, labels::limit_modes[observed ? 1 : 0]}).Increment();
}

void metrics::know_limits(std::vector<std::string> const& names) {
    instruments_->limit_violations.store(instruments_->count_limits(names));
}

void metrics::settings_read(bool are_good, std::chrono::system_clock::time_point at) {
    instruments_->settings_good.Set(are_good ? 1 : 0);
    if (are_good)
        instruments_->settings_read_at.Set(
            std::chrono::duration<double>(at.time_since_epoch()).count());
}

void metrics::number_released(std::string_view part) {
    instruments_->numbers_released.at({part}).Increment();
}

void metrics::store_operation(std::string_view operation, bool succeeded, duration elapsed) {
    instruments_->store_duration.at({operation}).Observe(seconds(elapsed));
    if (!succeeded) instruments_->store_errors.at({operation}).Increment();
}

void metrics::store_full() {
    instruments_->store_refusals.Increment();
}

void metrics::live_codes(std::int64_t count) {
    instruments_->codes.Set(static_cast<double>(count));
}

void metrics::store_clock_jumped() {
    instruments_->store_clock_jumps.Increment();
}

void metrics::sweep_slice(std::size_t expired, duration elapsed) {
    instruments_->sweeper_expired.Increment(static_cast<double>(expired));
    instruments_->sweeper_duration.Observe(seconds(elapsed));
}

void metrics::upstream_request(std::string_view operation, std::string_view outcome,
                               std::string_view reason, duration elapsed) {
    instruments_->upstream_requests.at({operation, outcome, reason_or_none(reason)}).Increment();
    instruments_->upstream_duration.at({operation}).Observe(seconds(elapsed));
}

void metrics::upstream_pool(std::size_t open, std::size_t idle, std::size_t waiting) {
    instruments_->upstream_connections.at({"busy"}).Set(static_cast<double>(open - idle));
    instruments_->upstream_connections.at({"idle"}).Set(static_cast<double>(idle));
    instruments_->upstream_waiting.Set(static_cast<double>(waiting));
}

void metrics::tls_handshake(std::string_view kind) {
    instruments_->handshakes.at({kind}).Increment();
}

void metrics::route_gate(int route_id, std::size_t limit, std::size_t running, std::size_t waiting,
                         bool open) {
    number_word const route(route_id);
    instruments_->route_gates.at({"limit", route.view()}).Set(static_cast<double>(limit));
    instruments_->route_gates.at({"running", route.view()}).Set(static_cast<double>(running));
    instruments_->route_gates.at({"waiting", route.view()}).Set(static_cast<double>(waiting));
    instruments_->route_breakers.at({route.view()}).Set(open ? 1 : 0);
}

void metrics::step_left(std::string_view result, int route_id) {
    number_word const route(route_id);
    instruments_->steps_left.at({result, route.view()}).Increment();
}

void metrics::price_list_asked(bool succeeded) {
    instruments_->price_lists.at({labels::results[succeeded ? 0 : 1]}).Increment();
}

void metrics::scores_read(bool succeeded) {
    instruments_->score_reads.at({labels::results[succeeded ? 0 : 1]}).Increment();
}

void metrics::spent(int route_id, std::int64_t micros) {
    number_word const route(route_id);
    if (micros > 0) instruments_->money_spent.at({route.view()}).Increment(units(micros));
}

void metrics::balance(std::int64_t micros) {
    instruments_->account_balance.Set(units(micros));
}

void metrics::ledger_drift(std::int64_t micros) {
    instruments_->drift.Set(units(micros));
}

void metrics::message_ended(std::string_view state, int route_id) {
    number_word const route(route_id);
    instruments_->messages_ended.at({state, route.view()}).Increment();
}

void metrics::messages_open(std::size_t count) {
    instruments_->open_messages.Set(static_cast<double>(count));
}

void metrics::message_not_followed() {
    instruments_->messages_not_followed.Increment();
}

void metrics::webhook(std::string_view result) {
    instruments_->webhooks.at({result}).Increment();
}

void metrics::spans_exported(std::size_t count) {
    instruments_->spans_exported.Increment(static_cast<double>(count));
}

void metrics::spans_dropped(std::size_t count) {
    instruments_->spans_dropped.Increment(static_cast<double>(count));
}

void metrics::log_lines_dropped_from(std::function<std::uint64_t()> read) {
    instruments_->log_lines_dropped = std::move(read);
}

void metrics::timeline_lines_lost_from(std::function<std::uint64_t()> read) {
    instruments_->timeline_lines_lost = std::move(read);
}

std::vector<reading> metrics::read(std::span<std::string_view const> names) const {
    std::vector<reading> all;
    for (auto const& family : instruments_->registry.Collect()) {
        if (std::ranges::find(names, family.name) == names.end()) continue;
        for (auto const& entry : family.metric)
            all.push_back(reading_of(family, entry));
    }
    return all;
}

std::string metrics::scrape() const {
    auto families = instruments_->registry.Collect();
    auto process = process_stats();
    std::move(process.begin(), process.end(), std::back_inserter(families));
    if (auto const& read = instruments_->log_lines_dropped)
        families.push_back(
            single_value("otpd_log_lines_dropped_total", "Log lines dropped from a full queue.",
                         prometheus::MetricType::Counter, static_cast<double>(read())));
    if (auto const& read = instruments_->timeline_lines_lost)
        families.push_back(single_value(
            "otpd_timeline_lines_lost_total", "Lines missing from the timeline's files.",
            prometheus::MetricType::Counter, static_cast<double>(read())));
    return prometheus::TextSerializer().Serialize(families);
}

} // namespace otpd::telemetry
