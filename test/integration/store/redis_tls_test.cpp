/// rediss://: a server that does not prove its identity receives none of the stored data.

#include "certificates.hpp"
#include "redis_fixture.hpp"

#include <boost/asio/ssl/stream.hpp>

#include <thread>

using namespace otpd::test;
using namespace otpd;

namespace {

struct tls_fixture {
    identity authority = make_authority();
    temporary_directory files;
    std::string ca_file = files.add("authority.pem", authority.certificate_pem());

    /// A server that presents `shown` on a TLS port.
    std::unique_ptr<redis_process> server_with(identity const& shown,
                                               std::string const& asks_clients = "no") {
        port = tls_port.number();
        return std::make_unique<redis_process>(redis_setup{
            .tcp = false,
            .turned_clock = "",
            .more = {"--tls-port", std::to_string(port), "--tls-auth-clients", asks_clients,
                     "--tls-cert-file", files.add("server.pem", shown.certificate_pem()),
                     "--tls-key-file", files.add("server.key", shown.key_pem()),
                     "--tls-ca-cert-file", ca_file}});
    }
    store::redis_options options(std::string const& host) const {
        auto with = redis_at("rediss://" + host + ":" + std::to_string(port));
        with.ca_file = ca_file;
        return with;
    }
    /// Whether a store at `host` works with a server that presents `shown`.
    bool works(identity const& shown, std::string const& host) {
        auto const server = server_with(shown);
        driven_redis_backend store(options(host));
        bool const answers = store.answers();
        BOOST_TEST(answers == (server->ask({"DBSIZE"}) != ":0" || answers));
        if (!answers) BOOST_TEST(server->ask({"DBSIZE"}) == ":0");
        return answers;
    }

    reserved_port tls_port;
    std::uint16_t port = 0;
};

certificate_profile for_names(std::string const& names) {
    certificate_profile profile;
    profile.alternative_names = names;
    return profile;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(redis_over_tls, tls_fixture)

BOOST_AUTO_TEST_CASE(the_right_server) {
    identity const good(certificate_profile{}, authority);
    BOOST_TEST(works(good, "127.0.0.1"));
    BOOST_TEST(works(good, "localhost"));
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_host) {
    identity const other(for_names("DNS:valkey.example"), authority);
    BOOST_TEST(!works(other, "127.0.0.1"));
    BOOST_TEST(!works(other, "localhost"));
}

/// RFC 9525 2: only subject alternative names identify a server, and no part of a label is a
/// wildcard.
BOOST_AUTO_TEST_CASE(a_name_that_only_the_subject_has) {
    identity const by_subject(for_names(""), authority); // its common name is localhost
    BOOST_TEST(!works(by_subject, "localhost"));
    identity const partial(for_names("DNS:local*"), authority);
    BOOST_TEST(!works(partial, "localhost"));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_an_unknown_authority) {
    auto const stranger = make_authority();
    BOOST_TEST(!works(identity(certificate_profile{}, stranger), "127.0.0.1"));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_over) {
    certificate_profile profile;
    profile.valid_until = std::chrono::seconds(-60);
    BOOST_TEST(!works(identity(profile, authority), "127.0.0.1"));
}

BOOST_AUTO_TEST_CASE(a_server_without_tls) {
    redis_process const plain(redis_setup{.tcp = true, .turned_clock = "", .more = {}});
    port = plain.port();
    driven_redis_backend store(options("127.0.0.1"));
    BOOST_TEST(!store.answers());
}

BOOST_AUTO_TEST_CASE(an_authority_that_cannot_be_read) {
    port = 1;
    auto with = options("127.0.0.1");
    with.ca_file = files.path() + "/none.pem";
    BOOST_CHECK_THROW(driven_redis_backend{with}, boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_for_a_certificate) {
    identity const good(certificate_profile{}, authority);
    identity const client(certificate_profile{}, authority);
    auto const server = server_with(good, "yes");
    auto with = options("localhost");
    {
        driven_redis_backend nobody(with);
        BOOST_TEST(!nobody.answers());
    }
    with.certificate_file = files.add("client.pem", client.certificate_pem());
    with.key_file = files.add("client.key", client.key_pem());
    driven_redis_backend known(with);
    BOOST_TEST(known.answers());
    with.key_file = files.path() + "/none.key";
    BOOST_CHECK_THROW(driven_redis_backend{with}, boost::system::system_error);
}

// RFC 6066 3: a name is sent before the server chooses its certificate, an address never is.
BOOST_AUTO_TEST_CASE(the_server_is_named_in_the_handshake) {
    namespace asio = boost::asio;
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    port = acceptor.local_endpoint().port();
    identity const good(certificate_profile{}, authority);
    asio::ssl::context tls(asio::ssl::context::tls_server);
    tls.use_certificate_chain_file(files.add("named.pem", good.certificate_pem()));
    tls.use_private_key_file(files.add("named.key", good.key_pem()), asio::ssl::context::pem);
    auto name_for = [&](std::string const& host) {
        std::string name = "none";
        std::jthread server([&] {
            asio::ssl::stream<asio::ip::tcp::socket> stream(acceptor.accept(), tls);
            boost::system::error_code ignored;
            stream.handshake(asio::ssl::stream_base::server, ignored);
            if (auto const* const requested_name =
                    SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name))
                name = requested_name;
        });
        driven_redis_backend const store(options(host)); // has tried once
        server.join();
        return name;
    };
    BOOST_TEST(name_for("localhost") == "localhost");
    BOOST_TEST(name_for("127.0.0.1") == "none");
}

BOOST_AUTO_TEST_SUITE_END()
