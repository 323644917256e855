#pragma once

/// GET /stats and GET /abuse: counters, gauges and faults, as pure functions of a view.

#include "otpd/bridgexapi/route_gates.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/otp/account.hpp"
#include "otpd/otp/spending_report.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "refused_prefixes.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

/// The state of the service at one moment.
struct service_view {
    steady_time now;
    wall_time at;
    std::chrono::seconds uptime{};
    std::string not_ready; ///< the reason; empty: it is ready
    std::optional<std::uint64_t> live_codes;
    std::vector<telemetry::reading> readings; ///< of metrics_read()
    std::vector<bridgexapi::route_gate_stats> gates;
    otp::account_state account;
    otp::account_options account_rules;
    std::vector<otp::budget_view> budgets;
    std::uint64_t log_lines_dropped = 0;
    std::uint64_t timeline_lines_lost = 0;
};

/// The metrics that a view needs.
[[nodiscard]] std::span<std::string_view const> metrics_read() noexcept;

/// Counts whose growth says what has gone wrong lately.
struct recent_counts {
    steady_time at;
    double sends_tried = 0;                     ///< of admitted requests
    std::map<std::string, double> sends_failed; ///< by reason
    double guard_refusals = 0;
    double store_full = 0;
    double store_errors = 0;
    double store_steps = 0;
    double store_seconds = 0; ///< that they took
    double webhooks_lost = 0;
    double lines_lost = 0; ///< of log and timeline
};
[[nodiscard]] recent_counts counts_of(service_view const& view);

/// Keeps the counts of recent calls for comparison. Thread-safe.
class counts_history {
public:
    /// The context of `executor` must outlive this object.
    explicit counts_history(boost::asio::any_io_executor const& executor);

    /// Returns the counts of 15 to 30 seconds ago, or what comes nearest to it: at most a minute
    /// ago, and `present` itself if nobody has asked since.
    [[nodiscard]] boost::asio::awaitable<recent_counts> exchange(recent_counts present);

private:
    net::strand strand_;
    std::optional<recent_counts> older_; ///< on the strand
    std::optional<recent_counts> newer_; ///< on the strand
};

/// One line each, the gravest first.
[[nodiscard]] std::vector<std::string> faults_of(service_view const& view,
                                                 recent_counts const& before);
/// The bodies of GET /stats and GET /abuse.
[[nodiscard]] std::string stats_text(service_view const& view,
                                     std::vector<std::string> const& faults);
[[nodiscard]] std::string abuse_text(service_view const& view,
                                     std::vector<refused_prefix> const& prefixes);

} // namespace otpd::app
