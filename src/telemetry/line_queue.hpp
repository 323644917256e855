#pragma once

/// The queue between the threads that log and the one that writes.
///
/// put() appends a copy of the line to one buffer, and the writing thread takes the whole buffer.
/// So a line costs its sender a copy, but no allocation, system call or wake-up while the writer is
/// busy or gathers. A mutex protects the queue; it is held only for that copy or for the exchange
/// of two buffers.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::telemetry {

class line_queue {
public:
    /// How long the writer gathers further lines after the first. Waking it and writing for each
    /// line would cost a large part of a check.
    static constexpr std::chrono::milliseconds gather_for{2};

    /// `lines_max` >= 1.
    explicit line_queue(std::size_t lines_max);

    // Thread-safe.

    /// Drops the oldest line if there is no room. An urgent line ends the gathering.
    void put(std::string_view line, bool urgent);
    /// Counts a line that could not be queued.
    void drop_newest() noexcept { ++dropped_; }
    /// Makes the writer reopen its file, even without lines.
    void ask_for_reopening();
    /// Afterwards no line is accepted, and take() ends.
    void close();
    /// The number of lines dropped so far.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

    // For the writing thread.

    /// Waits for lines or a reopen request, and replaces the contents of `lines` with all queued
    /// lines. Returns false once the queue is closed and empty.
    bool take(std::string& lines);
    /// Returns whether a reopen was requested since the last call.
    [[nodiscard]] bool take_reopening() noexcept { return reopening_.exchange(false); }

private:
    void drop_oldest();
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string text_;                 ///< valid from `begin_` on
    std::size_t begin_ = 0;            ///< what is before it was dropped
    std::vector<std::uint32_t> sizes_; ///< of the lines: a ring that begins at `oldest_`
    std::size_t oldest_ = 0;
    std::size_t count_ = 0;
    bool waiting_ = false;
    bool urgent_ = false;
    bool closed_ = false;
    std::atomic<bool> reopening_{false};
    std::atomic<std::uint64_t> dropped_{0};
};

} // namespace otpd::telemetry
