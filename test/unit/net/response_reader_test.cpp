#include "net/response_reader.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::net;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(response_reader)

namespace {

/// For a reply with this Date, from which a date is counted.
std::optional<std::chrono::seconds> retry_after(std::string_view value) {
    return parse_retry_after(value, "Sun, 06 Nov 1994 08:49:37 GMT");
}

} // namespace

BOOST_AUTO_TEST_CASE(retry_after_may_be_a_number_of_seconds) {
    BOOST_TEST((retry_after("0") == 0s));
    BOOST_TEST((retry_after("120") == 120s));
    BOOST_TEST((retry_after("86400") == 86'400s));
    BOOST_TEST((retry_after("86401") == 86'400s));
    BOOST_TEST((retry_after("99999999999999999999999999") == 86'400s));
    for (auto const* text : {"", "-1", "+1", "1.5", " 1", "1 ", "soon"})
        BOOST_TEST(!retry_after(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(retry_after_may_be_a_date_that_is_counted_from_the_replys_own) {
    BOOST_TEST((retry_after("Sun, 06 Nov 1994 08:51:37 GMT") == 120s));
    BOOST_TEST((retry_after("Sunday, 06-Nov-94 08:51:37 GMT") == 120s));
    BOOST_TEST((retry_after("Sun Nov  6 08:51:37 1994") == 120s));
    BOOST_TEST((retry_after("Sun, 06 Nov 1994 08:49:36 GMT") == 0s));
    BOOST_TEST((retry_after("Fri, 06 Nov 2893 08:49:36 GMT") == 86'400s));
}

BOOST_AUTO_TEST_CASE(a_retry_after_in_a_reply_without_a_date_is_counted_by_our_clock) {
    BOOST_TEST((parse_retry_after("Sun, 06 Nov 1994 08:51:37 GMT", "") == 0s));
    BOOST_TEST((parse_retry_after("Fri, 06 Nov 2893 08:49:36 GMT", "") == 86'400s));
    BOOST_TEST((parse_retry_after("Fri, 06 Nov 2893 08:49:36 GMT", "yesterday") == 86'400s));
}

BOOST_AUTO_TEST_CASE(errors_are_the_peers_the_networks_or_ours) {
    namespace http = boost::beast::http;
    namespace error = boost::asio::error;
    BOOST_TEST((read_error(http::error::bad_version) == exchange_error::malformed_reply));
    BOOST_TEST((read_error(http::error::body_limit) == exchange_error::malformed_reply));
    BOOST_TEST((read_error(http::error::header_limit) == exchange_error::malformed_reply));
    BOOST_TEST((read_error(http::error::buffer_overflow) == exchange_error::malformed_reply));
    BOOST_TEST((read_error(http::error::partial_message) == exchange_error::connection_lost));
    BOOST_TEST((read_error(http::error::end_of_stream) == exchange_error::connection_lost));
    BOOST_TEST((read_error(error::connection_reset) == exchange_error::connection_lost));
    BOOST_TEST((read_error(boost::beast::error::timeout) == exchange_error::timed_out));
    BOOST_TEST((read_error(error::operation_aborted) == exchange_error::timed_out));
}

/// Only a FIN or a close_notify counts as "closed": a reset proves nothing (sent_bytes.hpp).
BOOST_AUTO_TEST_CASE(only_an_end_is_an_end) {
    namespace http = boost::beast::http;
    namespace error = boost::asio::error;
    BOOST_TEST((end_of(error::eof) == stream_end::peer_closed));
    BOOST_TEST((end_of(http::error::end_of_stream) == stream_end::peer_closed));
    BOOST_TEST((end_of(boost::asio::ssl::error::stream_truncated) == stream_end::peer_closed));
    BOOST_TEST((end_of(error::connection_reset) == stream_end::other));
    BOOST_TEST((end_of(error::broken_pipe) == stream_end::other));
    BOOST_TEST((end_of(boost::beast::error::timeout) == stream_end::other));
}

BOOST_AUTO_TEST_SUITE_END()
