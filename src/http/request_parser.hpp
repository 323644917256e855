#pragma once

/// The parser of requests: Beast's, with rules of our own that are stricter.
///
/// Two parsers that read one message differently are how requests are smuggled (RFC 9112 11.2), so
/// what is ambiguous or obsolete is refused, and not repaired.

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
    std::size_t header_bytes_max = 8192; ///< request line and fields, and trailer fields
    std::size_t fields_max = 64;
    std::size_t target_bytes_max = 2048;
    std::size_t body_bytes_max = 4096;
};

/// Parses one request as its bytes arrive and judges each line of the header section as soon as it
/// is complete; packets do not change what a request is. Keeps positions rather than views: the
/// buffer may move between two calls of `feed`. Reused from request to request.
class request_parser final : private boost::beast::http::basic_parser<true> {
    using base = boost::beast::http::basic_parser<true>;

public:
    enum class progress : std::uint8_t { need_more, complete, rejected };

    /// Bytes that chunk sizes, extensions and trailers may take on top of the body.
    static constexpr std::size_t overhead_bytes_max = 8192;

    explicit request_parser(request_limits limits);

    /// Forgets the last request.
    void reset();
    /// `bytes`: everything received since the request began, that is what earlier calls got and
    /// what has come since. Not to be called again after `complete` or `rejected` before `reset`.
    [[nodiscard]] progress feed(std::string_view bytes);

    /// When rejected.
    [[nodiscard]] framing_fault fault() const noexcept { return *fault_; }

    [[nodiscard]] bool is_head_complete() const noexcept { return head_complete_; }

    // When the head is complete; `bytes` are those of the last `feed`.
    [[nodiscard]] method verb() const noexcept { return verb_; }
    [[nodiscard]] request_target const& target() const noexcept { return target_; }
    void copy_fields(std::string_view bytes, std::vector<field_view>& to) const;
    [[nodiscard]] bool is_http_1_0() const noexcept { return http_1_0_; }
    using base::chunked;
    using base::content_length;
    using base::keep_alive;
    /// The client waits for `100 Continue` before it sends the body.
    [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }
    [[nodiscard]] std::size_t head_end() const noexcept { return lines_end_; }

    // When the request is complete.
    [[nodiscard]] std::size_t end() const noexcept { return consumed_; }
    /// Without its chunks. Valid until `reset`, and while `bytes` are.
    [[nodiscard]] std::string_view body(std::string_view bytes) const noexcept;

private:
    using field = boost::beast::http::field;
    using text = boost::beast::string_view;
    using error_code = boost::beast::error_code;
    using verdict = std::optional<framing_fault>; ///< nothing: no objection

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
    /// A trailer never becomes a header (RFC 9110 6.5.1).
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
    std::string chunks_;        ///< the body when it came in chunks
    std::string_view bytes_;    ///< of the `feed` that runs
    std::size_t start_ = 0;     ///< of the request line
    std::size_t scanned_ = 0;   ///< bytes already looked at for the end of a line
    std::size_t lines_end_ = 0; ///< of the lines of the head that are complete
    std::size_t consumed_ = 0;  ///< by Beast
    request_target target_;
    byte_span host_;
    std::size_t credentials_bytes_ = 0;
    method verb_ = method::other;
    verdict fault_;
    bool head_ended_ = false;    ///< its empty line has come
    bool head_complete_ = false; ///< and nothing in it was objected to
    bool http_1_0_ = false;
    bool expects_continue_ = false;
};

} // namespace otpd::http
