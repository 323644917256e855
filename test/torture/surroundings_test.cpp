// Dependencies of otpd fail under load and come back: the Redis server, space for the timeline's
// file, and the reader of the log.

#include "integration/service/service_fixture.hpp"
#include "ordinary_requests.hpp"
#include "process_usage.hpp"
#include "scenario.hpp"
#include "support/eventually.hpp"
#include "support/free_port.hpp"
#include "support/test_stores.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <map>

using namespace otpd::test;

namespace {

std::string send_and_use(timed_client& client, unsigned long long n) {
    auto const number = std::to_string(31'617'000'000ULL + n);
    auto const sent = client.ask(service_fixture::send_request(number));
    if (sent.status != 200) return "a send: " + sent.body;
    auto const code = std::string(object_of(sent).at("debug_code").as_string());
    auto const used = client.ask(service_fixture::verify_request(number, code));
    return used.status == 200 ? std::string() : "a check: " + used.body;
}

/// A named pipe whose reader holds it open and reads nothing.
class unread_pipe {
public:
    explicit unread_pipe(std::string path) : path_(std::move(path)) {
        if (::mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("no pipe");
        reader_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    ~unread_pipe() { ::close(reader_); }
    unread_pipe(unread_pipe const&) = delete;
    unread_pipe& operator=(unread_pipe const&) = delete;

    void read_all_from_now_on(child_process const& until_end_of) const {
        char bytes[65536];
        eventually([&] {
            while (::read(reader_, bytes, sizeof bytes) > 0) {
            }
            return until_end_of.has_ended();
        });
    }

private:
    std::string path_;
    int reader_ = -1;
};

} // namespace

BOOST_AUTO_TEST_SUITE(surroundings)

// While the server is away, everything is refused and nothing is sent. No number gets a second SMS.
BOOST_AUTO_TEST_CASE(redis_restarts_under_load) {
    scenario what{"Redis", "the server is killed and started again under load"};
    on_redis store;
    environment settings = store.settings();
    settings["OTPD_STORE_TIMEOUT_MS"] = "250"; // the default
    service_fixture service(settings);
    ordinary_requests beside(service.otpd.port(), [](timed_client& client, unsigned long long n) {
        auto const number = std::to_string(31'618'000'000ULL + n);
        auto const sent = client.ask(service_fixture::send_request(number));
        if (sent.status == 503 || sent.status == 200) return std::string();
        return "a send: " + sent.body;
    });
    for (std::size_t round = 0; round < rounds(20, 2); ++round) {
        auto const number = service.fresh_number();
        auto const code = service.sent_code(number);
        store.server.kill();
        eventually([&] { return service.client.ask(get("/readyz")).status == 503; });
        check_outcome(service.verify(number, code), 503, "store_unavailable");
        store.server.start();
        eventually([&] { return service.client.ask(get("/readyz")).status == 200; });
        check_outcome(service.send(number), 429, "cooldown_active");
        check_outcome(service.verify(number, code), 200);
        check_outcome(service.verify(number, code), 404);
        what.add_rounds();
    }
    beside.stop();
    what.waited(beside.longest());
    BOOST_TEST(beside.first_fault() == "");
    std::map<std::string, int> received;
    for (auto const& message : service.stub.messages())
        BOOST_TEST(++received[std::string(message.at("number").as_string())] == 1);
}

// Timeline and log are written beside the requests: requests continue when their files have no
// space.
BOOST_AUTO_TEST_CASE(no_room_for_the_timeline) {
    scenario what{"timeline", "no room on the disk for the timeline's file and the log"};
    temporary_directory const directory;
    service_fixture service(environment{{"OTPD_TIMELINE_FILE", directory.path() + "/timeline"}});
    rlimit const little{2048, RLIM_INFINITY};
    rlimit before{};
    BOOST_REQUIRE(::prlimit(service.otpd.process().id(), RLIMIT_FSIZE, &little, &before) == 0);
    timed_client client(service.otpd.port());
    for (std::size_t n = 0; n < rounds(2'000, 100); ++n) {
        BOOST_TEST(send_and_use(client, n) == "");
        what.add_rounds();
    }
    what.waited(client.longest());
    BOOST_REQUIRE(::prlimit(service.otpd.process().id(), RLIMIT_FSIZE, &before, nullptr) == 0);
}

// If nobody reads the log, lines are dropped but requests continue, and the memory is bounded.
BOOST_AUTO_TEST_CASE(a_log_that_nobody_reads) {
    scenario what{"log", "the log's pipe is full and nobody reads it"};
    temporary_directory const directory;
    unread_pipe const log(directory.path() + "/log");
    auto const program =
        directory.add("program", "#!/bin/sh\nexec \"" OTPD_PROGRAM "\" \"$@\" >\"" +
                                     directory.path() + "/log\"\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    stub_process stub(STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}});
    reserved_port const reserved;
    auto const port = reserved.number();
    environment settings = service_fixture::upstream_at(stub.url());
    settings["OTPD_SERVER_LISTEN"] = "127.0.0.1:" + std::to_string(port);
    settings["OTPD_ADMIN_LISTEN"] = "127.0.0.1:0";
    temporary_directory const home;
    child_process otpd(program, {}, settings, home);
    eventually([&] {
        try {
            return http_client(port).ask(get("/livez")).status == 200;
        } catch (std::exception const&) {
            return false; // not created yet
        }
    });
    timed_client client(port);
    for (std::size_t n = 0; n < rounds(10'000, 500); ++n) { // four lines each; a pipe holds 64 KiB
        BOOST_TEST(send_and_use(client, n) == "");
        what.add_rounds();
    }
    what.waited(client.longest());
    otpd.signal(SIGTERM);
    log.read_all_from_now_on(otpd);
    BOOST_TEST(otpd.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
