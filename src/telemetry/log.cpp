#include "otpd/telemetry/log.hpp"

#include "line_queue.hpp"
#include "line_text.hpp"
#include "otpd/core/utc.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <new>
#include <thread>
#include <utility>

namespace otpd::telemetry {

namespace {

constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};
/// UTC with milliseconds (RFC 3339). The part before them is cached for the current second.
class time_stamp {
public:
    void write(line_text& out, std::chrono::system_clock::time_point at) {
        using namespace std::chrono;
        auto const second = floor<seconds>(at);
        if (second != second_) remember(second);
        auto const millis = static_cast<int>(floor<milliseconds>(at - second).count());
        constexpr int hundred = 100;
        constexpr int ten = 10;
        out.add(text_.data());
        out.add(static_cast<char>('0' + millis / hundred));
        out.add(static_cast<char>('0' + millis / ten % ten));
        out.add(static_cast<char>('0' + millis % ten));
        out.add('Z');
    }

private:
    void remember(std::chrono::sys_seconds second) {
        constexpr std::size_t up_to_the_millis = 20;
        to_timestamp(second).copy(text_.data(), up_to_the_millis);
        second_ = second;
    }

    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    std::array<char, 32> text_{};
};

/// Returns a line in memory of this thread, valid until its next line.
std::string_view to_line(std::string_view level_name, std::string_view event,
                         std::span<field const> fields) {
    thread_local time_stamp stamp;
    thread_local line_text line;
    line.clear();
    line.add("{\"ts\":\"");
    stamp.write(line, std::chrono::system_clock::now());
    line.add("\",\"level\":\"");
    line.add(level_name);
    line.add("\",");
    add_fields(line, event, fields);
    line.add("}\n");
    return line.view();
}

} // namespace

class logger::writer {
public:
    writer(log_output& output, level lowest, std::size_t queue_lines_max)
        : output_(output), lowest_(lowest), queue_(queue_lines_max), thread_([this] { run(); }) {}
    writer(writer const&) = delete;
    writer& operator=(writer const&) = delete;

    ~writer() { queue_.close(); }

    [[nodiscard]] bool wants(level at) const noexcept {
        return at >= lowest_.load(std::memory_order_relaxed);
    }
    void set_level(level lowest) noexcept { lowest_ = lowest; }
    line_queue& queue() noexcept { return queue_; }

private:
    void run() {
        // This thread outlives the service's set of signals, whose end restores the actions that
        // end the process.
        sigset_t all{};
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        std::string lines;
        std::uint64_t reported = 0;
        while (queue_.take(lines)) {
            if (queue_.take_reopening()) output_.reopen();
            if (auto const lost = queue_.dropped(); lost != reported)
                reported = report(lost - reported, lines) ? lost : reported;
            if (!lines.empty()) output_.write(lines);
        }
    }

    /// Inserts the report before the other lines.
    static bool report(std::uint64_t lost, std::string& lines) noexcept {
        try {
            lines.insert(0, to_line("warn", "log_lines_dropped", {{field("lines", lost)}}));
            return true;
        } catch (std::bad_alloc const&) {
            return false; // retried with the next lines
        }
    }

    log_output& output_;
    std::atomic<level> lowest_;
    line_queue queue_;
    std::jthread thread_; // the last member: it uses the others and is joined first
};

void descriptor_output::write(std::string_view lines) noexcept {
    while (!lines.empty()) {
        auto const written = ::write(descriptor_, lines.data(), lines.size());
        if (written >= 0) {
            lines.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd ready{descriptor_, POLLOUT, 0};
            constexpr int for_ever = -1;
            ::poll(&ready, 1, for_ever);
        } else if (errno != EINTR) {
            return;
        }
    }
}

logger::logger() = default;

logger::logger(log_output& output, level lowest, std::size_t queue_lines_max)
    : writer_(std::make_unique<writer>(output, lowest, queue_lines_max)) {}

logger::~logger() = default;

void logger::reopen() noexcept {
    if (writer_) writer_->queue().ask_for_reopening();
}

bool logger::enabled(level at) const noexcept {
    return writer_ && writer_->wants(at);
}

void logger::log(level at, std::string_view event, std::span<field const> fields) noexcept {
    if (!enabled(at) || at == level::off) return;
    try {
        writer_->queue().put(to_line(level_names[static_cast<std::size_t>(at)], event, fields),
                             at >= level::warn);
    } catch (std::bad_alloc const&) {
        writer_->queue().drop_newest();
    }
}

void logger::set_level(level lowest) noexcept {
    if (writer_) writer_->set_level(lowest);
}

std::uint64_t logger::dropped() const noexcept {
    return writer_ ? writer_->queue().dropped() : 0;
}

} // namespace otpd::telemetry
