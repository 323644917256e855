#include "otpd/net/response_reader.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd::net;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(response_reader)

BOOST_AUTO_TEST_CASE(retry_after) {
    BOOST_TEST((parse_retry_after("0") == 0s));
    BOOST_TEST((parse_retry_after("120") == 120s));
    BOOST_TEST((parse_retry_after("86400") == 86'400s));
    BOOST_TEST((parse_retry_after("86401") == 86'400s));
    BOOST_TEST((parse_retry_after("99999999999999999999999999") == 86'400s));
    for (auto const* text :
         {"", "-1", "+1", "1.5", " 1", "1 ", "soon", "Fri, 31 Dec 2026 23:59:59 GMT"})
        BOOST_TEST(!parse_retry_after(text).has_value(), text);
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

/// Only a FIN or a close_notify is "closed": a reset proves nothing (sent_bytes.hpp).
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
