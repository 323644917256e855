#pragma once

/// Whether connections to an origin are used again, and how long one may be idle.
///
/// Not before the origin has shown that it keeps connections open: a server may close after each
/// reply without announcing it, and a request written in the moment before its FIN arrives is lost
/// beyond repair (it must not be repeated, because nobody can tell whether it was read). So the
/// policy starts distrustful: each request gets a fresh connection, and one of those that are done
/// rests. Once it has stayed open for `probation` it is tried with one request; when that is
/// answered all connections are kept and reused at once.
///
/// What makes the policy distrustful again: a connection that is closed within `probation` after a
/// reply. What keeps it so for `fresh_min`, and four times as long each time it happens again, up
/// to `fresh_max`: a request that was lost on a reused connection. So an origin that closes later
/// than it is watched costs one request each time it is tried, and is seldom tried. One that closes
/// connections after some idle time is given them back before half of that.
///
/// A server that always closes gets a fresh connection for each request; one that keeps alive costs
/// some extra connections in its first fraction of a second, and again after its restart.
///
/// Rules alone: no sockets, no timers. Not synchronised: lives on its owner's strand.

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

    /// Connections are kept and reused at once.
    [[nodiscard]] bool is_trusting() const noexcept { return trusted_; }
    /// Whether a connection that is done may rest. Distrustful, one is enough to learn from; more
    /// would only take the places of fresh ones.
    [[nodiscard]] bool may_rest(bool another_rests, steady_time now) const noexcept {
        return trusted_ || (!another_rests && trial_ == trial::none && now >= fresh_until_);
    }
    /// How long a connection may be idle before it is closed.
    [[nodiscard]] milliseconds idle_max(steady_time now) const noexcept {
        return now < idle_learned_until_ ? idle_learned_ : options_.idle_max;
    }

    /// Distrustful: the connection that rested is handed out. No other rests until end_trial().
    void begin_trial() noexcept { trial_ = trial::counts; }
    /// It is back. `can_be_reused`: its request was answered, and nothing speaks against another.
    /// Whatever cost the origin its trust meanwhile outweighs that.
    void end_trial(bool can_be_reused) noexcept;

    /// A connection was closed within `probation` after a reply.
    void lose_trust() noexcept;
    /// A request was lost on a reused connection. For how long each one gets a fresh connection
    /// now; nothing when that was known.
    std::optional<milliseconds> lose_request(steady_time now) noexcept;
    /// The origin closed a connection that had rested for `lasted`.
    void on_idle_closed(milliseconds lasted, steady_time now) noexcept;

private:
    enum class trial : std::uint8_t {
        none,
        counts,
        is_void, ///< trust was lost while it was under way
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
