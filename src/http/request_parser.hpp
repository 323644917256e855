#pragma once

/// The request parser: Beast's parser with stricter rules.
///
/// Two parsers that read one message differently make request smuggling possible (RFC 9112 11.2).
/// Ambiguous or obsolete syntax is therefore refused, not repaired.

#include "framing_fault.hpp"
#include "otpd/http/method.hpp"
#include "otpd/http/request.hpp"
#include "request_target.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::http {

struct request_limits {
    std::size_t header_bytes_max = 8192; ///< the request line, the fields and the trailer fields
    std::size_t fields_max = 64;
    std::size_t target_bytes_max = 2048;
    std::size_t body_bytes_max = 4096;
};

/// Parses one request as its bytes arrive. It checks each line of the header section as soon as the
/// line is complete, so the split into packets does not change the result. It stores positions
/// instead of views, because the buffer may move between two calls of `feed`. Reused for each
/// request.
class request_parser final : private boost::beast::http::basic_parser<true> {
    using base = boost::beast::http::basic_parser<true>;

public:
    enum class progress : std::uint8_t { need_more, complete, rejected };

    /// The maximum size of chunk sizes, extensions and trailers together.
    static constexpr std::size_t overhead_bytes_max = 8192;

    explicit request_parser(request_limits limits);

    /// Prepares for the next request.
    void reset();
    /// Parses `bytes`, which are all bytes received since the request began, including those of
    /// earlier calls. After `complete` or `rejected`, call `reset` before the next call.
    [[nodiscard]] progress feed(std::string_view bytes);

    /// Valid after `rejected`.
    [[nodiscard]] framing_fault fault() const noexcept { return *fault_; }

    [[nodiscard]] bool is_head_complete() const noexcept { return head_complete_; }

    // Valid once the head is complete. `bytes` must be those of the last `feed`.
    [[nodiscard]] method verb() const noexcept { return verb_; }
    [[nodiscard]] request_target const& target() const noexcept { return target_; }
    void copy_fields(std::string_view bytes, std::vector<field_view>& to) const;
    [[nodiscard]] bool is_http_1_0() const noexcept { return http_1_0_; }
    using base::chunked;
    using base::content_length;
    using base::keep_alive;
    /// Whether the client waits for `100 Continue` before it sends the body.
    [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }
    [[nodiscard]] std::size_t head_end() const noexcept { return lines_end_; }

    // Valid once the request is complete.
    [[nodiscard]] std::size_t end() const noexcept { return consumed_; }
    /// The body without chunk framing. Valid until `reset`, and only as long as `bytes`.
    [[nodiscard]] std::string_view body(std::string_view bytes) const noexcept;

private:
    using field = boost::beast::http::field;
    using text = boost::beast::string_view;
    using error_code = boost::beast::error_code;
    using verdict = std::optional<framing_fault>; ///< empty: accepted

    struct field_span {
        byte_span name;
        byte_span value;
    };

    void on_request_impl(boost::beast::http::verb, text name, text target, int version,
                         error_code& ec) override;
    void on_field_impl(field known, text name, text value, error_code& ec) override;
    void on_header_impl(error_code& ec) override;
    std::size_t on_body_impl(text part, error_code&) override { return part.size(); }
    std::size_t on_chunk_body_impl(std::uint64_t, text part, error_code&) override;
    void on_response_impl(int, text, int, error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    /// Trailer fields never become header fields (RFC 9110 6.5.1).
    void on_trailer_field_impl(field, text, text, error_code&) override {}
    void on_finish_impl(error_code&) override {}

    [[nodiscard]] verdict find_lines(std::string_view head);
    void put(std::string_view bytes);
    void judge(verdict of_callback, error_code& ec);
    [[nodiscard]] verdict take_field(field known, std::string_view name, std::string_view value);
    [[nodiscard]] verdict verdict_on_head() const;
    [[nodiscard]] verdict verdict_on_chunks() const;
    [[nodiscard]] framing_fault fault_of(error_code ec);
    [[nodiscard]] framing_fault fault_of_field(std::string_view line);
    [[nodiscard]] framing_fault fault_at_limit() const;
    [[nodiscard]] bool has(std::string_view name) const;

    request_limits limits_;
    std::vector<field_span> fields_;
    std::string chunks_;        ///< the body of a chunked request
    std::string_view bytes_;    ///< of the current `feed`
    std::size_t start_ = 0;     ///< where the request line begins
    std::size_t scanned_ = 0;   ///< bytes already searched for the end of a line
    std::size_t lines_end_ = 0; ///< the end of the last complete line of the head
    std::size_t consumed_ = 0;  ///< bytes that Beast has parsed
    request_target target_;
    byte_span host_;
    std::size_t credentials_bytes_ = 0;
    method verb_ = method::other;
    verdict fault_;
    bool head_ended_ = false;    ///< the empty line has arrived
    bool head_complete_ = false; ///< and the head was accepted
    bool http_1_0_ = false;
    bool expects_continue_ = false;
};

} // namespace otpd::http
