#pragma once

/// The metrics of the service, for Prometheus.
///
/// All members are thread-safe. An instrument is looked up at startup or on first use. After that a
/// call takes no lock except a histogram's own, for one addition. Label values come from closed
/// sets (metric_labels.hpp). Any other value counts as `other`, so that callers cannot increase the
/// number of series.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::telemetry {

struct metrics_options {
    std::string version;                  ///< for otpd_build_info
    std::vector<std::string> routes;      ///< the router's patterns: "/verifications/{id}"
    std::vector<std::string> limits = {}; ///< names of limits that may refuse a send or a check
};

/// The present value of one series, for a reader in this process.
struct reading {
    std::string metric;
    std::map<std::string, std::string> labels;
    double value = 0; ///< of a counter or gauge
    /// Of a histogram: upper bounds, without the infinite one, and how many are not above them.
    std::vector<std::pair<double, std::uint64_t>> buckets{};
    std::uint64_t count = 0; ///< of a histogram
    double sum = 0;          ///< of a histogram
};

class metrics {
public:
    using duration = std::chrono::steady_clock::duration;

    explicit metrics(metrics_options options);
    ~metrics();
    metrics(metrics const&) = delete;
    metrics& operator=(metrics const&) = delete;

    // HTTP. listener: api or admin.
    void http_request(std::string_view route, std::string_view method, unsigned status,
                      duration elapsed);
    void connection_opened(std::string_view listener);
    void connection_closed(std::string_view listener);
    /// The connection was closed at once because a limit was reached.
    void connection_refused(std::string_view listener, std::string_view reason);
    void connection_evicted(std::string_view listener);
    void accept_failed(std::string_view listener);
    /// kind: one of labels::framing.
    void framing_rejected(std::string_view kind);
    /// answer: one of labels::wrong_token_answers.
    void wrong_token(std::string_view listener, std::string_view answer);

    // The domain.
    /// outcome: one of labels::send_outcomes. reason: one of labels::upstream_reasons, or empty.
    void send(std::string_view outcome, std::string_view reason, int route_id);
    /// outcome: one of labels::check_outcomes.
    void check(std::string_view outcome);
    /// A limit of metrics_options::limits refused a request, or would have if it did not only
    /// observe.
    void limit_violated(std::string_view limit, bool observed);
    /// Other limits, after a reload. Series of limits that are no more stay as they are.
    void know_limits(std::vector<std::string> const& names);
    /// Settings were read at `at`, at the start or by a reload, and are in use unless they are bad.
    void settings_read(bool are_good, std::chrono::system_clock::time_point at);

    /// An operator had something of a number forgotten. part: one of labels::released_parts.
    void number_released(std::string_view part);

    // The store. operation: one of labels::store_operations.
    void store_operation(std::string_view operation, bool succeeded, duration elapsed);
    /// A send was refused because the store is full.
    void store_full();
    /// The clock of the store's server jumped. The store follows it.
    void store_clock_jumped();
    void live_codes(std::int64_t count);
    /// A slice of the sweeper's work, which removed `expired` states.
    void sweep_slice(std::size_t expired, duration elapsed);

    // The upstream. The arguments are from labels::upstream_operations, upstream_outcomes and
    // upstream_reasons. The reason may be empty.
    void upstream_request(std::string_view operation, std::string_view outcome,
                          std::string_view reason, duration elapsed);
    void upstream_pool(std::size_t open, std::size_t idle, std::size_t waiting);
    /// kind: full, resumed or failed.
    void tls_handshake(std::string_view kind);

    // Routes, deliveries and money. Amounts are in millionths of the account's currency.
    /// A route's gate: the limit of concurrent sends, those running and waiting, and whether its
    /// breaker is open.
    void route_gate(int route_id, std::size_t limit, std::size_t running, std::size_t waiting,
                    bool open);
    /// A route of a plan was left. result: one of labels::step_results.
    void step_left(std::string_view result, int route_id);
    void price_list_asked(bool succeeded);
    void scores_read(bool succeeded);
    void spent(int route_id, std::int64_t micros);
    /// The balance of the upstream account.
    void balance(std::int64_t micros);
    /// What left the account beyond what the ledger says.
    void ledger_drift(std::int64_t micros);
    /// A message reached a final state. state: one of labels::message_states.
    void message_ended(std::string_view state, int route_id);
    void messages_open(std::size_t count);
    /// A message is not followed because too many are open.
    void message_not_followed();
    /// A webhook message. result: one of labels::webhook_results.
    void webhook(std::string_view result);

    // Tracing.
    void spans_exported(std::size_t count);
    /// The queue was full, or the collector did not take them.
    void spans_dropped(std::size_t count);

    /// `read` returns the lines that the log has dropped. The scraping thread calls it at each
    /// scrape.
    void log_lines_dropped_from(std::function<std::uint64_t()> read);
    /// The same for the timeline's file, if there is one.
    void timeline_lines_lost_from(std::function<std::uint64_t()> read);

    /// Returns all series of these metrics. Costs a scrape without its text.
    [[nodiscard]] std::vector<reading> read(std::span<std::string_view const> names) const;
    /// Returns the text exposition format, version 0.0.4 (content type: text/plain; version=0.0.4).
    /// Also reads the process metrics from /proc.
    [[nodiscard]] std::string scrape() const;

private:
    struct instruments;
    std::unique_ptr<instruments> instruments_;
};

} // namespace otpd::telemetry
