#include "body_decoder.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace otpd::http {

namespace beast = boost::beast;

namespace {

framing_fault fault_of(beast::error_code ec, bool in_body) noexcept {
    if (ec == beast::http::error::body_limit) return framing_fault::body_too_large;
    if (ec == beast::http::error::header_limit) return framing_fault::chunk_overhead;
    return in_body ? framing_fault::bad_body : framing_fault::bad_field;
}

/// Beast waits for the CR LF of a chunk's size line however many LF come before it.
bool has_bare_line_feed(std::string_view text) noexcept {
    for (auto at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
        if (at == 0 || text[at - 1] != '\r') return true;
    return false;
}

} // namespace

body_decoder::body_decoder(std::string& body, std::size_t header_bytes_max,
                           std::size_t body_bytes_max)
    : body_(body) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(header_bytes_max));
    body_limit(body_bytes_max);
}

body_decoder::progress body_decoder::put(std::string_view bytes) {
    progress made;
    beast::error_code ec;
    if (!bytes.empty()) made.consumed = base::put(boost::asio::buffer(bytes), ec);
    if (ec && ec != beast::http::error::need_more) made.fault = fault_of(ec, is_header_done());
    made.complete = !ec && is_done();
    bool const unfinished_line = !made.complete && !made.fault;
    if (unfinished_line && has_bare_line_feed(bytes.substr(made.consumed)))
        made.fault = framing_fault::bad_body;
    return made;
}

std::size_t body_decoder::on_body_impl(text part, error_code&) {
    body_.append(part.data(), part.size());
    return part.size();
}

std::size_t body_decoder::on_chunk_body_impl(std::uint64_t, text part, error_code&) {
    body_.append(part.data(), part.size());
    return part.size();
}

} // namespace otpd::http
