// Without free descriptors, the service neither spins nor ends. It serves connected clients, and
// all clients once descriptors are free again.

#include "integration/service/service_fixture.hpp"
#include "ordinary_requests.hpp"
#include "process_usage.hpp"
#include "scenario.hpp"
#include "support/eventually.hpp"

#include <sys/resource.h>

#include <deque>

using namespace otpd::test;

BOOST_AUTO_TEST_SUITE(descriptors)

BOOST_AUTO_TEST_CASE(that_run_out_come_back) {
    scenario what{"descriptors", "clients beyond RLIMIT_NOFILE, then fewer again"};
    service_fixture service;
    auto const pid = service.otpd.process().id();
    service.sent_code(service.fresh_number()); // makes an upstream connection
    rlimit before{};
    BOOST_REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &before) == 0);

    for (std::size_t round = 0; round < rounds(20, 2); ++round) {
        timed_client connected(service.otpd.port());
        auto const number = service.fresh_number();
        auto const sent = connected.ask(service_fixture::send_request(number));
        BOOST_REQUIRE(sent.status == 200U);
        auto const code = std::string(object_of(sent).at("debug_code").as_string());
        rlimit scarce = before;
        scarce.rlim_cur = open_descriptors(service.otpd) + 20;
        BOOST_REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &scarce, nullptr) == 0);

        auto const failed = service.otpd.events("accept_failed").size();
        std::deque<raw_client> crowd; // the kernel connects them all; the program can accept 20
        for (int i = 0; i < 100; ++i)
            crowd.emplace_back(service.otpd.port());
        eventually([&] { return service.otpd.events("accept_failed").size() > failed; });
        // The accept loop pauses between its attempts. A loop that spins would use a whole
        // processor.
        auto const used = processor_time(pid);
        std::this_thread::sleep_for(std::chrono::seconds(1)); // measures a rate
        BOOST_TEST((processor_time(pid) - used).count() < 500);

        auto const wrong = connected.ask(service_fixture::verify_request(number, wrong_code(code)));
        check_outcome(wrong, 400, "invalid_code");
        check_outcome(connected.ask(service_fixture::verify_request(number, code)), 200);
        what.waited(connected.longest());
        crowd.clear();
        raw_client newcomer(service.otpd.port());
        newcomer.send(get("/livez").text());
        BOOST_TEST(newcomer.read_reply().value().status == 200U);
        BOOST_REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &before, nullptr) == 0);
        what.add_rounds();
    }
    service.sent_code(service.fresh_number());
}

BOOST_AUTO_TEST_SUITE_END()
