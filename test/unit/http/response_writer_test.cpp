#include "http/response_writer.hpp"

#include <boost/regex.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace otpd::http {

namespace {

std::string written(response const& response, persistence connection = persistence::implied) {
    envelope around;
    around.request_id = "id-1";
    around.handling = std::chrono::microseconds(12'349);
    around.connection = connection;
    std::string out = "leftover";
    write_head(response, around, out);
    return out;
}

bool has(std::string const& head, std::string_view line) {
    return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_response_writer)

BOOST_AUTO_TEST_CASE(writes_the_fixed_fields) {
    response response;
    response.body = "{}";
    auto const head = written(response);
    BOOST_TEST(head.starts_with("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(head.ends_with("\r\n\r\n"));
    BOOST_TEST(has(head, "Content-Type: application/json"));
    BOOST_TEST(has(head, "Content-Length: 2"));
    BOOST_TEST(has(head, "X-Request-Id: id-1"));
    BOOST_TEST(has(head, "X-Process-Time-Ms: 12.35"));
    BOOST_TEST(has(head, "X-Content-Type-Options: nosniff"));
    BOOST_TEST(has(head, "Cache-Control: no-store"));
    BOOST_TEST(head.find("Connection") == std::string::npos);
    BOOST_TEST(head.find("Server") == std::string::npos);
    boost::regex const date("\r\nDate: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} "
                            "[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT\r\n");
    BOOST_TEST(boost::regex_search(head, date));
}

BOOST_AUTO_TEST_CASE(says_what_becomes_of_the_connection) {
    BOOST_TEST(has(written({}, persistence::close), "Connection: close"));
    BOOST_TEST(has(written({}, persistence::keep_alive), "Connection: keep-alive"));
}

BOOST_AUTO_TEST_CASE(lets_a_handler_choose_its_caching) {
    response response;
    response.headers.push_back({"cache-control", "max-age=60"});
    auto const head = written(response);
    BOOST_TEST(has(head, "cache-control: max-age=60"));
    BOOST_TEST(!has(head, "Cache-Control: no-store"));
}

BOOST_AUTO_TEST_CASE(lets_nothing_forge_a_field) {
    response response;
    response.body = "x";
    response.content_type = "text/plain\r\nEvil: 1";
    response.headers.push_back({"X-A", "b\r\nEvil: 2"});
    response.headers.push_back({"X-B", std::string("b\0", 2)});
    response.headers.push_back({"X C", "b"});
    response.headers.push_back({"X-D:\r\nEvil", "b"});
    response.headers.push_back({"content-length", "0"});
    response.headers.push_back({"Transfer-Encoding", "chunked"});
    response.headers.push_back({"X-Good", "tab\tand \xc3\xa4"});
    auto const head = written(response);
    BOOST_TEST(head.find("Evil") == std::string::npos);
    BOOST_TEST(head.find("chunked") == std::string::npos);
    BOOST_TEST(head.find("X-B") == std::string::npos);
    BOOST_TEST(head.find("X C") == std::string::npos);
    BOOST_TEST(!has(head, "content-length: 0"));
    BOOST_TEST(has(head, "X-Good: tab\tand \xc3\xa4"));
}

BOOST_AUTO_TEST_CASE(gives_no_length_to_what_has_no_content) {
    response response;
    for (unsigned status : {204u, 304u}) {
        response.status = status;
        auto const head = written(response);
        BOOST_TEST(head.find("Content-Length") == std::string::npos);
        BOOST_TEST(!has(head, "Content-Type: application/json"));
    }
}

BOOST_AUTO_TEST_CASE(sends_static_content_in_place_of_a_body) {
    response response;
    response.static_body = "abc";
    BOOST_TEST(has(written(response), "Content-Length: 3"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::http
