// The PROXY protocol over real connections. unit/http/proxy_header_test.cpp tests its bytes one by
// one.

#include "http_fixture.hpp"

namespace otpd::test {

namespace {

using namespace std::string_literals;

auto const signature = "\r\n\r\n\0\r\nQUIT\n"s;
/// 192.0.2.7:4660 to 198.51.100.1:443 over TCP.
auto const from_v4 = signature + "\x21\x11\x00\x0c"
                                 "\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x34\x01\xbb"s;
/// The same with 4 more bytes: a TLV of type NOOP with one byte.
auto const with_tlv = signature + "\x21\x11\x00\x10"
                                  "\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x34\x01\xbb"
                                  "\x04\x00\x01\x0a"s;
/// 2001:db8::7 to ::1.
auto const from_v6 = signature +
                     "\x21\x21\x00\x24"
                     "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07"s +
                     std::string(15, '\0') + "\x01\x12\x34\x01\xbb"s;
/// 127.0.0.9, itself a trusted proxy.
auto const from_proxy = signature + "\x21\x11\x00\x0c"
                                    "\x7f\x00\x00\x09\xc6\x33\x64\x01\x12\x34\x01\xbb"s;
auto const local = signature + "\x20\x00\x00\x00"s;
auto const unspecified = signature + "\x21\x00\x00\x00"s;

std::string get_client(std::string_view fields = {}) {
    return "GET /client HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

http::server_options behind(std::string_view range) {
    auto options = patient_options();
    options.trusted_proxies = {http::address_range::parse(range).value()};
    options.proxy_protocol = true;
    return options;
}

/// With a balancer in front, on the same machine.
struct balanced : http_fixture {
    balanced() : http_fixture(behind("127.0.0.0/8")) {}

    std::string ask(std::string const& header, std::string_view fields = {}) {
        auto client = connect();
        client.send(header + get_client(fields));
        return client.read_reply().value().body;
    }
};

void check_closed_unanswered(http_fixture& server, std::string_view bytes) {
    auto client = server.connect();
    client.send(bytes);
    client.finish();
    BOOST_TEST(client.read_to_end().empty());
    BOOST_TEST(server.handled == 0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_proxy_protocol)

BOOST_FIXTURE_TEST_CASE(names_the_client_of_every_request, balanced) {
    BOOST_TEST(ask(from_v4) == "192.0.2.7 by 192.0.2.7");
    BOOST_TEST(ask(from_v6) == "2001:db8::7 by 2001:db8::7");
    BOOST_TEST(ask(with_tlv) == "192.0.2.7 by 192.0.2.7");
    auto client = connect();
    client.send(from_v4 + get_client() + get_client());
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(client.read_reply().value().body == "192.0.2.7 by 192.0.2.7");
        client.send(get_client());
    }
    BOOST_TEST(seen.rejected == 0);
}

BOOST_FIXTURE_TEST_CASE(may_arrive_byte_by_byte, balanced) {
    for (auto const& header : {from_v4, with_tlv, from_v6}) {
        auto client = connect();
        for (char const byte : header + get_client())
            client.send(std::string_view(&byte, 1));
        BOOST_TEST(client.read_reply().value().status == 200u);
    }
}

BOOST_FIXTURE_TEST_CASE(stands_once_at_the_beginning, balanced) {
    auto client = connect();
    client.send(from_v4 + from_v4 + get_client());
    BOOST_TEST(client.read_reply().value().status == 400u);
    auto later = connect();
    later.send(from_v4 + get_client() + from_v6 + get_client());
    BOOST_TEST(later.read_reply().value().body == "192.0.2.7 by 192.0.2.7");
    BOOST_TEST(later.read_reply().value().status == 400u);
}

BOOST_FIXTURE_TEST_CASE(leaves_a_client_no_say_in_who_it_is, balanced) {
    BOOST_TEST(ask(from_v4, "X-Forwarded-For: 198.51.100.1\r\n") == "192.0.2.7 by 192.0.2.7");
    BOOST_TEST(ask(from_v4, "X-Forwarded-For: 127.0.0.1\r\n") == "192.0.2.7 by 192.0.2.7");
    // Another trusted proxy is in front of the balancer.
    BOOST_TEST(ask(from_proxy, "X-Forwarded-For: 198.51.100.1\r\n") == "198.51.100.1 by 127.0.0.9");
}

/// The balancer does not say whether this field comes from a proxy; it may come from a client.
BOOST_FIXTURE_TEST_CASE(without_an_address_leaves_the_proxy_the_peer, balanced) {
    for (auto const& header : {local, unspecified})
        for (std::string_view fields : {"", "X-Forwarded-For: 198.51.100.1\r\n"})
            BOOST_TEST(ask(header, fields) == "127.0.0.1 by 127.0.0.1");
    BOOST_TEST(seen.rejected == 0);
}

BOOST_FIXTURE_TEST_CASE(is_demanded, balanced) {
    for (auto const& bytes :
         {get_client(), "\r\n" + get_client(), "\x16\x03\x01\x02\x00\x01"s, "\0"s,
          "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n" + get_client(),
          signature.substr(0, 11) + "\r" + get_client()})
        check_closed_unanswered(*this, bytes);
    BOOST_TEST(seen.missing_proxy_headers == 6);
    for (auto const& bytes : {signature + "\x11\x11\x00\x0c"s + get_client(),
                              signature + "\x22\x11\x00\x0c"s + get_client(),
                              signature + "\x21\x41\x00\x0c"s + get_client(),
                              signature + "\x21\x11\x00\x0b"s + get_client(),
                              signature + "\x21\x11\x04\x01"s + std::string(2000, 'x')})
        check_closed_unanswered(*this, bytes);
    BOOST_TEST(seen.bad_proxy_headers == 5);
    BOOST_TEST(seen.rejected == 11);
    BOOST_TEST(seen.requests == 0);
}

BOOST_AUTO_TEST_CASE(is_heard_from_trusted_proxies_only) {
    http_fixture server(behind("10.0.0.0/8"));
    for (auto const& bytes : {from_v4 + get_client(), get_client(), local + get_client(), ""s})
        check_closed_unanswered(server, bytes);
    eventually([&] { return server.seen.closed == 4; });
    BOOST_TEST(server.seen.untrusted_proxies == 4);
    BOOST_TEST(server.seen.requests == 0);
}

/// Balancers check whether a port is open by connecting and disconnecting.
BOOST_FIXTURE_TEST_CASE(is_no_fault_of_who_leaves_before_it, balanced) {
    check_closed_unanswered(*this, "");
    check_closed_unanswered(*this, from_v4.substr(0, 20));
    connect().reset();
    eventually([&] { return seen.closed == 3; });
    BOOST_TEST(seen.rejected == 0);
}

BOOST_AUTO_TEST_CASE(must_come_in_time) {
    auto options = behind("127.0.0.0/8");
    options.header_timeout = std::chrono::milliseconds(50);
    http_fixture server(options);
    auto silent = server.connect();
    auto slow = server.connect();
    slow.send(from_v4.substr(0, 20));
    auto half = server.connect();
    half.send(from_v4 + "GET /");
    BOOST_TEST(silent.read_to_end().empty());
    BOOST_TEST(slow.read_to_end().empty());
    BOOST_TEST(half.read_reply().value().status == 408u);
    BOOST_TEST(server.seen.late_headers == 3);
}

BOOST_AUTO_TEST_CASE(keeps_a_connection_no_longer_than_others_when_nothing_follows) {
    auto options = behind("127.0.0.0/8");
    options.idle_timeout = std::chrono::milliseconds(50);
    http_fixture server(options);
    auto client = server.connect();
    client.send(from_v4);
    BOOST_TEST(client.read_to_end().empty());
    BOOST_TEST(!client.was_reset());
    BOOST_TEST(server.seen.rejected == 0);
}

BOOST_FIXTURE_TEST_CASE(does_not_hold_up_a_drain, balanced) {
    auto fresh = connect();
    auto announced = connect();
    announced.send(from_v4 + get_client());
    BOOST_TEST(announced.read_reply().value().status == 200u);
    eventually([&] { return seen.opened == 2; });
    BOOST_TEST(drain(std::chrono::seconds(60)).get());
    BOOST_TEST(fresh.at_end());
    BOOST_TEST(announced.at_end());
}

BOOST_AUTO_TEST_CASE(is_not_needed_to_hear_that_there_is_no_room) {
    auto options = behind("127.0.0.0/8");
    options.connections_max = 1;
    http_fixture server(options);
    auto first = server.connect();
    first.send(from_v4 + "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually([&] { return server.waiting == 1; });
    auto second = server.connect();
    second.send(from_v4 + get_client());
    BOOST_TEST(second.read_reply().value().status == 503u);
    BOOST_TEST(second.at_end());
    server.release = true;
    BOOST_TEST(first.read_reply().value().status == 200u);
}

BOOST_AUTO_TEST_CASE(names_whose_connection_is_closed_when_there_is_no_room) {
    auto options = behind("127.0.0.0/8");
    options.connections_max = 1;
    http_fixture server(options);
    auto first = server.connect();
    first.send(from_v4);
    eventually([&] {
        auto next = server.connect();
        next.send(from_v4 + get_client());
        return next.read_reply().value().status == 200u;
    });
    BOOST_TEST(first.at_end());
}

BOOST_AUTO_TEST_CASE(names_who_has_too_many_connections) {
    auto options = behind("127.0.0.0/8");
    options.connections_per_address_max = 1;
    http_fixture server(options);
    auto first = server.connect();
    first.send(from_v4 + get_client());
    BOOST_TEST(first.read_reply().value().status == 200u);
    auto second = server.connect();
    second.send(from_v4 + get_client());
    BOOST_TEST(second.read_reply().value().status == 503u);
    BOOST_TEST(second.at_end());
    BOOST_TEST(server.seen.refused_by_address == 1);
    for (int i = 0; i < 2; ++i) { // the proxy itself has no limit
        auto check = server.connect();
        check.send(local + get_client());
        BOOST_TEST(check.read_reply().value().status == 200u);
    }
    first.send(get_client());
    BOOST_TEST(first.read_reply().value().status == 200u);
}

BOOST_FIXTURE_TEST_CASE(is_a_malformed_request_where_it_is_not_enabled, http_fixture) {
    auto client = connect();
    client.send(from_v4 + get_client());
    BOOST_TEST(client.read_reply().value().status == 400u);
    BOOST_TEST(client.at_end());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
