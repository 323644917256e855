#pragma once

/// One JSON object on one line for each event:
///
///     {"ts":"2026-03-01T12:00:00.123Z","level":"info","event":"listening","listener":"api"}
///
/// Any thread may log, also from a coroutine: every argument is consumed before the call returns,
/// and the call never waits for the output. Lines go through a bounded queue to one thread that
/// writes them, some milliseconds' worth at a time, warnings and errors at once; when the queue is
/// full the oldest line is given up, counted, and the count is logged. So is a line that there is
/// no memory for.
///
/// No secret, code or token is ever a field. A telephone number is logged masked only
/// (phone_number::masked()), under the key `phone`. No field is named `ts`, `level` or `event`.

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

/// Of a field: small letters, digits and underscores, which need no escape. Anything else does not
/// compile.
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

/// A name and a value. Holds views: use it in the argument list of a log call only.
class field {
public:
    using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

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

    [[nodiscard]] field_name name() const noexcept { return name_; }
    [[nodiscard]] value_type const& value() const noexcept { return value_; }

private:
    field_name name_;
    value_type value_;
};

/// Where whole lines go. Called from the logger's one thread only.
class log_output {
public:
    virtual ~log_output() = default;
    /// `lines` ends with a line feed. Must not throw; output that cannot be written is lost.
    virtual void write(std::string_view lines) noexcept = 0;
    /// Somebody has moved the file away. Must not throw.
    virtual void reopen() noexcept {}
};

/// A file descriptor that the caller keeps open: 1 for the standard output. Partial writes are
/// completed and a non-blocking descriptor is waited for; after any other error the lines are lost.
class descriptor_output final : public log_output {
public:
    explicit descriptor_output(int descriptor) noexcept : descriptor_(descriptor) {}
    void write(std::string_view lines) noexcept override;

private:
    int descriptor_;
};

/// Bounds on what one line may hold.
inline constexpr std::size_t max_field_bytes = 1024; ///< of a string before escaping; cut after it
inline constexpr std::size_t max_line_bytes = 8192;  ///< fields that go past it are left out

class logger {
public:
    /// Discards everything and has no thread.
    logger();
    /// `queue_lines_max` >= 1. `output` must outlive the logger.
    logger(log_output& output, level lowest, std::size_t queue_lines_max);
    /// Waits until every queued line is written.
    ~logger();
    logger(logger const&) = delete;
    logger& operator=(logger const&) = delete;

    /// Has the logger's thread call the output's reopen(), before the next lines. From any thread.
    void reopen() noexcept;

    /// Costs one atomic load when the level is off.
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
    /// May be called at any time from any thread.
    void set_level(level lowest) noexcept;
    /// Lines given up so far because the queue was full.
    [[nodiscard]] std::uint64_t dropped() const noexcept;

private:
    class writer;
    std::unique_ptr<writer> writer_;
};

/// The line without its time and level, as the queue carries it: `"event":"x","key":1`. For tests
/// and for whoever formats lines elsewhere. Escapes so that no value can end the line or the
/// object: control characters, U+2028, U+2029 and DEL as \u escapes, bytes that are not UTF-8 as
/// U+FFFD.
void append_fields(std::string& out, std::string_view event, std::span<field const> fields);
inline void append_fields(std::string& out, std::string_view event,
                          std::initializer_list<field> fields) {
    append_fields(out, event, std::span(fields.begin(), fields.size()));
}

} // namespace otpd::telemetry
