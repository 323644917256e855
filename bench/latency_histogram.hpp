#pragma once

/// Counts of durations in buckets of growing size, like an HDR histogram: any percentile of any
/// number of durations from a nanosecond to centuries, at most 0.8 % too high, in a fixed 58 KiB.
/// Not thread-safe.

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace otpd::bench {

class latency_histogram {
public:
    void add(std::chrono::nanoseconds length) {
        auto const value = static_cast<std::uint64_t>(std::max<std::int64_t>(length.count(), 0));
        ++counts_[step_of(value)];
        ++total_;
        longest_ = std::max(longest_, value);
    }

    void add(latency_histogram const& other) {
        for (std::size_t step = 0; step < counts_.size(); ++step)
            counts_[step] += other.counts_[step];
        total_ += other.total_;
        longest_ = std::max(longest_, other.longest_);
    }

    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

    [[nodiscard]] std::chrono::nanoseconds longest() const noexcept {
        return nanoseconds(longest_);
    }

    /// The duration that `percent` (0 to 100) of the durations do not exceed; zero if there are
    /// none.
    [[nodiscard]] std::chrono::nanoseconds percentile(double percent) const {
        auto const rank =
            static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(total_)));
        std::uint64_t seen = 0;
        for (std::size_t step = 0; step < counts_.size(); ++step) {
            seen += counts_[step];
            if (seen >= rank && seen > 0) return nanoseconds(std::min(last_of(step), longest_));
        }
        return nanoseconds(longest_);
    }

private:
    // Up to 255 ns each value has a bucket; above, each doubling has 128 buckets.
    static constexpr unsigned bits_kept = 8;
    static constexpr std::size_t steps_a_doubling = std::size_t{1} << (bits_kept - 1);

    static std::chrono::nanoseconds nanoseconds(std::uint64_t value) noexcept {
        return std::chrono::nanoseconds(static_cast<std::int64_t>(value));
    }

    static std::size_t step_of(std::uint64_t value) noexcept {
        auto const width = static_cast<unsigned>(std::bit_width(value));
        if (width <= bits_kept) return static_cast<std::size_t>(value);
        auto const shift = width - bits_kept;
        return shift * steps_a_doubling + static_cast<std::size_t>(value >> shift);
    }

    static std::uint64_t last_of(std::size_t step) noexcept {
        if (step < 2 * steps_a_doubling) return step;
        auto const shift = step / steps_a_doubling - 1;
        std::uint64_t const kept = step - shift * steps_a_doubling;
        return ((kept + 1) << shift) - 1;
    }

    std::array<std::uint64_t, (64 - bits_kept + 2) * steps_a_doubling> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t longest_ = 0;
};

} // namespace otpd::bench
