#pragma once

/// Decides whether connections to an origin are reused, and how long one may be idle.
///
/// The policy first waits for evidence that the origin keeps connections open. A server may close
/// after each reply without announcing it. A request written just before its FIN arrives is lost:
/// it must not be repeated, because nobody knows whether it was read. The policy therefore starts
/// distrustful: each request gets a fresh connection, and one used connection is kept idle. If it
/// stays open for `probation`, it is tried with one request. If that is answered, all connections
/// are kept and reused immediately.
///
/// A connection that is closed within `probation` after a reply makes the policy distrustful again.
/// A request that is lost on a reused connection keeps it distrustful for `fresh_min`, and four
/// times as long after each further loss, up to `fresh_max`. An origin that closes later than
/// `probation` therefore costs one request per trial, and is seldom tried. If an origin closes
/// connections after some idle time, they are dropped before half of that time.
///
/// A server that always closes gets a fresh connection for each request. A server that keeps
/// connections open costs a few extra connections in its first fraction of a second, and again
/// after its restart.
///
/// Contains rules only: no sockets, no timers. Not synchronised; used on its owner's strand.

#include "otpd/core/clock.hpp"
#include "otpd/net/pool_options.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace otpd::net {

class reuse_policy {
public:
    using milliseconds = std::chrono::milliseconds;

    explicit reuse_policy(pool_options const& options) noexcept
        : options_(options), trusted_(options.probation == milliseconds::zero()) {}

    /// Whether connections are kept and reused immediately.
    [[nodiscard]] bool is_trusting() const noexcept { return trusted_; }
    /// Whether a used connection may be kept idle. While distrustful, one is enough to learn from;
    /// more would only take the places of fresh ones.
    [[nodiscard]] bool may_rest(bool another_rests, steady_time now) const noexcept {
        return trusted_ || (!another_rests && trial_ == trial::none && now >= fresh_until_);
    }
    /// How long a connection may be idle before it is closed.
    [[nodiscard]] milliseconds idle_max(steady_time now) const noexcept {
        return now < idle_learned_until_ ? idle_learned_ : options_.idle_max;
    }

    /// While distrustful: the idle connection is handed out. No other is kept until end_trial().
    void begin_trial() noexcept { trial_ = trial::counts; }
    /// The connection is returned. `can_be_reused`: its request was answered and the connection may
    /// be reused. If the origin lost its trust during the trial, this result does not count.
    void end_trial(bool can_be_reused) noexcept;

    /// A connection was closed within `probation` after a reply.
    void lose_trust() noexcept;
    /// A request was lost on a reused connection. Returns for how long each request now gets a
    /// fresh connection; nothing if that is known already.
    std::optional<milliseconds> lose_request(steady_time now) noexcept;
    /// The origin closed a connection that had been idle for `lasted`.
    void on_idle_closed(milliseconds lasted, steady_time now) noexcept;

private:
    enum class trial : std::uint8_t {
        none,
        counts,
        is_void, ///< trust was lost during the trial
    };

    [[nodiscard]] bool always_trusts() const noexcept {
        return options_.probation == milliseconds::zero();
    }

    pool_options const options_;
    bool trusted_;
    trial trial_ = trial::none;
    steady_time fresh_until_{};
    milliseconds fresh_for_{};
    steady_time idle_learned_until_{};
    milliseconds idle_learned_{};
};

} // namespace otpd::net
