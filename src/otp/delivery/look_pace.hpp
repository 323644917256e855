#pragma once

#include "otpd/otp/delivery.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace otpd::otp {

/// The pauses between polls of the upstream and between its requests.
class look_pace {
public:
    /// `random` must outlive it.
    look_pace(tracker_options const& options, random_source& random)
        : options_(options), random_(random) {}

    [[nodiscard]] steady_time next_look() const noexcept { return next_look_; }
    [[nodiscard]] steady_time next_request() const noexcept { return next_request_; }

    void begin_look(steady_time now) { next_look_ = now + jittered(options_.interval); }
    void abandon_look(steady_time now) { next_look_ = now + options_.interval; }
    void begin_request(steady_time now) { next_request_ = now + options_.request_spacing; }
    /// Returns whether the previous request had failed.
    bool note_success() { return std::exchange(failures_, 0) > 0; }
    /// Returns whether the previous request had not failed.
    bool note_failure(bridgexapi::failure const& why, steady_time now) {
        constexpr std::chrono::milliseconds pause_max{30'000};
        bool const is_first = failures_ == 0;
        failures_ = std::min(failures_ + 1, 16U);
        auto pause = std::min(options_.interval * (1U << failures_), pause_max);
        if (why.retry_after) pause = std::max<std::chrono::milliseconds>(pause, *why.retry_after);
        next_look_ = now + jittered(std::min(pause, 2 * pause_max));
        return is_first;
    }

private:
    /// Extends the pause by up to a tenth.
    [[nodiscard]] steady_time::duration jittered(std::chrono::milliseconds pause) {
        auto const tenth =
            static_cast<std::uint64_t>(std::max<std::int64_t>(pause.count() / 10, 0));
        auto const extra = static_cast<std::int64_t>(random_.below(2 * tenth + 1));
        return pause + std::chrono::milliseconds(extra - static_cast<std::int64_t>(tenth));
    }

    tracker_options const options_;
    random_source& random_;
    steady_time next_look_{};
    steady_time next_request_{};
    unsigned failures_ = 0; ///< consecutive failures of the upstream
};

} // namespace otpd::otp
