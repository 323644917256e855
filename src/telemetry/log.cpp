#include "otpd/telemetry/log.hpp"

#include <poll.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <utility>

namespace otpd::telemetry {

namespace {

constexpr std::array<std::string_view, 5> level_names{"trace", "debug", "info", "warn", "error"};
constexpr std::array<spdlog::level::level_enum, 6> spdlog_levels{
    spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
    spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};

spdlog::level::level_enum to_spdlog(level at) noexcept {
    return spdlog_levels[static_cast<std::size_t>(at)];
}

/// UTC with milliseconds (RFC 3339). The part before them is kept while the second lasts.
class time_stamp {
public:
    void append(std::string& out, std::chrono::system_clock::time_point at) {
        using namespace std::chrono;
        auto const second = floor<seconds>(at);
        if (second != second_) remember(second);
        auto const millis = static_cast<int>(floor<milliseconds>(at - second).count());
        constexpr int hundred = 100;
        constexpr int ten = 10;
        out += text_.data();
        out += static_cast<char>('0' + millis / hundred);
        out += static_cast<char>('0' + millis / ten % ten);
        out += static_cast<char>('0' + millis % ten);
        out += 'Z';
    }

private:
    void remember(std::chrono::sys_seconds second) {
        std::time_t const time = std::chrono::system_clock::to_time_t(second);
        std::tm parts{};
        bool const known = gmtime_r(&time, &parts) != nullptr;
        if (!known || std::strftime(text_.data(), text_.size(), "%FT%T.", &parts) == 0)
            text_.front() = '\0'; // the line is worth more than its time
        second_ = second;
    }

    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    std::array<char, 32> text_{};
};

/// How long lines are gathered before they are written.
constexpr int gather_ms = 2;

/// Puts the lines together on the pool's thread and hands them on, as many as there are in one write. When a first line comes
/// it waits a moment for more: a thread that is awake and waits for nothing need not be woken for each line, which costs its
/// sender a system call, and each write costs another (measured: 19 of 54 us per check, which logs two lines). Warnings and
/// errors go on at once.
class line_sink final : public spdlog::sinks::sink {
public:
    explicit line_sink(log_output& output) : output_(output) {}
    /// Before the first line.
    void watch(spdlog::details::thread_pool& pool) { pool_ = &pool; }

    void log(spdlog::details::log_msg const& message) override {
        auto const payload = std::string_view(message.payload.data(), message.payload.size());
        append_line(message.time, level_names[static_cast<std::size_t>(message.level)], payload);
        constexpr std::size_t largest_write = 64 * 1024;
        if (!gathered_ && message.level < spdlog::level::warn) gather();
        if (pool_->queue_size() == 0 || lines_.size() >= largest_write) flush();
    }

    void flush() override {
        write_all(pool_->overrun_counter());
        gathered_ = false;
    }

    /// Writes what is left, when the pool is gone. `lost` is its last count of lines given up.
    void write_all(std::size_t lost) {
        if (auto const before = std::exchange(lost_, lost); before != lost) {
            std::string fields;
            append_fields(fields, "log_lines_dropped", {{"lines", lost - before}});
            append_line(std::chrono::system_clock::now(), "warn", fields);
        }
        if (!lines_.empty()) output_.write(lines_);
        lines_.clear();
    }

    void set_pattern(std::string const&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

private:
    void gather() {
        ::poll(nullptr, 0, gather_ms);
        gathered_ = true;
    }

    void append_line(std::chrono::system_clock::time_point at, std::string_view level_name,
                     std::string_view fields) {
        lines_ += "{\"ts\":\"";
        time_stamp_.append(lines_, at);
        lines_ += "\",\"level\":\"";
        lines_ += level_name;
        lines_ += "\",";
        lines_ += fields;
        lines_ += "}\n";
    }

    log_output& output_;
    spdlog::details::thread_pool* pool_ = nullptr;
    time_stamp time_stamp_;
    std::string lines_;
    std::size_t lost_ = 0;
    bool gathered_ = false;
};

} // namespace

class logger::writer {
public:
    writer(log_output& output, level lowest, std::size_t queue_lines_max)
        : pool_(std::make_shared<spdlog::details::thread_pool>(queue_lines_max, 1)),
          sink_(std::make_shared<line_sink>(output)),
          logger_(std::make_shared<spdlog::async_logger>(
              "otpd", sink_, pool_, spdlog::async_overflow_policy::overrun_oldest)) {
        sink_->watch(*pool_);
        logger_->set_level(to_spdlog(lowest));
    }

    ~writer() {
        auto const lost = pool_->overrun_counter(); // nobody logs any more
        logger_.reset();
        pool_.reset(); // ends its thread after the last queued line
        sink_->write_all(lost);
    }

    spdlog::async_logger& logger() { return *logger_; }
    spdlog::details::thread_pool& pool() { return *pool_; }

private:
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<line_sink> sink_;
    std::shared_ptr<spdlog::async_logger> logger_;
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

bool logger::enabled(level at) const noexcept {
    return writer_ && writer_->logger().should_log(to_spdlog(at));
}

void logger::log(level at, std::string_view event, std::span<field const> fields) {
    if (!enabled(at) || at == level::off) return;
    thread_local std::string line; // keeps its capacity
    line.clear();
    append_fields(line, event, fields);
    writer_->logger().log(to_spdlog(at), spdlog::string_view_t(line.data(), line.size()));
}

void logger::set_level(level lowest) noexcept {
    if (writer_) writer_->logger().set_level(to_spdlog(lowest));
}

std::uint64_t logger::dropped() const {
    return writer_ ? writer_->pool().overrun_counter() : 0;
}

} // namespace otpd::telemetry
