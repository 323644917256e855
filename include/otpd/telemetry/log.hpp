#pragma once

/// A structured log: each event is a JSON object on one line:
///
///     {"ts":"2026-03-01T12:00:00.123Z","level":"info","event":"listening","listener":"api"}
///
/// Any thread and any coroutine may log. The call consumes all arguments before it returns and
/// never waits for the output. Lines go through a bounded queue to a writer thread, which writes
/// them every few milliseconds, warnings and errors at once. When the queue is full, or memory for
/// a line is lacking, the oldest line or that line is dropped. Drops are counted, and the count is
/// logged.
///
/// No secret, code or token is ever a field. Phone numbers are only logged masked
/// (phone_number::masked()), under the key `phone`. No field is named `ts`, `level` or `event`.

#include "otpd/core/trace.hpp"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace otpd::telemetry {

enum class level { trace, debug, info, warn, error, off };

/// The name of a field: lower-case letters, digits and underscores, which need no escaping. Any
/// other name does not compile.
class field_name {
public:
    consteval field_name(char const* text) : text_(text) {
        bool const good = std::ranges::all_of(text_, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        });
        if (!good || text_.size() > size_max) throw "not the name of a field";
    }
    static constexpr std::size_t size_max = 64;

    [[nodiscard]] std::string_view text() const noexcept { return text_; }

private:
    std::string_view text_;
};

/// A name and a value. It holds views: use it only in the argument list of a log call.
class field {
public:
    using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool,
                                    otpd::trace_id const*>;

    field(field_name name, std::string_view value) noexcept : name_(name), value_(value) {}
    field(field_name name, char const* value) noexcept
        : name_(name), value_(std::string_view(value)) {}
    field(field_name name, std::string const& value) noexcept
        : name_(name), value_(std::string_view(value)) {}
    field(field_name name, bool value) noexcept : name_(name), value_(value) {}
    field(field_name name, std::signed_integral auto value) noexcept
        : name_(name), value_(static_cast<std::int64_t>(value)) {}
    field(field_name name, std::unsigned_integral auto value) noexcept
        : name_(name), value_(static_cast<std::uint64_t>(value)) {}
    field(field_name name, std::floating_point auto value) noexcept
        : name_(name), value_(static_cast<double>(value)) {}

    /// The trace's id, in hexadecimal. Without a trace the line lacks the field.
    field(field_name name, trace_context const& value) noexcept
        : name_(name), value_(value.exists() ? &value.trace : nullptr) {}

    [[nodiscard]] field_name name() const noexcept { return name_; }
    [[nodiscard]] value_type const& value() const noexcept { return value_; }

private:
    field_name name_;
    value_type value_;
};

/// The destination of complete lines. Only the logger's thread calls it.
class log_output {
public:
    virtual ~log_output() = default;
    /// `lines` ends with a line feed. Must not throw; lines that cannot be written are lost.
    virtual void write(std::string_view lines) noexcept = 0;
    /// The file may have been moved away. Must not throw.
    virtual void reopen() noexcept {}
};

/// Writes to a file descriptor that the caller keeps open: 1 for standard output. It completes
/// partial writes and waits for a non-blocking descriptor. After any other error the lines are
/// lost.
class descriptor_output final : public log_output {
public:
    explicit descriptor_output(int descriptor) noexcept : descriptor_(descriptor) {}
    void write(std::string_view lines) noexcept override;

private:
    int descriptor_;
};

/// Limits of one line.
inline constexpr std::size_t max_field_bytes = 1024; ///< of an unescaped string; cut off after it
inline constexpr std::size_t max_line_bytes = 8192;  ///< fields beyond it are omitted

class logger {
public:
    /// Discards everything and has no thread.
    logger();
    /// `queue_lines_max` >= 1. `output` must outlive the logger.
    logger(log_output& output, level lowest, std::size_t queue_lines_max);
    /// Waits until all queued lines are written.
    ~logger();
    logger(logger const&) = delete;
    logger& operator=(logger const&) = delete;

    /// Makes the logger's thread call the output's reopen() before the next lines. Thread-safe.
    void reopen() noexcept;

    /// Costs one atomic load if the level is off.
    void log(level at, std::string_view event, std::initializer_list<field> fields = {}) noexcept {
        log(at, event, std::span(fields.begin(), fields.size()));
    }
    void log(level at, std::string_view event, std::span<field const> fields) noexcept;

    void trace(std::string_view event, std::initializer_list<field> fields = {}) noexcept {
        log(level::trace, event, fields);
    }
    void debug(std::string_view event, std::initializer_list<field> fields = {}) noexcept {
        log(level::debug, event, fields);
    }
    void info(std::string_view event, std::initializer_list<field> fields = {}) noexcept {
        log(level::info, event, fields);
    }
    void warn(std::string_view event, std::initializer_list<field> fields = {}) noexcept {
        log(level::warn, event, fields);
    }
    void error(std::string_view event, std::initializer_list<field> fields = {}) noexcept {
        log(level::error, event, fields);
    }

    [[nodiscard]] bool enabled(level at) const noexcept;
    /// Thread-safe.
    void set_level(level lowest) noexcept;
    /// Lines dropped so far because the queue was full.
    [[nodiscard]] std::uint64_t dropped() const noexcept;

private:
    class writer;
    std::unique_ptr<writer> writer_;
};

/// Appends the queued form of a line, without time and level: `"event":"x","key":1`. For tests and
/// for other formatters. Escapes values so that none can end the line or the object: control
/// characters, U+2028, U+2029 and DEL become \u escapes, and bytes that are not UTF-8 become
/// U+FFFD.
void append_fields(std::string& out, std::string_view event, std::span<field const> fields);
inline void append_fields(std::string& out, std::string_view event,
                          std::initializer_list<field> fields) {
    append_fields(out, event, std::span(fields.begin(), fields.size()));
}

} // namespace otpd::telemetry
