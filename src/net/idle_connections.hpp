#pragma once

/// The idle connections of a pool: selects the next one to use, and those that have been idle for
/// too long.
///
/// The newest is used first, so that surplus connections expire. reuse_policy.hpp decides whether
/// any is reused; while it is distrustful, at most one is kept.
///
/// This class closes nothing: it returns the connections to end, or puts them into `ended`. It has
/// no timer either: the pool checks again at next_due(). Not synchronised; used on the pool's
/// strand.

#include "connection.hpp"
#include "reuse_policy.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace otpd::net {

class idle_connections {
public:
    using list = std::vector<std::shared_ptr<connection>>;

    explicit idle_connections(pool_options const& options) noexcept
        : probation_(options.probation), policy_(options) {}

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

    /// Returns a connection to use now; null if there is none.
    [[nodiscard]] std::shared_ptr<connection> take(steady_time now, list& ended);

    /// Keeps a returned connection if the connection, the origin's policy and `keep` allow it; ends
    /// it otherwise. If a request was lost on it, returns for how long each request now gets a
    /// fresh connection, unless that is known already.
    std::optional<std::chrono::milliseconds> put_back(std::shared_ptr<connection> returned,
                                                      bool keep, steady_time now, list& ended);
    /// Removes a connection that the origin closed. Returns false if it was not idle here.
    bool remove_closed(std::shared_ptr<connection> const& closed, steady_time now, list& ended);

    /// When to check again; steady_time::max() if no connection is idle.
    [[nodiscard]] steady_time next_due(steady_time now) const noexcept;
    /// Takes the connections that have been idle for too long.
    [[nodiscard]] list take_expired(steady_time now);
    /// The connection whose probation has ended, to be checked before it is trusted; null if there
    /// is none.
    [[nodiscard]] std::shared_ptr<connection> probation_ended(steady_time now) const noexcept;
    /// Reports that it is still open. Returns false if it is no longer idle here.
    bool confirm(std::shared_ptr<connection> const& tried) noexcept;

    [[nodiscard]] list take_all();

private:
    struct resting {
        std::shared_ptr<connection> held;
        steady_time since;
        bool passed_probation = false;
    };

    [[nodiscard]] bool is_on_probation(resting const& one) const noexcept {
        return !policy_.is_trusting() && !one.passed_probation;
    }
    void end_all_if_distrustful(list& ended);

    std::chrono::milliseconds const probation_;
    reuse_policy policy_;
    std::vector<resting> entries_;      ///< newest last
    connection const* tried_ = nullptr; ///< the one whose probation has ended
};

} // namespace otpd::net
