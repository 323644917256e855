#pragma once

/// What a route's gate decides (otpd/bridgexapi/route_gates.hpp), without waiting and without a
/// clock of its own. Not synchronised: lives on its gate's strand.

#include "otpd/bridgexapi/route_gates.hpp"

#include <cstdint>
#include <optional>
#include <variant>

namespace otpd::bridgexapi {

/// What a send says about its route.
struct verdict {
    enum class kind : std::uint8_t {
        answered, ///< the route works, even if the answer was no
        failed,   ///< the route, or the way to it, is to blame
        /// Says nothing: the whole upstream is unreachable or keeps no connections, or our own side
        /// is full or ends.
        no_matter,
    };
    kind is = kind::no_matter;
    reason why{}; ///< of `failed`
    std::optional<std::chrono::milliseconds> retry_after =
        std::nullopt; ///< the upstream's word, of `failed`
};
[[nodiscard]] verdict verdict_on(send_outcome const& outcome);

/// How many sends of a route may be with the upstream at a time: one more for each round that went
/// well, half of them after one that did not.
class adaptive_limit {
public:
    explicit adaptive_limit(route_gate_options const& options) noexcept;

    [[nodiscard]] std::size_t places() const noexcept { return static_cast<std::size_t>(limit_); }
    /// Changes with each halving: a send keeps that in which it began.
    [[nodiscard]] std::uint64_t era() const noexcept { return era_; }

    void raise() noexcept;
    /// Sends that began in one era fail for one reason, and count once.
    void halve(std::uint64_t began_in) noexcept;

private:
    double min_;
    double max_;
    double limit_;
    std::uint64_t era_ = 0;
};

/// Places, breaker and the guess how long waiting takes, together.
class route_gate {
public:
    using duration = std::chrono::steady_clock::duration;

    /// A place, to be given back once by leave().
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

    /// A send arrives while `waiting` are queued, with so much time left for all of it.
    [[nodiscard]] decision arrive(steady_time now, std::size_t waiting, duration left);
    /// The turn of the first in the queue: nothing while it has to wait on.
    [[nodiscard]] std::optional<turn> next(steady_time now);
    struct opening {
        reason why;
        std::chrono::milliseconds for_how_long;
    };
    /// Something when the breaker changed with it.
    struct change {
        std::optional<opening> opened;
        bool closed = false;
    };
    [[nodiscard]] change leave(ticket const& place, verdict const& because, steady_time now);

    /// For one that gave up waiting.
    [[nodiscard]] refusal too_many(steady_time now, std::size_t waiting) const noexcept;

    [[nodiscard]] std::size_t running() const noexcept { return running_; }
    [[nodiscard]] adaptive_limit const& limit() const noexcept { return limit_; }
    [[nodiscard]] net::circuit_breaker const& breaker() const noexcept { return breaker_; }
    /// How long a send takes, as far as is known: a while without any end is evidence too.
    [[nodiscard]] duration usual(steady_time now) const noexcept;
    /// Until one that has so many before it has a place.
    [[nodiscard]] duration wait_behind(std::size_t waiting, steady_time now) const noexcept;

private:
    [[nodiscard]] bool full() const noexcept { return running_ >= limit_.places(); }
    [[nodiscard]] std::optional<refusal> refused_by_breaker(steady_time now) const noexcept;
    [[nodiscard]] ticket take_place(steady_time now) noexcept;

    route_gate_options options_;
    adaptive_limit limit_;
    net::circuit_breaker breaker_;
    std::size_t running_ = 0;
    std::optional<duration> mean_; ///< of how long places were held, the latest counting most
    steady_time progress_{};       ///< when a place was last taken or given back
};

} // namespace otpd::bridgexapi
