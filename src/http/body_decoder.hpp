#pragma once

/// Beast's parser as the decoder of a body in chunks, and as the second opinion on the header before it.

#include "framing_fault.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::http {

/// One per request. Trailer fields and chunk extensions are checked by Beast and thrown away, so
/// that a trailer never becomes a header (RFC 9110 6.5.1).
class body_decoder final : private boost::beast::http::basic_parser<true> {
public:
    /// Bytes that chunk sizes, extensions and trailers may take on top of the body.
    static constexpr std::size_t overhead_bytes_max = 8192;

    /// The decoded body is appended to `body`. `header_bytes_max` also bounds the trailer section.
    body_decoder(std::string& body, std::size_t header_bytes_max, std::size_t body_bytes_max);

    struct progress {
        std::size_t consumed = 0; ///< bytes not consumed are to be presented again, with more
        bool complete = false;
        std::optional<framing_fault> fault = {};
    };
    /// The header first, then what follows it. Does not throw but for lack of memory.
    [[nodiscard]] progress put(std::string_view bytes);

private:
    using base = boost::beast::http::basic_parser<true>;
    using field = boost::beast::http::field;
    using text = boost::beast::string_view;
    using error_code = boost::beast::error_code;

    void on_request_impl(boost::beast::http::verb, text, text, int, error_code&) override {}
    void on_response_impl(int, text, int, error_code&) override {}
    void on_field_impl(field, text, text, error_code&) override {}
    void on_trailer_field_impl(field, text, text, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    void on_finish_impl(error_code&) override {}
    std::size_t on_body_impl(text part, error_code&) override;
    std::size_t on_chunk_body_impl(std::uint64_t, text part, error_code&) override;

    std::string& body_;
};

} // namespace otpd::http
