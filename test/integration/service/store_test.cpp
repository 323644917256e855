// The service with a store that goes away: it fails closed, reports it, and recovers by itself.

#include "eventually.hpp"
#include "killed_service.hpp"
#include "redis_process.hpp"
#include "support/rounds.hpp"

using namespace otpd::test;

namespace {

environment with_store(std::string const& url, environment more = {}) {
    more.emplace("OTPD_STORE_URL", url);
    more.emplace("OTP_HMAC_SECRET", "a-secret-of-more-than-32-bytes-for-all-instances");
    return more;
}

struct store_fixture {
    redis_process server{redis_setup{.tcp = true, .turned_clock = "", .more = {}}};
    service_fixture service{with_store(server.url())};

    unsigned readiness() { return service.client.ask(get("/readyz")).status; }
    /// Both endpoints refuse (the check has a wrong code, so that there is something to count),
    /// nothing goes to the upstream, and readiness fails.
    void check_closed(std::string const& live_number) {
        auto const before = service.stub.requests().size();
        check_outcome(service.send(service.fresh_number()), 503, "store_unavailable");
        check_outcome(service.verify(live_number, "000000"), 503, "store_unavailable");
        check_outcome(service.client.ask(get("/readyz")), 503);
        BOOST_TEST(service.client.ask(get("/livez")).status == 200U);
        BOOST_TEST(service.stub.requests().size() == before);
    }
    void check_open() {
        eventually([this] { return readiness() == 200; });
        auto const number = service.fresh_number();
        auto const code = service.sent_code(number);
        BOOST_TEST(service.verify(number, code).status == 200U);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(service_store, store_fixture)

BOOST_AUTO_TEST_CASE(a_code_survives_a_restart_of_the_service) {
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    check_outcome(service.verify(number, wrong_code(code)), 400, "invalid_code");
    environment settings = service_fixture::upstream_at(service.stub.url());
    otpd_process another(OTPD_PROGRAM, with_store(server.url()) | settings);
    http_client client(another.port());
    check_outcome(client.ask(service_fixture::send_request(number)), 429, "cooldown_active");
    auto const wrong = client.ask(service_fixture::verify_request(number, wrong_code(code)));
    BOOST_TEST(object_of(wrong).at("attempts_left").to_number<int>() == 3);
    BOOST_TEST(client.ask(service_fixture::verify_request(number, code)).status == 200U);
    check_outcome(service.verify(number, code), 404, "no_active_otp");
    BOOST_TEST(another.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_gone) {
    auto const number = service.fresh_number();
    service.sent_code(number);
    server.kill();
    eventually([this] { return readiness() == 503; });
    check_closed(number);
    BOOST_TEST(service.otpd.events("store_lost").size() == 1U);
    server.start();
    check_open();
    BOOST_TEST(service.otpd.events("store_ready").size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_slow) {
    auto const number = service.fresh_number();
    service.sent_code(number);
    server.freeze();
    check_closed(number);
    server.thaw();
    check_open();
}

// Sends stop long before the server is full. Existing verifications can still be used.
BOOST_AUTO_TEST_CASE(a_store_that_is_full) {
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    server.ask({"CONFIG", "SET", "maxmemory", "1"});
    raw_reply refused;
    eventually([&] {
        refused = service.send(service.fresh_number());
        return refused.status == 503;
    });
    check_outcome(refused, 503, "store_full");
    auto const before = service.stub.requests().size();
    check_outcome(service.send(service.fresh_number()), 503, "store_full");
    BOOST_TEST(service.stub.requests().size() == before);
    check_outcome(service.verify(number, wrong_code(code)), 400, "invalid_code");
    check_outcome(service.verify(number, code), 200);
    BOOST_TEST(readiness() == 200U);
    server.ask({"CONFIG", "SET", "maxmemory", "0"});
    eventually([&] { return service.send(service.fresh_number()).status == 200; });
}

BOOST_AUTO_TEST_CASE(a_store_that_is_read_only) {
    auto const number = service.fresh_number();
    service.sent_code(number);
    server.ask({"REPLICAOF", "127.0.0.1", "1"});
    check_closed(number);
    server.ask({"REPLICAOF", "NO", "ONE"});
    check_open();
}

BOOST_AUTO_TEST_CASE(nothing_acknowledged_is_lost_by_sigkill) {
    redis_process kept(redis_setup{.tcp = true,
                                   .turned_clock = "",
                                   .more = {"--appendonly", "yes", "--appendfsync", "always"}});
    killed_service(with_store(kept.url())).kill_and_check(rounds(50, 6));
}

// A store that is reachable and unusable ends the program with the reason; an unreachable one does
// not.
BOOST_AUTO_TEST_CASE(a_store_that_can_never_work_ends_the_program) {
    server.ask({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
    temporary_directory directory;
    environment settings =
        with_store(server.url()) | service_fixture::upstream_at(service.stub.url());
    settings["OTPD_SERVER_LISTEN"] = "127.0.0.1:0";
    settings["OTPD_ADMIN_LISTEN"] = "127.0.0.1:0";
    child_process refused(OTPD_PROGRAM, {}, settings, directory);
    BOOST_TEST(refused.wait() == 1);
    BOOST_TEST(refused.errors() == "otpd: store: " + server.url() +
                                       "/0: maxmemory-policy is allkeys-lru, which lets the server "
                                       "forget codes and limits: set it to noeviction\n");
    server.ask({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
}

// Each would count separately: as many SMS to one number as there are secrets.
BOOST_AUTO_TEST_CASE(instances_with_other_secrets_do_not_start) {
    for (auto const* secret : {"b", "c", "d"}) {
        temporary_directory directory;
        environment settings =
            with_store(server.url()) | service_fixture::upstream_at(service.stub.url());
        settings["OTPD_SERVER_LISTEN"] = "127.0.0.1:0";
        settings["OTPD_ADMIN_LISTEN"] = "127.0.0.1:0";
        settings["OTP_HMAC_SECRET"] = secret + std::string("-secret-of-more-than-32-bytes-for-one");
        child_process refused(OTPD_PROGRAM, {}, settings, directory);
        BOOST_TEST(refused.wait() == 1);
        BOOST_TEST(refused.errors().find("otpd: store: it was filled under another "
                                         "otp.number_key_secret") == 0U);
    }
    check_open();
}

// An instance that started while the store was away serves nothing once the store shows that its
// secrets differ.
BOOST_AUTO_TEST_CASE(an_instance_with_other_secrets_serves_nobody_once_the_store_is_back) {
    redis_process kept(redis_setup{.tcp = true,
                                   .turned_clock = "",
                                   .more = {"--appendonly", "yes", "--appendfsync", "always"}});
    service_fixture first(with_store(kept.url()));
    kept.kill();
    environment settings = with_store(kept.url()) | service_fixture::upstream_at(first.stub.url());
    settings["OTP_HMAC_SECRET"] = "another-secret-of-more-than-32-bytes-for-one";
    otpd_process other(OTPD_PROGRAM, settings);
    kept.start();
    other.wait_for_event("store_ready");
    http_client client(other.port());
    check_outcome(client.ask(service_fixture::send_request("31612345678")), 503,
                  "store_unavailable");
    check_outcome(client.ask(get("/readyz")), 503);
    BOOST_TEST(other.events("store_secrets").size() == 1U);
    eventually([&] { return first.client.ask(get("/readyz")).status == 200; });
    first.sent_code(first.fresh_number());
    BOOST_TEST(other.stop() == 0);
}

// Neither codes nor numbers are in the store, and no secret is in the log.
BOOST_AUTO_TEST_CASE(the_store_holds_no_code_and_no_number) {
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    server.ask({"CONFIG", "SET", "rdbcompression", "no"});
    server.ask({"SAVE"});
    std::ifstream in(server.directory().path() + "/dump.rdb", std::ios::binary);
    std::string const dump{std::istreambuf_iterator<char>(in), {}};
    BOOST_TEST(dump.find("{otp}") != std::string::npos); // this is the right file
    BOOST_TEST(dump.find(number) == std::string::npos);
    BOOST_TEST(dump.find(code) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
