/// A server that does not prove its identity receives none of the stored data.

#include "certificates.hpp"
#include "postgres_fixture.hpp"

using namespace otpd::test;
using namespace otpd;

namespace {

struct tls_fixture {
    identity authority = make_authority();
    postgres_process server{
        postgres_setup{.tcp = true, .turned_clock = "", .password = "", .more = {"fsync=off"}}};
    std::string ca_file = server.directory().add("authority.pem", authority.certificate_pem());

    void show(identity const& shown) {
        server.add("data/server.crt", shown.certificate_pem());
        server.add("data/server.key", shown.key_pem());
        server.ask("alter system set ssl = on");
        server.stop();
        server.start();
    }
    std::string url(std::string const& host, std::string const& more = "") const {
        return "postgres://otpd@" + host + ":" + std::to_string(server.port()) +
               "/postgres?sslmode=verify-full&sslrootcert=" + ca_file + more;
    }
    bool works(std::string const& host, std::string const& more = "") {
        driven_postgres store(postgres_at(url(host, more)));
        return store.answers();
    }
};

certificate_profile for_names(std::string const& names) {
    certificate_profile profile;
    profile.alternative_names = names;
    return profile;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_over_tls, tls_fixture)

BOOST_AUTO_TEST_CASE(the_right_server) {
    show(identity(certificate_profile{}, authority));
    BOOST_TEST(works("localhost"));
    BOOST_TEST(works("127.0.0.1"));
    driven_postgres store(postgres_at(url("localhost")));
    for (std::uint32_t n = 1; n <= 300; ++n)
        BOOST_REQUIRE(is<store::admitted>(store.admit(free_send_of(n, 111, n))));
    BOOST_TEST(run(store.context(), store->live_codes()).value() == 300U); // many TLS records
    BOOST_TEST(server.ask("select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) "
                          "where application_name = 'otpd'") == "t");
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_host) {
    show(identity(for_names("DNS:db.example"), authority));
    BOOST_TEST(!works("localhost"));
    BOOST_TEST(!works("127.0.0.1"));
}

BOOST_AUTO_TEST_CASE(a_certificate_of_an_unknown_authority) {
    show(identity(certificate_profile{}, make_authority()));
    BOOST_TEST(!works("localhost"));
}

BOOST_AUTO_TEST_CASE(a_server_without_tls) {
    BOOST_TEST(!works("localhost"));
}

BOOST_AUTO_TEST_CASE(a_client_with_a_certificate) {
    show(identity(certificate_profile{}, authority));
    server.add("data/pg_hba.conf", "local all all trust\nhostssl all all 127.0.0.1/32 cert\n");
    server.add("data/clients.pem", authority.certificate_pem());
    server.ask("alter system set ssl_ca_file = 'clients.pem'");
    server.stop();
    server.start();
    certificate_profile profile;
    profile.common_name = "otpd"; // the user
    identity const client(profile, authority);
    temporary_directory files;
    auto const key = files.add("client.key", client.key_pem());
    ::chmod(key.c_str(), 0600);
    BOOST_TEST(!works("127.0.0.1"));
    BOOST_TEST(works("127.0.0.1", "&sslcert=" + files.add("client.pem", client.certificate_pem()) +
                                      "&sslkey=" + key));
}

BOOST_AUTO_TEST_SUITE_END()
