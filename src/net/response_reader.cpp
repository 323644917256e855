#include "response_reader.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/utc.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::net {

namespace {

namespace http = boost::beast::http;

/// The only HTTP errors of Beast that concern the connection and not the reply.
bool ended_early(boost::system::error_code ec) {
    return ec == http::error::end_of_stream || ec == http::error::partial_message;
}

} // namespace

exchange_error transport_error(boost::system::error_code ec) {
    bool const given_up =
        ec == boost::beast::error::timeout || ec == boost::asio::error::operation_aborted || !ec;
    return given_up ? exchange_error::timed_out : exchange_error::connection_lost;
}

exchange_error read_error(boost::system::error_code ec) {
    bool const of_the_reply =
        ec.category() == http::make_error_code(http::error::bad_status).category() &&
        !ended_early(ec);
    return of_the_reply ? exchange_error::malformed_reply : transport_error(ec);
}

stream_end end_of(boost::system::error_code ec) {
    bool const closed = ended_early(ec) || ec == boost::asio::error::eof ||
                        ec == boost::asio::ssl::error::stream_truncated;
    return closed ? stream_end::peer_closed : stream_end::other;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::string_view date) {
    using std::chrono::seconds;
    constexpr seconds longest = std::chrono::days(1);
    if (value.empty()) return std::nullopt;
    if (all_ascii_digits(value)) {
        auto count = longest.count();
        // A value out of range keeps the maximum.
        std::from_chars(value.data(), value.data() + value.size(), count);
        return std::min(seconds(count), longest);
    }
    auto const now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
    auto const at = parse_http_date(value, now);
    if (!at) return std::nullopt;
    auto const from = parse_http_date(date, now).value_or(now);
    return std::clamp(*at - from, seconds(0), longest);
}

} // namespace otpd::net
