/// A server that cannot prove its identity receives nothing, and sessions are resumed.

#include "fixture.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace otpd;
using namespace otpd::test;

BOOST_FIXTURE_TEST_SUITE(tls, client_fixture)

namespace {

void tls_1_1_only(boost::asio::ssl::context& context) {
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(context.native_handle(), "ALL:@SECLEVEL=0");
}

void tls_1_2_only(boost::asio::ssl::context& context) {
    SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
}

/// The send fails before any of its bytes is written.
void refuses(client_fixture& f, identity const& server_identity, std::string const& host,
             scripted_server::configure_tls const& configure = {}) {
    scripted_server server(server_identity, swallow, configure);
    auto const failures = f.observer.failures().size();
    bridgexapi::client client(f.context.get_executor(), f.options(server.port(), host), f.random,
                              f.observer);
    BOOST_TEST(describe(f.send(client)) == "not_sent tls_failed");
    f.drain(client);
    BOOST_TEST(server.connections() == 1u);
    BOOST_TEST(server.notes().empty());
    BOOST_TEST(f.observer.failures().size() == failures + 1);
}

} // namespace

BOOST_AUTO_TEST_CASE(unknown_authority) {
    refuses(*this, identity(certificate_profile(), make_authority()), "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(self_signed) {
    refuses(*this, identity(certificate_profile()), "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(expired) {
    certificate_profile profile;
    profile.valid_from = -std::chrono::hours(48);
    profile.valid_until = -std::chrono::hours(24);
    refuses(*this, identity(profile, authority), "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(not_yet_valid) {
    certificate_profile profile;
    profile.valid_from = std::chrono::hours(24);
    profile.valid_until = std::chrono::hours(48);
    refuses(*this, identity(profile, authority), "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(certificate_of_another_name) {
    certificate_profile profile;
    profile.alternative_names = "DNS:other.example,IP:127.0.0.1";
    refuses(*this, identity(profile, authority), "localhost");
}

BOOST_AUTO_TEST_CASE(certificate_of_another_address) {
    certificate_profile profile;
    profile.alternative_names = "DNS:localhost,IP:127.0.0.2";
    refuses(*this, identity(profile, authority), "127.0.0.1");
}

/// An address in the common name, or as a DNS name, does not match the address.
BOOST_AUTO_TEST_CASE(address_only_in_the_common_name) {
    certificate_profile profile;
    profile.common_name = "127.0.0.1";
    profile.alternative_names = "DNS:127.0.0.1";
    refuses(*this, identity(profile, authority), "127.0.0.1");
}

/// RFC 9525 2: only subject alternative names identify a server.
BOOST_AUTO_TEST_CASE(a_name_that_only_the_subject_has_is_refused) {
    certificate_profile profile;
    profile.common_name = "localhost";
    profile.alternative_names.clear();
    refuses(*this, identity(profile, authority), "localhost");
}

namespace {

certificate_profile with_rsa_key() {
    certificate_profile profile;
    profile.rsa = true;
    return profile;
}

scripted_server::configure_tls tls_1_2_with(char const* suites) {
    return [suites](boost::asio::ssl::context& context) {
        tls_1_2_only(context);
        require_openssl(SSL_CTX_set_cipher_list(context.native_handle(), suites) == 1 &&
                            SSL_CTX_set_dh_auto(context.native_handle(), 1) == 1,
                        "suites");
    };
}

} // namespace

BOOST_AUTO_TEST_CASE(a_server_that_agrees_on_keys_without_ephemeral_curves_is_refused) {
    identity const rsa(with_rsa_key(), authority);
    for (auto const* suites : {"AES256-GCM-SHA384", "DHE-RSA-AES256-GCM-SHA384"})
        refuses(*this, rsa, "127.0.0.1", tls_1_2_with(suites));
}

BOOST_AUTO_TEST_CASE(a_server_with_ephemeral_curves_is_taken) {
    identity const rsa(with_rsa_key(), authority);
    for (auto const* suites : {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-SHA384"}) {
        scripted_server server(rsa, accept_every_send(), tls_1_2_with(suites));
        bridgexapi::client client(context.get_executor(), options(server.port()), random, observer);
        BOOST_TEST(describe(send(client)) == "accepted");
        drain(client);
    }
}

BOOST_AUTO_TEST_CASE(partial_wildcard) {
    certificate_profile profile;
    profile.common_name = "x";
    profile.alternative_names = "DNS:local*";
    refuses(*this, identity(profile, authority), "localhost");
}

BOOST_AUTO_TEST_CASE(tls_1_1) {
    refuses(*this, server_identity, "127.0.0.1", tls_1_1_only);
}

BOOST_AUTO_TEST_CASE(server_that_hangs_up_in_the_handshake) {
    // A clear-text server that closes at the first byte.
    auto const hang_up = [](scripted_server&, scripted_connection& peer) {
        return [](scripted_connection& p) -> boost::asio::awaitable<void> {
            co_await p.read_some();
            p.shut_down_sending();
            co_await p.read_exactly(1 << 20);
        }(peer);
    };
    scripted_server server(hang_up);
    bridgexapi::client client(context.get_executor(), options(server.port()), random, observer);
    BOOST_TEST(describe(send(client)) == "not_sent tls_failed");
    drain(client);
}

BOOST_AUTO_TEST_CASE(a_silent_handshake_ends_with_the_connect_timeout) {
    scripted_server server([](scripted_server&, scripted_connection& peer) { return peer.hang(); });
    auto limited = options(server.port());
    limited.connect_timeout = std::chrono::milliseconds(50);
    bridgexapi::client client(context.get_executor(), limited, random, observer);
    BOOST_TEST(describe(send(client)) == "not_sent connect_failed");
    drain(client);
}

BOOST_AUTO_TEST_CASE(a_name_is_sent_as_sni_and_an_address_is_not) {
    auto const note_name = [](scripted_server& server,
                              scripted_connection& peer) -> boost::asio::awaitable<void> {
        auto const request = co_await peer.read_request();
        server.note(peer.server_name());
        auto reply = http_reply(200, client_fixture::accepted_body());
        co_await peer.write(std::move(reply));
    };
    scripted_server server(server_identity, note_name);
    bridgexapi::client by_name(context.get_executor(), options(server.port(), "localhost"), random,
                               observer);
    bridgexapi::client by_address(context.get_executor(), options(server.port()), random, observer);
    BOOST_TEST(describe(send(by_name)) == "accepted");
    BOOST_TEST(describe(send(by_address)) == "accepted");
    drain(by_name);
    drain(by_address);
    BOOST_TEST(server.notes() == (std::vector<std::string>{"localhost", ""}),
               boost::test_tools::per_element());
}

namespace {

/// Every connection after the first resumes the session: the server closes each one after its
/// reply.
void resumes(client_fixture& f, scripted_server::configure_tls const& configure) {
    auto const idempotency = [](scripted_server&,
                                scripted_connection& peer) -> boost::asio::awaitable<void> {
        auto const request = co_await peer.read_request();
        auto reply = http_reply(200, client_fixture::accepted_body(), "Connection: close\r\n");
        co_await peer.write(std::move(reply));
    };
    scripted_server server(f.server_identity, idempotency, configure);
    bridgexapi::client client(f.context.get_executor(), f.options(server.port()), f.random,
                              f.observer);
    constexpr std::size_t sends = 10;
    for (std::size_t i = 0; i < sends; ++i)
        BOOST_TEST(describe(f.send(client, i)) == "accepted");
    f.drain(client);
    BOOST_TEST(server.handshakes() == sends);
    BOOST_TEST(server.resumed() == sends - 1);
    BOOST_TEST(client.stats().handshakes_full == 1u);
    BOOST_TEST(client.stats().handshakes_resumed == sends - 1);
}

} // namespace

BOOST_AUTO_TEST_CASE(tls_1_3_sessions_are_resumed) {
    resumes(*this, {});
}

BOOST_AUTO_TEST_CASE(tls_1_2_sessions_are_resumed) {
    resumes(*this, tls_1_2_only);
}

BOOST_AUTO_TEST_CASE(a_ca_file_that_is_none_is_an_error) {
    temporary_file const not_pem("nothing");
    auto wrong = options(1);
    wrong.ca_file = not_pem.path();
    BOOST_CHECK_THROW(bridgexapi::client(context.get_executor(), wrong, random, observer),
                      boost::system::system_error);
    wrong.ca_file = "/nonexistent/ca.pem";
    BOOST_CHECK_THROW(bridgexapi::client(context.get_executor(), wrong, random, observer),
                      boost::system::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
