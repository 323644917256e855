// Thousands of clients send and read as slowly as possible. All of them are cut off, and all other
// clients are served meanwhile.

#include "integration/service/service_fixture.hpp"
#include "ordinary_requests.hpp"
#include "process_usage.hpp"
#include "scenario.hpp"
#include "support/eventually.hpp"

#include <sys/resource.h>

#include <deque>

using namespace otpd::test;

namespace {

constexpr char const* deadline_ms = "2000";

environment impatient() {
    return {{"OTPD_SERVER_HEADER_TIMEOUT_MS", deadline_ms},
            {"OTPD_SERVER_BODY_TIMEOUT_MS", deadline_ms},
            {"OTPD_SERVER_WRITE_TIMEOUT_MS", deadline_ms},
            {"OTPD_SERVER_IDLE_TIMEOUT_MS", "60000"}};
}

/// This process holds the other ends of the connections.
void allow_descriptors() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

/// Sends a byte of a header or of a body from time to time.
struct slow_sender {
    raw_client client;
    std::string rest;
    bool is_cut_off = false;

    void send_a_byte(std::size_t at) {
        if (is_cut_off) return;
        if (at >= rest.size() || !client.send(rest.substr(at, 1))) is_cut_off = true;
    }
};

std::string a_long_header() {
    return "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: " + std::string(4000, 'x');
}
std::string a_long_body() {
    return std::string(4000, ' ');
}

} // namespace

BOOST_AUTO_TEST_SUITE(slow_clients)

BOOST_AUTO_TEST_CASE(are_cut_off_while_others_are_served) {
    allow_descriptors();
    scenario what{"slow clients", "slow headers, slow bodies and slow reading, a third each"};
    service_fixture service(impatient());
    auto const count = rounds(2'000, 300);
    auto const descriptors = open_descriptors(service.otpd);

    ordinary_requests beside(service.otpd.port(), [](timed_client& client, unsigned long long n) {
        auto const number = std::to_string(31'615'000'000ULL + n);
        auto const sent = client.ask(service_fixture::send_request(number));
        if (sent.status != 200) return "a send: " + sent.body;
        auto const code = std::string(object_of(sent).at("debug_code").as_string());
        auto const used = client.ask(service_fixture::verify_request(number, code));
        return used.status == 200 ? std::string() : "a check: " + used.body;
    });

    std::deque<slow_sender> senders;
    std::deque<raw_client> readers;
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 3 == 2) {
            auto& reader = readers.emplace_back(service.otpd.port(), 4096);
            for (int asked = 0; asked < 64; ++asked) // more than the buffers of both kernels for
                                                     // one client
                reader.send(get("/openapi.json").text());
            continue;
        }
        auto& sender = senders.emplace_back(slow_sender{
            raw_client(service.otpd.port()), i % 3 == 0 ? a_long_header() : a_long_body()});
        if (i % 3 == 1)
            sender.client.send("POST /verify-otp HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                               "application/json\r\nContent-Length: 4000\r\n\r\n");
    }
    what.add_rounds(count);
    // Each sends a byte at a time until the program has closed all of them.
    std::size_t at = 0;
    eventually([&] {
        for (auto& sender : senders)
            sender.send_a_byte(at);
        ++at;
        std::this_thread::sleep_for(std::chrono::milliseconds(100)); // the pause makes them slow
        return open_descriptors(service.otpd) <=
               descriptors + 8; // for the ordinary clients, and the pool to the stub
    });
    beside.stop();
    what.waited(beside.longest());
    BOOST_TEST(beside.first_fault() == "");
    BOOST_TEST(beside.done() > 0U);
    BOOST_TEST(at > 10U); // nobody was cut off immediately
}

BOOST_AUTO_TEST_SUITE_END()
