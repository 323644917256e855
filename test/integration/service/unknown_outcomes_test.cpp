// A third of the sends has an unknown outcome, the service is killed at random moments, and its
// clients repeat unanswered requests. No number gets two SMS for one request.

#include "eventually.hpp"
#include "service_fixture.hpp"
#include "support/rounds.hpp"
#include "support/test_stores.hpp"

#include <atomic>
#include <future>
#include <random>
#include <set>
#include <thread>

using namespace otpd::test;

namespace {

constexpr unsigned clients = 8;

constexpr std::string_view plan = R"(
[[route_plan]]
name = "login"
purposes = ["login"]
steps = [{route = 8, caller_id = "YOURAPP"}, {route = 1}, {route = 2}, {route = 3}]
)";

/// With a key of its own, so that it may be repeated.
http_request keyed_send(std::string const& number) {
    return service_fixture::send_request(number).with("Idempotency-Key", "\"" + number + "\"");
}

/// Sends to one number after the other until the server is gone. Returns the numbers.
std::vector<std::string> send_until_killed(std::uint16_t port, unsigned long long first) {
    std::vector<std::string> numbers;
    try {
        http_client client(port);
        for (unsigned long long n = 0;; ++n) {
            numbers.push_back(std::to_string(first + n));
            client.ask(keyed_send(numbers.back()));
        }
    } catch (std::exception const&) {
        return numbers; // the connection broke
    }
}

struct killed_while_sending {
    explicit killed_while_sending(environment const& store)
        : settings(store | service_fixture::upstream_at(stub.url())) {
        // 30 % in total, half of which were sent. Also some refusals, so that plans continue.
        fault("drop_after", 0.1);
        fault("cut", 0.06);
        fault("drop_before", 0.15);
        fault("vendor", 0.2);
    }

    void fault(char const* name, double probability) {
        stub.set_fault({{"fault", name}, {"endpoint", "send_sms"}, {"probability", probability}});
    }

    std::vector<std::string> send_and_kill(unsigned round) {
        otpd_process otpd(OTPD_PROGRAM, settings, plan);
        std::vector<std::future<std::vector<std::string>>> sending;
        for (unsigned c = 0; c < clients; ++c)
            sending.push_back(std::async(std::launch::async, send_until_killed, otpd.port(),
                                         31'612'000'000ULL + 1'000'000ULL * c + 1'000ULL * round));
        std::this_thread::sleep_for(std::chrono::milliseconds(10 + random() % 120));
        otpd.process().signal(SIGKILL);
        BOOST_TEST(otpd.process().wait() == 128 + SIGKILL);
        std::vector<std::string> numbers;
        for (auto& entry : sending) {
            auto const some = entry.get();
            numbers.insert(numbers.end(), some.begin(), some.end());
        }
        return numbers;
    }

    /// The last request of each client may have no answer, so all are repeated.
    void repeat(std::vector<std::string> const& numbers) {
        otpd_process otpd(OTPD_PROGRAM, settings, plan);
        http_client client(otpd.port());
        eventually([&] { return client.ask(get("/readyz")).status == 200; });
        std::vector<http_request> requests;
        for (auto const& number : numbers)
            requests.push_back(keyed_send(number));
        for (auto const& reply : ask_in_parallel(otpd.port(), requests, 16)) {
            // Sent now or before, unknown, not settled yet, or refused by every route, now or
            // before (429 during the number's back-off): all are valid answers.
            std::set<unsigned> const answers{200, 409, 429, 502, 504};
            bool const known = answers.contains(static_cast<unsigned>(reply.status));
            BOOST_TEST(known, reply.status << ' ' << reply.body);
        }
        BOOST_TEST(otpd.stop() == 0);
        BOOST_TEST(otpd.process().errors() == "");
    }

    stub_process stub{STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}}};
    environment settings;
    std::mt19937 random{20261125}; // NOLINT(cert-msc32-c,cert-msc51-cpp)
};

} // namespace

BOOST_AUTO_TEST_SUITE(service_unknown_outcomes)

BOOST_AUTO_TEST_CASE_TEMPLATE(no_number_gets_two_sms_for_one_request, Store, stores_that_last) {
    Store store;
    killed_while_sending service(store.settings());
    auto const kills = rounds(100, 16);
    std::size_t asked_for = 0;
    for (unsigned round = 0; round < kills; ++round) {
        auto const numbers = service.send_and_kill(round);
        asked_for += numbers.size();
        service.repeat(numbers);
    }
    std::multiset<std::string> received;
    for (auto const& message : service.stub.messages())
        received.insert(std::string(message.at("number").as_string()));
    std::set<std::string> const numbers(received.begin(), received.end());
    for (auto const& number : numbers)
        BOOST_TEST(received.count(number) == 1U, number << ": " << received.count(number));
    BOOST_TEST_MESSAGE(asked_for << " sends asked for, " << numbers.size() << " SMS, " << kills
                                 << " kills");
    BOOST_TEST(numbers.size() > kills); // there was something to send twice
}

BOOST_AUTO_TEST_SUITE_END()
