// One request of otpctl over a real connection, to a server that does as a script says.

#include "otpctl/exchange.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::test;

namespace {

otpctl::place at_port(std::uint16_t port) {
    auto at = otpctl::place_of("http://127.0.0.1:" + std::to_string(port));
    at.timeout = std::chrono::seconds(20);
    return at;
}

std::string fault_of(otpctl::place const& at) {
    otpctl::call what;
    what.verb = "GET";
    what.target = "/stats";
    try {
        static_cast<void>(otpctl::exchange(at, what));
        return "";
    } catch (otpctl::no_answer const& why) {
        return why.what();
    }
}

boost::asio::awaitable<void> answer_with_request(scripted_server& server,
                                                 scripted_connection& connection) {
    server.note(co_await connection.read_request());
    auto const answer = http_reply(202, R"({"status":"draining"})");
    co_await connection.write(answer);
}

boost::asio::awaitable<void> never_answer(scripted_server&, scripted_connection& connection) {
    co_await connection.read_request();
    co_await connection.hang();
}

boost::asio::awaitable<void> answer_half(scripted_server&, scripted_connection& connection) {
    co_await connection.read_request();
    auto const whole = http_reply(200, "{}");
    co_await connection.write(whole.substr(0, whole.size() - 1));
}

} // namespace

BOOST_AUTO_TEST_SUITE(otpctl_exchange)

BOOST_AUTO_TEST_CASE(sends_a_body_and_the_token_and_returns_the_answer) {
    scripted_server server(answer_with_request);
    auto at = at_port(server.port());
    at.token = secret_string("token-of-the-operator");
    otpctl::call what;
    what.verb = "POST";
    what.target = "/drain";
    what.body = "{}";
    auto const answer = otpctl::exchange(at, what);
    BOOST_TEST(answer.status == 202U);
    BOOST_TEST(answer.body == R"({"status":"draining"})");
    auto const request = server.notes().at(0);
    BOOST_TEST(request.starts_with("POST /drain HTTP/1.1\r\n"));
    for (std::string const& field :
         {"Host: 127.0.0.1:" + std::to_string(server.port()), std::string("Content-Length: 2"),
          std::string("Content-Type: application/json"),
          std::string("Authorization: Bearer token-of-the-operator")})
        BOOST_TEST(request.find("\r\n" + field + "\r\n") != std::string::npos, field);
    BOOST_TEST(request.ends_with("\r\n\r\n{}"));
}

BOOST_AUTO_TEST_CASE(ends_at_the_timeout) {
    scripted_server server(never_answer);
    auto at = at_port(server.port());
    at.timeout = std::chrono::milliseconds(50);
    BOOST_TEST(fault_of(at).ends_with("does not answer in time"));
}

BOOST_AUTO_TEST_CASE(a_cut_answer_is_none) {
    scripted_server server(answer_half);
    BOOST_TEST(fault_of(at_port(server.port())) != "");
}

BOOST_AUTO_TEST_CASE(says_where_nobody_listens) {
    temporary_directory const directory;
    otpctl::place at;
    at.timeout = std::chrono::seconds(20);
    at.socket = directory.path() + "/s";
    BOOST_TEST(fault_of(at) == at.socket + " is not there: does otpd run, with admin.socket?");
    directory.add("s", "");
    BOOST_TEST(fault_of(at) == "nobody listens on " + at.socket);
    at.socket = std::string(200, 's');
    BOOST_TEST(fault_of(at) != "");
}

BOOST_AUTO_TEST_CASE(a_place_is_an_http_origin) {
    BOOST_TEST(otpctl::place_of("http://otpd.example").port == "80");
    BOOST_TEST(otpctl::place_of("http://[::1]:9464/").authority == "[::1]:9464");
    for (auto const* bad : {"", "127.0.0.1:9464", "https://a", "http://", "http://a/b",
                            "http://u@a", "http://a/?b", "http://a:b"})
        BOOST_CHECK_THROW(static_cast<void>(otpctl::place_of(bad)), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
