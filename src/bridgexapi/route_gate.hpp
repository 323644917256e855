#pragma once

/// The decisions of a route's gate (otpd/bridgexapi/route_gates.hpp), without waiting and without
/// its own clock. Not thread-safe: it lives on its gate's strand.

#include "otpd/bridgexapi/route_gates.hpp"

#include <cstdint>
#include <optional>
#include <variant>

namespace otpd::bridgexapi {

/// What the outcome of a send says about its route.
struct verdict {
    enum class kind : std::uint8_t {
        answered, ///< the route works, even if the answer was a refusal
        failed,   ///< the route, or the way to it, failed
        /// Says nothing about the route: the whole upstream is unreachable or closes connections,
        /// or our own side is full or shutting down.
        no_matter,
    };
    kind is = kind::no_matter;
    reason why{}; ///< with `failed`
    /// From the upstream, with `failed`.
    std::optional<std::chrono::milliseconds> retry_after = std::nullopt;
};
[[nodiscard]] verdict verdict_on(send_outcome const& outcome);

/// The limit of concurrent sends of a route (AIMD): it grows by one per round of successes and is
/// halved by a failure.
class adaptive_limit {
public:
    explicit adaptive_limit(route_gate_options const& options) noexcept;

    /// Other bounds. The limit stays within them.
    void apply(route_gate_options const& options) noexcept;
    [[nodiscard]] std::size_t places() const noexcept { return static_cast<std::size_t>(limit_); }
    /// Incremented by each halving. A send remembers the era in which it began.
    [[nodiscard]] std::uint64_t era() const noexcept { return era_; }

    void raise() noexcept;
    /// Halves the limit, but only once for all sends that began in the same era: they fail for one
    /// reason.
    void halve(std::uint64_t began_in) noexcept;

private:
    double min_;
    double max_;
    double limit_;
    std::uint64_t era_ = 0;
};

/// Combines the limit, the circuit breaker and the estimate of waiting times.
class route_gate {
public:
    using duration = std::chrono::steady_clock::duration;

    /// A place. Return it once with leave().
    struct ticket {
        net::circuit_breaker::entry entry;
        std::uint64_t limit_era = 0;
        steady_time began{};
    };
    struct refusal {
        reason why;                         ///< circuit_open or pool_exhausted
        std::chrono::seconds retry_after{}; ///< >= 1
    };
    struct has_to_wait {};
    using turn = std::variant<ticket, refusal>;
    using decision = std::variant<ticket, refusal, has_to_wait>;

    /// `random` must outlive it.
    route_gate(route_gate_options const& options, random_source& random) noexcept
        : options_(options), limit_(options), breaker_(options.circuit, random) {}

    /// Other options. What was learned stays.
    void apply(route_gate_options const& options) noexcept;
    /// A send arrives while `waiting` others are queued. `left` is the time until its deadline.
    [[nodiscard]] decision arrive(steady_time now, std::size_t waiting, duration left);
    /// The turn of the first send in the queue; nullopt while it must keep waiting.
    [[nodiscard]] std::optional<turn> next(steady_time now);
    struct opening {
        reason why;
        std::chrono::milliseconds for_how_long;
    };
    /// What leave() changed in the breaker.
    struct change {
        std::optional<opening> opened;
        bool closed = false;
    };
    [[nodiscard]] change leave(ticket const& place, verdict const& because, steady_time now);

    /// The refusal of a send that gave up waiting.
    [[nodiscard]] refusal too_many(steady_time now, std::size_t waiting) const noexcept;

    [[nodiscard]] std::size_t running() const noexcept { return running_; }
    [[nodiscard]] adaptive_limit const& limit() const noexcept { return limit_; }
    [[nodiscard]] net::circuit_breaker const& breaker() const noexcept { return breaker_; }
    /// The usual duration of a send. A time without any completed send counts as evidence too.
    [[nodiscard]] duration usual(steady_time now) const noexcept;
    /// The time until a send with `waiting` others before it gets a place.
    [[nodiscard]] duration wait_behind(std::size_t waiting, steady_time now) const noexcept;

private:
    [[nodiscard]] bool full() const noexcept { return running_ >= limit_.places(); }
    [[nodiscard]] std::optional<refusal> refused_by_breaker(steady_time now) const noexcept;
    [[nodiscard]] ticket take_place(steady_time now) noexcept;

    route_gate_options options_;
    adaptive_limit limit_;
    net::circuit_breaker breaker_;
    std::size_t running_ = 0;
    std::optional<duration> mean_; ///< of how long places were held, weighted towards the latest
    steady_time progress_{};       ///< when a place was last taken or returned
};

} // namespace otpd::bridgexapi
