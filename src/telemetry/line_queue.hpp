#pragma once

/// Lines on their way from the threads that log to the one that writes.
///
/// A line is copied behind the others into one buffer, which the writing thread takes as a whole:
/// what a line costs its sender is the copy, and no memory, no system call and no wake-up of its
/// own while the writer is busy or gathers. A lock guards it, and nobody does more under it than
/// that copy or the exchange of two buffers.

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
    /// How long the writer waits for more when a first line has come: to wake it and to write for
    /// each line costs much of what a check does.
    static constexpr std::chrono::milliseconds gather_for{2};

    /// `lines_max` >= 1.
    explicit line_queue(std::size_t lines_max);

    // From any thread.

    /// Gives up the oldest line when there is no room. An urgent line is not gathered for.
    void put(std::string_view line, bool urgent);
    /// Counts a line that could not be put.
    void drop_newest() noexcept { ++dropped_; }
    /// The writer is to open its file again, also when there are no lines.
    void ask_for_reopening();
    /// After it no line is put, and take() ends.
    void close();
    /// Lines given up so far.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

    // From the writing thread.

    /// Waits for lines, or to be asked for a reopening, and puts all lines in place of what `lines`
    /// holds; false when it is closed and empty.
    bool take(std::string& lines);
    /// Whether one was asked for since the last call.
    [[nodiscard]] bool take_reopening() noexcept { return reopening_.exchange(false); }

private:
    void drop_oldest();
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string text_;                 ///< from `begin_` on
    std::size_t begin_ = 0;            ///< what is before it was given up
    std::vector<std::uint32_t> sizes_; ///< of the lines, a ring that begins with the oldest
    std::size_t oldest_ = 0;
    std::size_t count_ = 0;
    bool waiting_ = false;
    bool urgent_ = false;
    bool closed_ = false;
    std::atomic<bool> reopening_{false};
    std::atomic<std::uint64_t> dropped_{0};
};

} // namespace otpd::telemetry
