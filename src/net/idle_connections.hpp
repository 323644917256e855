#pragma once

/// The connections of a pool that rest until they are used again: which one is next, and which have
/// rested for too long.
///
/// The newest is used first, so that the surplus ages and is closed. Whether any is used again says
/// reuse_policy.hpp; while it is distrustful one at most rests.
///
/// Closes nothing itself: what is to be ended is returned, or put into `ended`. No timer either:
/// the pool looks again at next_due(). Not synchronised: lives on the pool's strand.

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

    /// One to be used now; null when there is none.
    [[nodiscard]] std::shared_ptr<connection> take(steady_time now, list& ended);

    /// One that was in use rests now where it and the origin allow it and `keep` is set, else it is
    /// ended. When a request was lost on it: for how long each one gets a fresh connection now,
    /// unless that was known.
    std::optional<std::chrono::milliseconds> put_back(std::shared_ptr<connection> returned,
                                                      bool keep, steady_time now, list& ended);
    /// The origin closed it. False: it does not rest.
    bool remove_closed(std::shared_ptr<connection> const& closed, steady_time now, list& ended);

    /// When to look again; steady_time::max() when none rests.
    [[nodiscard]] steady_time next_due(steady_time now) const noexcept;
    /// Those that have rested for too long.
    [[nodiscard]] list take_expired(steady_time now);
    /// The one whose probation is over, if it is still open; null when there is none.
    [[nodiscard]] std::shared_ptr<connection> probation_ended(steady_time now) const noexcept;
    /// It is still open. False: it does not rest any more.
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
    connection const* tried_ = nullptr; ///< on trial
};

} // namespace otpd::net
