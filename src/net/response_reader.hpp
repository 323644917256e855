#pragma once

/// Reads one HTTP/1.1 reply from a stream, within limits.

#include "otpd/net/http_message.hpp"
#include "sent_bytes.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <charconv>
#include <cstddef>
#include <string_view>

namespace otpd::net {

/// Room in a read buffer beyond the header and body limits, for chunk framing.
inline constexpr std::size_t read_slack_bytes = 8 * 1024;

struct read_result {
    http_response response;
    bool keep_alive = false; ///< the connection may carry another exchange
    boost::system::error_code error;
    exchange_error why = exchange_error::connection_lost;
    stream_end end = stream_end::other;
    bool begun = false; ///< if there is an error: part of the reply has arrived
};

/// Maps an error of the stream to one of the exchange.
[[nodiscard]] exchange_error transport_error(boost::system::error_code ec);
/// Maps an error of reading: `transport_error`, or a fault of the reply itself.
[[nodiscard]] exchange_error read_error(boost::system::error_code ec);
/// Whether the error means that the peer ended its side.
[[nodiscard]] stream_end end_of(boost::system::error_code ec);
/// Parses Retry-After in either form (RFC 9110 10.2.3). Returns at most a day, and 0 for a time in
/// the past. A time is compared with `date`, the reply's own Date, because the peer's clock may
/// differ from ours. Without a Date, our clock is used.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                                    std::string_view date);

/// Reads until `parser` has a whole message, like Beast's async_read, but without its composed
/// operations, each of which would add handlers to every piece.
template <class Stream, class Parser>
boost::asio::awaitable<boost::system::error_code>
read_message(Stream& stream, boost::beast::flat_buffer& buffer, Parser& parser) {
    namespace http = boost::beast::http;
    constexpr std::size_t read_max = 64 * 1024;

    boost::system::error_code ec;
    parser.eager(true);
    while (!parser.is_done()) {
        if (buffer.size() != 0) {
            buffer.consume(parser.put(buffer.data(), ec));
            if (ec && ec != http::error::need_more) co_return ec;
            if (!ec) continue;
        }
        auto const size = boost::beast::read_size(buffer, read_max);
        if (size == 0) co_return http::make_error_code(http::error::buffer_overflow);
        auto [failed, count] = co_await stream.async_read_some(
            buffer.prepare(size), boost::asio::as_tuple(boost::asio::deferred));
        if (failed == boost::asio::error::eof) {
            ec = {};
            if (!parser.got_some()) co_return http::make_error_code(http::error::end_of_stream);
            parser.put_eof(ec);
            co_return ec;
        }
        if (failed) co_return failed;
        buffer.commit(count);
    }
    co_return boost::system::error_code();
}

/// Skips interim replies (1xx). A body that is delimited by the connection's end must end cleanly:
/// over TLS with a close_notify, otherwise it was truncated (RFC 9112 9.8).
template <class Stream>
boost::asio::awaitable<read_result> read_response(Stream& stream, boost::beast::flat_buffer& buffer,
                                                  std::size_t header_bytes_max,
                                                  std::size_t body_bytes_max) {
    namespace http = boost::beast::http;
    constexpr int interim_replies_max = 4;
    constexpr unsigned first_final_status = 200;

    read_result result;
    for (int i = 0; i <= interim_replies_max; ++i) {
        http::response_parser<http::string_body> parser;
        parser.header_limit(static_cast<std::uint32_t>(header_bytes_max));
        parser.body_limit(body_bytes_max);
        auto const ec = co_await read_message(stream, buffer, parser);
        if (ec) {
            result.error = ec;
            result.why = read_error(ec);
            // The server has accepted the request once a reply has begun, however the reply ended.
            result.begun = i != 0 || parser.got_some();
            if (!parser.got_some()) result.end = end_of(ec);
            co_return result;
        }
        result.response.status = parser.get().result_int();
        if (result.response.status < first_final_status) continue;
        result.keep_alive = parser.keep_alive() && !parser.need_eof();
        result.response.retry_after = parse_retry_after(parser.get()[http::field::retry_after],
                                                        parser.get()[http::field::date]);
        result.response.body = std::move(parser.get().body());
        co_return result;
    }
    result.error = http::error::bad_status;
    result.why = exchange_error::malformed_reply;
    co_return result;
}

} // namespace otpd::net
