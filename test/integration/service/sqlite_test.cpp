// The service on an SQLite file: acknowledged data survives SIGKILL, no other process can use the
// file, and a full disk stops the service until there is space again.

#include "eventually.hpp"
#include "killed_service.hpp"
#include "support/rounds.hpp"

#include <sys/resource.h>

#include <fstream>

using namespace otpd::test;

namespace {

environment on_file(temporary_directory const& directory, environment const& weaker) {
    environment settings{{"OTPD_STORE_URL", "sqlite:" + directory.path() + "/otpd.db"},
                         {"OTP_HMAC_SECRET", "a-secret-of-more-than-32-bytes-for-all-runs"}};
    return settings | weaker;
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_sqlite)

BOOST_AUTO_TEST_CASE(nothing_acknowledged_is_lost_by_sigkill) {
    temporary_directory const directory;
    killed_service(on_file(directory, {})).kill_and_check(rounds(50, 6));
}

BOOST_AUTO_TEST_CASE(a_second_service_on_the_file_ends_with_one_line) {
    temporary_directory const directory;
    service_fixture service(on_file(directory, {}));
    temporary_directory const elsewhere;
    environment settings = on_file(directory, service_fixture::upstream_at(service.stub.url()));
    settings["OTPD_SERVER_LISTEN"] = "127.0.0.1:0";
    settings["OTPD_ADMIN_LISTEN"] = "127.0.0.1:0";
    child_process second(OTPD_PROGRAM, {}, settings, elsewhere);
    BOOST_TEST(second.wait() == 1);
    BOOST_TEST(second.errors() ==
               "otpd: store: " + directory.path() + "/otpd.db is in use by another process\n");
    auto const number = service.fresh_number();
    check_outcome(service.verify(number, service.sent_code(number)), 200); // undisturbed
}

// A file cannot grow beyond the process's limit, which looks like a full disk to SQLite.
BOOST_AUTO_TEST_CASE(a_disk_without_room_closes_the_service_until_there_is_some) {
    temporary_directory const directory;
    service_fixture service(on_file(directory, {}));
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    rlimit const little{192 * 1024, RLIM_INFINITY}; // more than this test logs
    rlimit before{};
    BOOST_REQUIRE(::prlimit(service.otpd.process().id(), RLIMIT_FSIZE, &little, &before) == 0);
    unsigned status = 200;
    for (int i = 0; i < 100 && status == 200; ++i)
        status = service.send(service.fresh_number()).status;
    BOOST_TEST(status == 503U);
    auto const requests = service.stub.requests().size();
    check_outcome(service.send(service.fresh_number()), 503, "store_unavailable");
    check_outcome(service.verify(number, wrong_code(code)), 503, "store_unavailable");
    check_outcome(service.verify(number, code), 503, "store_unavailable");
    check_outcome(service.client.ask(get("/readyz")), 503);
    BOOST_TEST(service.client.ask(get("/livez")).status == 200U);
    BOOST_TEST(service.stub.requests().size() == requests); // nothing went to the upstream
    BOOST_TEST(service.otpd.events("store_lost").size() == 1U);

    rlimit enough = little;
    enough.rlim_cur = before.rlim_cur;
    BOOST_REQUIRE(::prlimit(service.otpd.process().id(), RLIMIT_FSIZE, &enough, nullptr) == 0);
    eventually([&] { return service.client.ask(get("/readyz")).status == 200; });
    check_outcome(service.verify(number, wrong_code(code)), 400, "invalid_code");
    check_outcome(service.verify(number, code), 200);
    BOOST_TEST(service.otpd.events("store_ready").size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_code_has_the_length_that_it_was_sent_with) {
    temporary_directory const directory;
    service_fixture service; // for its stub
    auto const settings = on_file(directory, service_fixture::upstream_at(service.stub.url()));
    auto const number = service.fresh_number();
    otpd_process before(OTPD_PROGRAM, settings);
    auto const sent = http_client(before.port()).ask(service_fixture::send_request(number));
    BOOST_REQUIRE_MESSAGE(sent.status == 200, sent.body);
    std::string const code(object_of(sent).at("debug_code").as_string());
    BOOST_TEST(code.size() == 6U);
    BOOST_TEST(before.stop() == 0);

    otpd_process after(OTPD_PROGRAM, environment{{"OTP_LENGTH", "8"}} | settings);
    http_client client(after.port());
    check_outcome(client.ask(service_fixture::verify_request(number, code + "0")), 422,
                  "validation_failed");
    check_outcome(client.ask(service_fixture::verify_request(number, code + "00")), 404,
                  "no_active_otp");
    check_outcome(client.ask(service_fixture::verify_request(number, code)), 200);
    auto const next = client.ask(service_fixture::send_request(number));
    BOOST_TEST(object_of(next).at("debug_code").as_string().size() == 8U);
    BOOST_TEST(after.stop() == 0);
}

// Neither codes nor numbers are in the file or its log.
BOOST_AUTO_TEST_CASE(the_file_holds_no_code_and_no_number) {
    temporary_directory const directory;
    service_fixture service(on_file(directory, {}));
    auto const number = service.fresh_number();
    auto const code = service.sent_code(number);
    std::string all;
    for (auto const* const name : {"/otpd.db", "/otpd.db-wal"}) {
        std::ifstream in(directory.path() + name, std::ios::binary);
        all.append(std::istreambuf_iterator<char>(in), {});
    }
    BOOST_TEST(all.find("CREATE TABLE states") != std::string::npos); // these are the right files
    BOOST_TEST(all.find(number) == std::string::npos);
    BOOST_TEST(all.find(code) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
