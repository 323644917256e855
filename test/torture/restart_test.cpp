// kill -9 with open messages and a receiver of webhooks that is down: every end is told, and
// whatever a client was answered, every unknown outcome is settled, and the ledger's sum is the
// upstream's.

#include "integration/service/service_fixture.hpp"
#include "scenario.hpp"
#include "support/eventually.hpp"
#include "support/scripted_server.hpp"
#include "support/test_stores.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace otpd::test;

namespace {

constexpr unsigned senders = 2;
/// Of each sender and round. Two pages of the upstream's list hold all messages of all rounds.
constexpr unsigned long long sends_max = 10;
/// Longer than an unknown outcome takes: a minute until a send counts as none, and the polls.
constexpr std::chrono::seconds settled_within{180};

/// "verification.accepted ID" of what the client was answered.
using answered_list = std::vector<std::string>;

/// Sends to `count` numbers, and types the code of every other one.
answered_list send_until_killed(std::uint16_t port, unsigned long long first,
                                unsigned long long count) {
    answered_list answered;
    try {
        http_client client(port);
        for (unsigned long long n = 0; n < count; ++n) {
            auto const number = std::to_string(first + n);
            auto const sent = client.ask(service_fixture::send_request(number));
            if (sent.status != 200) continue;
            auto const reply = object_of(sent);
            auto const id = std::string(reply.at("verification_id").as_string());
            answered.push_back("verification.accepted " + id);
            if (n % 2 == 1) continue;
            auto const code = std::string(reply.at("debug_code").as_string());
            if (client.ask(service_fixture::verify_request(number, code)).status == 200)
                answered.push_back("verification.verified " + id);
        }
    } catch (std::exception const&) { // the connection broke
        return answered;
    }
    return answered;
}

struct killed_with_open_messages {
    killed_with_open_messages() {
        stub.control("POST", "config",
                     {{"dlr", json::object{{"sent_seconds", 0.2}, {"final_seconds", 0.5}}}});
        fault("drop_after", 0.1);
        fault("drop_before", 0.05);
    }

    void fault(char const* name, double probability) {
        stub.set_fault({{"fault", name}, {"endpoint", "send_sms"}, {"probability", probability}});
    }
    [[nodiscard]] std::string config() const {
        return "[[webhook]]\nname = \"backend\"\nurl = \"http://127.0.0.1:" +
               std::to_string(receiver.port()) +
               "/otp\"\nsecrets = [\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"]\n"
               "events = [\"verification.delivered\", \"verification.failed\", "
               "\"verification.accepted\", \"verification.verified\"]\n"
               "allow_private = true\n";
    }

    void send_and_kill(unsigned round) {
        otpd_process otpd(OTPD_PROGRAM, settings, config());
        bool const kills_after_an_answer = round % 2 == 1;
        auto const last = 1 + random() % sends_max;
        std::vector<std::future<answered_list>> sending;
        for (unsigned n = 0; n < senders; ++n)
            sending.push_back(std::async(std::launch::async, send_until_killed, otpd.port(),
                                         31'612'000'000ULL + 1'000'000ULL * n + 1'000ULL * round,
                                         kills_after_an_answer && n == 0 ? last : sends_max));
        if (kills_after_an_answer)
            sending.front().wait();
        else
            std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 1'500));
        otpd.process().signal(SIGKILL);
        BOOST_TEST(otpd.process().wait() == 128 + SIGKILL);
        for (auto& entry : sending)
            std::ranges::move(entry.get(), std::back_inserter(answered));
    }

    /// What the webhooks said that were accepted: the upstream's ids of messages that ended, and
    /// otherwise type and verification.
    std::set<std::string> told() {
        std::set<std::string> all;
        for (auto const& request : receiver.notes()) {
            auto const payload = json::parse(request.substr(request.find("\r\n\r\n") + 4));
            auto const type = std::string(payload.at("type").as_string());
            auto const& data = payload.at("data").as_object();
            bool const is_step = type == "verification.accepted" || type == "verification.verified";
            if (is_step)
                all.insert(type + ' ' + std::string(data.at("verification_id").as_string()));
            else if (auto const* const id = data.if_contains("bx_message_id"))
                all.insert(std::string(id->as_string()));
        }
        return all;
    }

