// SIGTERM while clients send requests without pause: each SMS has an answer, no answer is cut off,
// and the program ends cleanly and in time.

#include "integration/service/service_fixture.hpp"
#include "scenario.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <future>
#include <random>
#include <thread>

using namespace otpd::test;

namespace {

struct asked {
    std::size_t sent = 0; ///< answered 200
    std::vector<std::string> faults;
    std::chrono::steady_clock::duration longest{};
};

/// Half of the clients keep their connection; the others open one for each request.
asked ask_until_gone(std::uint16_t port, unsigned long long first, bool keeps,
                     std::atomic<bool> const& ended) {
    asked result;
    std::optional<raw_client> client;
    for (auto number = first; !ended; ++number) {
        try {
            if (!client || !keeps) client.emplace(port);
        } catch (std::exception const&) {
            break; // it no longer listens
        }
        try {
            auto const began = std::chrono::steady_clock::now();
            client->send(service_fixture::send_request(std::to_string(number)).text());
            auto const reply = client->read_reply();
            // closed instead of an answer: the number of SMS shows whether that was right
            if (!reply) {
                client.reset();
                continue;
            }
            result.longest = std::max(result.longest, std::chrono::steady_clock::now() - began);
            if (reply->status == 200)
                ++result.sent;
            else
                result.faults.push_back(reply->body);
            if (reply->has("Connection")) client.reset();
        } catch (std::exception const& cut_off) {
            result.faults.emplace_back(cut_off.what());
            client.reset();
        }
    }
    return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(end_under_load)

BOOST_AUTO_TEST_CASE(answers_for_every_sms) {
    scenario what{"SIGTERM", "SIGTERM while 8 clients send"};
    std::mt19937 random{20261126}; // NOLINT(cert-msc32-c,cert-msc51-cpp) any seed
    stub_process stub(STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}});
    stub.set_fault(
        // So that some are always in flight.
        {{"fault", "delay"}, {"ms", 20}, {"endpoint", "send_sms"}});
    std::size_t sent_before = 0;
    for (std::size_t round = 0; round < rounds(50, 3); ++round) {
        otpd_process otpd(OTPD_PROGRAM, service_fixture::upstream_at(stub.url()));
        std::atomic<bool> ended = false;
        std::vector<std::future<asked>> asking;
        for (unsigned c = 0; c < 8; ++c)
            asking.push_back(std::async(std::launch::async, ask_until_gone, otpd.port(),
                                        31'612'000'000ULL + 1'000'000ULL * c + 10'000ULL * round,
                                        c % 2 == 0, std::cref(ended)));
        auto const enough = sent_before + 5 + random() % 60;
        eventually(
            [&] { return stub.stats().at("sms_accepted").to_number<std::size_t>() > enough; });
        BOOST_TEST(otpd.stop() == 0); // ends after server.drain_timeout_ms at the latest
        ended = true;
        BOOST_TEST(otpd.process().errors() == "");
        BOOST_TEST(otpd.events("drain_incomplete").empty());
        std::size_t answered = 0;
        for (auto& entry : asking) {
            auto const one = entry.get();
            answered += one.sent;
            what.waited(one.longest);
            for (auto const& fault : one.faults)
                BOOST_ERROR(fault);
        }
        auto const sent = stub.stats().at("sms_accepted").to_number<std::size_t>();
        BOOST_TEST(sent - sent_before == answered);
        sent_before = sent;
        what.add_rounds();
    }
}

BOOST_AUTO_TEST_SUITE_END()
