#pragma once

/// Stops calls to an origin that keeps failing. Requests then fail at once instead of waiting for a
/// timeout, and a recovering origin is not flooded.
///
/// Closed: all calls pass. After `failures_to_open` failures in a row it opens for a random time
/// between `open_min` and `open_max`; the randomness keeps instances from returning all at once.
/// Then it is half open: one probe at a time passes. `probes_to_close` successful probes close it.
/// A failed probe opens it again, each time for twice as long, up to `open_longest`.
///
/// Not thread-safe: it lives on its owner's strand.

#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace otpd::net {

struct circuit_options {
    unsigned failures_to_open = 5;
    unsigned probes_to_close = 1;
    std::chrono::milliseconds open_min{1000};
    std::chrono::milliseconds open_max{5000};
    std::chrono::milliseconds open_longest{}; ///< <= open_min: the time does not grow
};

class circuit_breaker {
public:
    using milliseconds = std::chrono::milliseconds;
    /// The permission to call. Return it once, by one of succeeded(), failed() and abandoned(). An
    /// entry from before the breaker last opened or closed is outdated and changes nothing.
    struct entry {
        bool probe = false;
        std::uint64_t era = 0; ///< changes each time the breaker opens or closes
    };

    /// `random` must outlive it.
    circuit_breaker(circuit_options const& options, random_source& random) noexcept
        : options_(options), random_(random) {}

    /// Other options. Its state stays.
    void apply(circuit_options const& options) noexcept { options_ = options; }

    /// Returns nullopt if enter() may be called, else the time after which to ask again.
    [[nodiscard]] std::optional<milliseconds> refusal(steady_time now) const noexcept;
    [[nodiscard]] entry enter() noexcept;

    /// Returns true if it closed the breaker.
    bool succeeded(entry const& entry) noexcept;
    /// Returns for how long the breaker is open if this call opened it. `retry_after` comes from
    /// the other side. It opens the breaker at once for that long, up to `open_longest`.
    std::optional<milliseconds> failed(entry const& entry, steady_time now,
                                       std::optional<milliseconds> retry_after = std::nullopt);
    /// Ends the call without a verdict. After a probe, the next probe may start.
    void abandoned(entry const& entry) noexcept;

    /// True if it is open or half open: the last known state is failure.
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    [[nodiscard]] bool probing() const noexcept { return probing_; }
    /// When an open breaker becomes half open; steady_time::min() if it is closed.
    [[nodiscard]] steady_time open_until() const noexcept {
        return open_ ? open_until_ : steady_time::min();
    }

private:
    [[nodiscard]] milliseconds time_to_stay_open(milliseconds asked);

    circuit_options options_;
    random_source& random_;
    unsigned failures_ = 0; ///< consecutive
    unsigned answers_ = 0;  ///< consecutive successful probes
    unsigned reopened_ = 0; ///< since it was last closed
    bool open_ = false;
    bool probing_ = false;
    std::uint64_t era_ = 0;
    steady_time open_until_{};
};

} // namespace otpd::net