    answered_list answered;
    on_sqlite store;
    stub_process stub{STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}}};
    std::atomic<bool> is_up{false};
    scripted_server receiver{
        [this](scripted_server& server,
               scripted_connection& connection) -> boost::asio::awaitable<void> {
            for (;;) {
                auto request = co_await connection.read_request();
                if (request.empty()) co_return;
                bool const accepts = is_up;
                if (accepts) server.note(std::move(request));
                co_await connection.write(http_reply(accepts ? 200 : 503, "{}"));
            }
        }};
    environment settings = environment{{"OTPD_DELIVERY_ENABLED", "true"},
                                       {"OTPD_DELIVERY_INTERVAL_MS", "500"},
                                       {"OTP_TTL_SECONDS", "600"},
                                       {"OTPD_WEBHOOKS_QUEUE_MAX", "100000"},
                                       {"OTPD_OTP_RECORD_SECONDS", "86400"},
                                       {"OTPD_MONEY_DAILY_CAP", "100000"},
                                       // that of route 3, so that nothing else is reserved
                                       {"OTPD_MONEY_ASSUMED_PRICE", "0.091"}} |
                           store.settings() | service_fixture::upstream_at(stub.url());
    std::mt19937 random{20261130}; // NOLINT(cert-msc32-c,cert-msc51-cpp)
};

double spent_in_all(http_client& client) {
    auto const budgets = object_of(client.ask(get("/balance"))).at("budgets");
    return budgets.at(0).at("spent").to_number<double>();
}

} // namespace

BOOST_AUTO_TEST_SUITE(killed_with_open_messages_suite)

BOOST_AUTO_TEST_CASE(every_end_is_told_and_the_ledger_s_sum_is_the_upstream_s) {
    scenario what{"SQLite", "kill -9 with open messages and a receiver that is down: ends are "
                            "told, unknown outcomes settled, sums exact"};
    killed_with_open_messages service;
    auto const kills = rounds(50, 2);
    for (unsigned round = 0; round < kills; ++round)
        service.send_and_kill(round);
    service.stub.clear_faults();
    service.is_up = true;
    otpd_process otpd(OTPD_PROGRAM, service.settings, service.config());
    http_client client(otpd.port());
    auto const messages = service.stub.messages();
    BOOST_TEST(messages.size() >= kills);
    double cost = 0;
    std::set<std::string> numbers;
    for (auto const& message : messages) {
        cost += message.at("cost").to_number<double>();
        numbers.emplace(message.at("number").as_string());
    }
    BOOST_TEST(numbers.size() == messages.size()); // each number was sent to once
    auto const is_told = [&] {
        auto const ids = service.told();
        return std::ranges::all_of(messages, [&](json::object const& message) {
            return ids.contains(std::string(message.at("bx_message_id").as_string()));
        });
    };
    eventually(is_told, settled_within);
    BOOST_TEST(!service.answered.empty());
    auto const all_answered_is_told = [&] {
        auto const heard = service.told();
        return std::ranges::all_of(service.answered,
                                   [&](std::string const& text) { return heard.contains(text); });
    };
    eventually(all_answered_is_told, settled_within);
    auto const is_settled = [&] {
        return otpd.metrics().find("\notpd_messages_open 0\n") != std::string::npos;
    };
    eventually(is_settled, settled_within);
    BOOST_TEST(std::abs(spent_in_all(client) - cost) < 0.0005);
    BOOST_TEST(service.stub.messages().size() == messages.size()); // no second SMS
    BOOST_TEST(otpd.stop() == 0);
    BOOST_TEST(otpd.process().errors() == "");
    what.add_rounds(kills);
}

BOOST_AUTO_TEST_SUITE_END()
