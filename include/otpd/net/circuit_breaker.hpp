#pragma once

/// Stops asking what fails again and again, so that requests fail at once instead of each waiting
/// for its own timeout, and what recovers is not stormed.
///
/// Closed: all pass. After `failures_to_open` failures in a row it opens for a random time between
/// `open_min` and `open_max` (random, so that instances do not all come back at once). Then it is
/// half open: one probe at a time passes; `probes_to_close` good ones close it, a failure opens it
/// again, for twice as long each time up to `open_longest`.
///
/// Not synchronised: lives on its owner's strand.

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
    std::chrono::milliseconds open_longest{}; ///< not over open_min: the time does not grow
};

class circuit_breaker {
public:
    using milliseconds = std::chrono::milliseconds;
    /// The right to pass; to be given back once, by one of succeeded(), failed() and abandoned().
    /// What was given before the breaker last opened or closed tells old news, and changes nothing.
    struct entry {
        bool probe = false;
        std::uint64_t era = 0; ///< changes with each opening and closing
    };

    /// `random` must outlive it.
    circuit_breaker(circuit_options const& options, random_source& random) noexcept
        : options_(options), random_(random) {}

    /// Nothing: enter() may be called. Otherwise it may not, and again after that time.
    [[nodiscard]] std::optional<milliseconds> refusal(steady_time now) const noexcept;
    [[nodiscard]] entry enter() noexcept;

    /// True when it closed the breaker.
    bool succeeded(entry const& entry) noexcept;
    /// For how long it is open, when this opened it. `retry_after`, the other side's word, opens it
    /// at once and for so long, up to `open_longest`.
    std::optional<milliseconds> failed(entry const& entry, steady_time now,
                                       std::optional<milliseconds> retry_after = std::nullopt);
    /// Without a verdict: of a probe, the next one is made.
    void abandoned(entry const& entry) noexcept;

    /// Open or half open: the last thing known is that it fails.
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    [[nodiscard]] bool probing() const noexcept { return probing_; }
    /// When an open one becomes half open; steady_time::min() when it is closed.
    [[nodiscard]] steady_time open_until() const noexcept {
        return open_ ? open_until_ : steady_time::min();
    }

private:
    [[nodiscard]] milliseconds time_to_stay_open(milliseconds asked);

    circuit_options options_;
    random_source& random_;
    unsigned failures_ = 0; ///< in a row
    unsigned answers_ = 0;  ///< of probes, in a row
    unsigned reopened_ = 0; ///< since it was closed
    bool open_ = false;
    bool probing_ = false;
    std::uint64_t era_ = 0;
    steady_time open_until_{};
};

} // namespace otpd::net
