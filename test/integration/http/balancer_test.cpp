// HAProxy speaks the PROXY protocol to this server. proxy_protocol_test.cpp tests the same against
// our reading of the specification.

#include "http_fixture.hpp"
#include "support/haproxy_process.hpp"
#include "support/temporary_file.hpp"

namespace otpd::test {

namespace {

http::server_options behind_a_balancer() {
    auto options = patient_options();
    options.trusted_proxies = {http::address_range::parse("127.0.0.0/8").value()};
    options.proxy_protocol = true;
    return options;
}

/// Configures forwarding for clients from `source`, and health checks of the server.
std::string forwarding_for(std::string_view source) {
    return R"(
global
    noreuseport
defaults
    mode tcp
    timeout client 60s
    timeout server 60s
    timeout connect 60s
listen clients
    bind "${OTPD_LISTEN}"
    tcp-request connection set-src )" +
           std::string(source) + R"(
    server otpd "${OTPD_1}" send-proxy-v2 proxy-v2-options crc32c check check-send-proxy inter 20ms
listen statistics
    mode http
    bind "${OTPD_STATS}"
    stats enable
    stats uri /
)";
}

std::string client_through(http_fixture& server, std::string_view source) {
    temporary_file const config(forwarding_for(source));
    haproxy_process const balancer(config.path(), {server.port()});
    // Waits for some checks, each of which is a connection of the balancer's own.
    auto const before = server.seen.closed.load();
    eventually([&] { return server.seen.closed > before + 3; });
    raw_client client(balancer.port());
    client.send("GET /client HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n");
    return client.read_reply().value().body;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_balancer)

BOOST_AUTO_TEST_CASE(names_its_clients_by_the_proxy_protocol) {
    http_fixture server(behind_a_balancer());
    BOOST_TEST(client_through(server, "ipv4(192.0.2.7)") == "192.0.2.7 by 192.0.2.7");
    BOOST_TEST(client_through(server, "ipv6(2001:db8::7)") == "2001:db8::7 by 2001:db8::7");
    BOOST_TEST(server.seen.rejected == 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace otpd::test
