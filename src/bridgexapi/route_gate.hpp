#pragma once

/// What a route's gate decides (otpd/bridgexapi/route_gates.hpp), without waiting and without a clock of its
/// own. Not synchronised: lives on its gate's strand.

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
        no_matter, ///< says nothing: the whole upstream is unreachable or keeps no connections, or our own
                   ///< side is full or ends
    };
    kind is = kind::no_matter;
    reason why{}; ///< of `failed`
    std::optional<std::chrono::milliseconds> retry_after =
        std::nullopt; ///< the upstream's word, of `failed`
};
[[nodiscard]] verdict verdict_on(send_outcome const& outcome);

/// How many sends of a route may be with the upstream at a time: one more for each round that went well, half
/// of them after one that did not.
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

/// Closed: all pass. Open: nobody does for a while, then one probe at a time.
class route_breaker {
public:
    using milliseconds = std::chrono::milliseconds;
    /// The right to send; to be given back once, by one of answered(), failed() and abandoned().
    struct entry {
        bool probe = false;
        std::uint64_t era = 0; ///< changes with each opening and closing
    };
    struct opening {
        reason why;
        milliseconds for_how_long;
    };

    route_breaker(route_gate_options const& options, random_source& random) noexcept
        : options_(options), random_(random) {}

    /// Nothing: enter() may be called. Otherwise it may not, and again after that time.
    [[nodiscard]] std::optional<milliseconds> refusal(steady_time now) const noexcept;
    [[nodiscard]] entry enter() noexcept;

    /// True when it closed the breaker.
    bool answered(entry const& of) noexcept;
    /// Something when it opened the breaker. What began before the breaker last changed tells old news and
    /// changes nothing.
    std::optional<opening> failed(entry const& of, verdict const& because, steady_time now);
    void abandoned(entry const& of) noexcept;

    [[nodiscard]] bool open() const noexcept { return open_; }
    [[nodiscard]] bool probing() const noexcept { return probing_; }
    /// Of an open one: when the first probe is due.
    [[nodiscard]] steady_time open_until() const noexcept { return open_until_; }

private:
    [[nodiscard]] milliseconds time_to_stay_open(std::optional<milliseconds> retry_after);

    route_gate_options options_;
    random_source& random_;
    unsigned failures_ = 0; ///< in a row
    unsigned answers_ = 0;  ///< of probes, in a row
    unsigned reopened_ = 0; ///< since it was closed
    bool open_ = false;
    bool probing_ = false;
    std::uint64_t era_ = 0;
    steady_time open_until_{};
};

/// Places, breaker and the guess how long waiting takes, together.
class route_gate {
public:
    using duration = std::chrono::steady_clock::duration;

    /// A place, to be given back once by leave().
    struct ticket {
        route_breaker::entry entry;
        std::uint64_t limit_era = 0;
        steady_time began{};
    };
    struct refusal {
        reason why;                         ///< circuit_open or pool_exhausted
        std::chrono::seconds retry_after{}; ///< >= 1
    };
    struct has_to_wait {};
    using decision = std::variant<ticket, refusal, has_to_wait>;

    /// `random` must outlive it.
    route_gate(route_gate_options const& options, random_source& random) noexcept
        : options_(options), limit_(options), breaker_(options, random) {}

    /// A send arrives while `waiting` are queued, with so much time left for all of it.
    [[nodiscard]] decision arrive(steady_time now, std::size_t waiting, duration left);
    /// The turn of the first in the queue: nothing while it has to wait on.
    [[nodiscard]] std::optional<std::variant<ticket, refusal>> next(steady_time now);
    /// Something when the breaker changed with it.
    struct change {
        std::optional<route_breaker::opening> opened;
        bool closed = false;
    };
    [[nodiscard]] change leave(ticket const& place, verdict const& because, steady_time now);

    /// For one that gave up waiting.
    [[nodiscard]] refusal too_many(steady_time now, std::size_t waiting) const noexcept;

    [[nodiscard]] std::size_t running() const noexcept { return running_; }
    [[nodiscard]] adaptive_limit const& limit() const noexcept { return limit_; }
    [[nodiscard]] route_breaker const& breaker() const noexcept { return breaker_; }
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
    route_breaker breaker_;
    std::size_t running_ = 0;
    std::optional<duration> mean_; ///< of how long places were held, the latest counting most
    steady_time progress_{};       ///< when a place was last taken or given back
};

} // namespace otpd::bridgexapi
