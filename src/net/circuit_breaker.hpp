#pragma once

/// Stops connecting to an upstream that cannot be reached, so that requests fail at once instead of
/// each waiting for its own connect timeout, and a recovering upstream is not stormed.
///
/// Closed: everybody connects. After `failures_to_open` failures in a row it opens for a random
/// time between `open_min` and `open_max` (random, so that instances do not all come back at once).
/// Then it is half open: exactly one connection is tried; its success closes the circuit, its
/// failure opens it again. Only making connections counts: an upstream that answers badly is
/// reachable.
///
/// Not synchronised: lives on its pool's strand.

#include "otpd/core/clock.hpp"
#include "otpd/core/random.hpp"
#include "otpd/net/pool_options.hpp"

#include <chrono>
#include <optional>

namespace otpd::net {

class circuit_breaker {
public:
    /// `random` must outlive the breaker.
    circuit_breaker(circuit_options options, random_source& random) noexcept
        : options_(options), random_(random) {}

    /// Nothing: connect, and report how it went by exactly one of succeeded(), failed() and
    /// abandoned(). Otherwise do not, and ask again after that time.
    [[nodiscard]] std::optional<std::chrono::milliseconds> refusal(steady_time now) noexcept;

    void succeeded() noexcept;
    void failed(steady_time now);
    /// The attempt ended without a verdict (its caller was cancelled): the next one is the probe.
    void abandoned() noexcept { probing_ = false; }

    /// Open or half open: the last thing known is that the upstream cannot be reached.
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    /// When an open circuit becomes half open; steady_time::min() when it is closed.
    [[nodiscard]] steady_time open_until() const noexcept {
        return open_ ? open_until_ : steady_time::min();
    }

private:
    circuit_options options_;
    random_source& random_;
    unsigned failures_ = 0; ///< in a row
    bool open_ = false;
    bool probing_ = false;
    steady_time open_until_{};
};

} // namespace otpd::net
