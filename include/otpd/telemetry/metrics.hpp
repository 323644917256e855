#pragma once

/// What the service counts and measures, for Prometheus.
///
/// Every member may be called from any thread. A call adds to an instrument that was found
/// beforehand or on its first use; after that it takes no lock, except for a histogram's own (held
/// for one addition). Labels take values of closed sets only: whatever is not in the set counts as
/// `other`, so that no caller can make the number of series grow. The sets are in
/// metric_labels.hpp.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::telemetry {

struct metrics_options {
    std::string version;                  ///< for otpd_build_info
    std::vector<std::string> routes;      ///< the router's patterns, "/verifications/{id}"
    std::vector<std::string> limits = {}; ///< names of what may refuse a send or a check
};

class metrics {
public:
    using duration = std::chrono::steady_clock::duration;

    explicit metrics(metrics_options options);
    ~metrics();
    metrics(metrics const&) = delete;
    metrics& operator=(metrics const&) = delete;

    // HTTP. listener: api, admin.
    void http_request(std::string_view route, std::string_view method, unsigned status,
                      duration elapsed);
    void connection_opened(std::string_view listener);
    void connection_closed(std::string_view listener);
    /// Closed at once because the cap was reached.
    void connection_refused(std::string_view listener, std::string_view reason);
    void connection_evicted(std::string_view listener);
    void accept_failed(std::string_view listener);
    /// kind: one of labels::framing.
    void framing_rejected(std::string_view kind);
    /// answer: one of labels::wrong_token_answers.
    void wrong_token(std::string_view listener, std::string_view answer);

    // The domain.
    /// outcome: one of labels::send_outcomes; reason: of labels::upstream_reasons, or empty.
    void send(std::string_view outcome, std::string_view reason, int route_id);
    /// outcome: one of labels::check_outcomes.
    void check(std::string_view outcome);
    /// A limit of metrics_options::limits refused a request, or observed only and would have.
    void limit_violated(std::string_view limit, bool observed);

    // The store. operation: one of labels::store_operations.
    void store_operation(std::string_view operation, bool succeeded, duration elapsed);
    /// A send was refused because the store is at its capacity.
    void store_full();
    /// The clock of the store's server was turned; the store follows it.
    void store_clock_jumped();
    void live_codes(std::int64_t count);
    /// One slice of the sweeper that removed `expired` records.
    void sweep_slice(std::size_t expired, duration elapsed);

    // The upstream. Words of labels::upstream_operations, upstream_outcomes and upstream_reasons;
    // the reason may be empty.
    void upstream_request(std::string_view operation, std::string_view outcome,
                          std::string_view reason, duration elapsed);
    void upstream_pool(std::size_t open, std::size_t idle, std::size_t waiting);
    /// kind: full, resumed, failed.
    void tls_handshake(std::string_view kind);

    // Routes, deliveries and money. Amounts are in millionths of the account's currency.
    /// A route's gate: sends at a time, those under way and those that wait; whether its breaker is
    /// open.
    void route_gate(int route_id, std::size_t limit, std::size_t running, std::size_t waiting,
                    bool open);
    /// A route of a plan was left. result: one of labels::step_results.
    void step_left(std::string_view result, int route_id);
    void price_list_asked(bool succeeded);
    void spent(int route_id, std::int64_t micros);
    /// Of the account at the upstream.
    void balance(std::int64_t micros);
    /// What left the account beyond what the ledger says.
    void ledger_drift(std::int64_t micros);
    /// A message came into a final state. state: one of labels::message_states.
    void message_ended(std::string_view state, int route_id);
    void messages_open(std::size_t count);
    /// A message is not followed because too many are.
    void message_not_followed();
    /// A webhook's message. result: one of labels::webhook_results.
    void webhook(std::string_view result);

    /// Lines the log gave up: read at each scrape, from the scraping thread.
    void log_lines_dropped_from(std::function<std::uint64_t()> read);
    /// The same of the timeline's file, when there is one.
    void timeline_lines_lost_from(std::function<std::uint64_t()> read);

    /// The text exposition format, version 0.0.4 (content type: text/plain; version=0.0.4).
    /// Reads the process's own figures from /proc at the same time.
    [[nodiscard]] std::string scrape() const;

private:
    struct instruments;
    std::unique_ptr<instruments> instruments_;
};

} // namespace otpd::telemetry
