#pragma once

/// The gate every request passes on its raw bytes before any other parser sees it.
///
/// Two parsers that read one message differently are how requests are smuggled (RFC 9112 11.2), so
/// what is ambiguous or obsolete is refused here, by itself, and not repaired.

#include "framing_fault.hpp"
#include "otpd/http/method.hpp"
#include "otpd/http/request.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace otpd::http {

enum class known_field : std::uint8_t; ///< see request_head.cpp

struct head_limits {
    std::size_t bytes_max = 8192; ///< request line and fields, line endings included
    std::size_t fields_max = 64;
    std::size_t target_bytes_max = 2048;
    std::size_t body_bytes_max = 4096; ///< of a declared Content-Length
};

/// Parses one request line and header section, line by line as bytes arrive, and judges each line
/// as soon as it is complete. Every byte is looked at once however the header is sliced. Keeps
/// positions rather than views: the buffer may move between two calls of `feed`. Reused from
/// request to request.
class request_head {
public:
    enum class progress : std::uint8_t { need_more, complete, rejected };

    explicit request_head(head_limits limits) noexcept : limits_(limits) {}

    /// Forgets the last request.
    void reset() noexcept;
    /// `bytes`: everything received since the request began, that is what earlier calls got and
    /// what has come since. Not to be called again after `complete` or `rejected` before `reset`.
    [[nodiscard]] progress feed(std::string_view bytes);

    /// When rejected.
    [[nodiscard]] framing_fault fault() const noexcept { return fault_; }

    /// When complete, positions in what `feed` got: the request line starts at `start()` (one empty
    /// line before it is skipped, RFC 9112 2.2), the body at `end()`.
    [[nodiscard]] std::size_t start() const noexcept { return start_; }
    [[nodiscard]] std::size_t end() const noexcept { return line_start_; }

    // When complete; views into the bytes given, which are those of the last `feed`.
    [[nodiscard]] method verb() const noexcept { return verb_; }
    [[nodiscard]] std::string_view target(std::string_view bytes) const noexcept;
    [[nodiscard]] std::string_view path(std::string_view bytes) const noexcept;
    [[nodiscard]] std::string_view query(std::string_view bytes) const noexcept;
    void copy_fields(std::string_view bytes, std::vector<field_view>& to) const;

    /// The body follows in chunks; otherwise it is `content_length()` bytes, 0 where none were declared.
    [[nodiscard]] bool is_chunked() const noexcept { return chunked_; }
    [[nodiscard]] std::size_t content_length() const noexcept { return content_length_; }
    [[nodiscard]] bool is_http_1_0() const noexcept { return http_1_0_; }
    [[nodiscard]] bool keep_alive() const noexcept {
        return !wants_close_ && (!http_1_0_ || wants_keep_alive_);
    }
    /// The client waits for `100 Continue` before it sends the body.
    [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }

private:
    struct span {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
        /// `bytes` are those that the span was taken from, so it is within them.
        [[nodiscard]] std::string_view of(std::string_view bytes) const noexcept {
            return {bytes.data() + begin, size};
        }
    };
    struct field {
        span name;
        span value;
    };

    /// Thrown nowhere: `reject` notes the fault and gives false, which ends the caller.
    bool reject(framing_fault fault) noexcept;
    enum class line_state : std::uint8_t { incomplete, complete, rejected };
    line_state find_line_end(std::string_view bytes);
    [[nodiscard]] framing_fault fault_at_limit(std::string_view bytes) const noexcept;
    bool take_line(std::string_view bytes, std::string_view line);
    bool take_request_line(std::string_view bytes, std::string_view line);
    bool take_version(std::string_view version);
    bool take_target(std::string_view bytes, std::string_view target);
    bool take_field(std::string_view bytes, std::string_view line);
    bool take_known_field(known_field known, std::string_view value);
    bool take_content_length(std::string_view value);
    bool take_transfer_encoding(std::string_view value);
    void take_connection(std::string_view value);
    bool finish(std::string_view bytes);
    static span span_of(std::string_view bytes, std::string_view part) noexcept;

    head_limits limits_;
    std::vector<field> fields_;
    std::size_t start_ = 0;      ///< of the request line
    std::size_t line_start_ = 0; ///< of the line being received
    std::size_t scanned_ = 0;    ///< bytes already looked at
    span target_{};
    span authority_{}; ///< of a target in absolute form
    span path_{};
    span query_{};
    span host_{};
    std::uint32_t seen_ = 0; ///< bit per known field
    std::size_t credentials_bytes_ = 0;
    std::size_t content_length_ = 0;
    method verb_ = method::other;
    framing_fault fault_{};
    bool have_request_line_ = false;
    bool done_ = false;
    bool chunked_ = false;
    bool http_1_0_ = false;
    bool absolute_form_ = false;
    bool wants_close_ = false;
    bool wants_keep_alive_ = false;
    bool expects_continue_ = false;
    bool unsupported_encoding_ = false;
};

} // namespace otpd::http
