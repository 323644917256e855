// kill -9 in the window of a hedge, while sends are under way: a request has at most two messages,
// the second over another route and never after an unknown outcome, and all are known afterwards.

#include "integration/service/service_fixture.hpp"
#include "scenario.hpp"
#include "support/eventually.hpp"
#include "support/test_stores.hpp"

#include <cmath>
#include <future>
#include <map>
#include <random>
#include <set>
#include <thread>

using namespace otpd::test;

namespace {

/// Their reports come at once. Beside so many, the silent messages of two rounds leave route 1 with
/// reports for 90 %.
constexpr unsigned reported_sends = 400;
constexpr unsigned long long first_reported = 31'613'000'000;
constexpr unsigned long long first_silent = 31'612'000'000;
/// Of a round. The upstream takes longer for them than until the first hedge is due.
constexpr unsigned long long sends_max = 20;
/// How long the upstream takes for a send, so that hedges and sends are under way at any moment.
constexpr unsigned upstream_takes_ms = 400;
/// Longer than an unknown outcome takes: a minute until a send counts as none, and the polls.
constexpr std::chrono::seconds settled_within{180};

constexpr std::string_view plan_that_hedges = R"(
[routes]
score_refresh_seconds = 1

[[route_plan]]
name = "login"
purposes = ["login"]
hedge = true
steps = [{route = 1, deliver_within_seconds = 5}, {route = 2}, {route = 3}]

[[budget]]
name = "all"
key = "total"
period = "month"
cap = "100000"
)";

/// By number.
using replies = std::map<std::string, raw_reply>;

/// With a key of its own, so that it may be repeated.
http_request keyed_request(std::string const& number) {
    return service_fixture::send_request(number).with("Idempotency-Key", "\"" + number + "\"");
}

replies send_all_until_killed(std::uint16_t port, std::vector<std::string> const& numbers) {
    replies known;
    try {
        http_client client(port);
        for (auto const& number : numbers)
            known[number] = client.ask(keyed_request(number));
    } catch (std::exception const&) {
        return known; // the connection broke
    }
    return known;
}

std::vector<std::string> numbers_from(unsigned long long first, unsigned long long count) {
    std::vector<std::string> numbers;
    for (unsigned long long n = 0; n < count; ++n)
        numbers.push_back(std::to_string(first + n));
    return numbers;
}

struct killed_while_hedging {
    killed_while_hedging() {
        json::object const at_once{{"number", "31613*"}, {"sent_seconds", 0}, {"final_seconds", 0}};
        stub.control("POST", "config",
                     {{"dlr", json::object{{"sent_seconds", 3600}, {"final_seconds", 3600}}},
                      {"dlr_rules", json::array{at_once}}});
        learn_that_route_1_reports();
        fault({{"fault", "delay"}, {"ms", upstream_takes_ms}});
        fault({{"fault", "drop_after"}, {"probability", 0.1}});
        fault({{"fault", "drop_before"}, {"probability", 0.05}});
    }

    void fault(json::object what) {
        what["endpoint"] = "send_sms";
        stub.set_fault(what);
    }

    void learn_that_route_1_reports() {
        otpd_process otpd(OTPD_PROGRAM, settings, plan_that_hedges);
        std::vector<http_request> requests;
        for (auto const& number : numbers_from(first_reported, reported_sends))
            requests.push_back(keyed_request(number));
        BOOST_REQUIRE(count_status(ask_in_parallel(otpd.port(), requests, 8), 200) ==
                      reported_sends);
        auto const line = "\notpd_messages_ended_total{route_id=\"1\",state=\"delivered\"} " +
                          std::to_string(reported_sends) + '\n';
        eventually([&] { return otpd.metrics().find(line) != std::string::npos; });
        BOOST_TEST(otpd.stop() == 0);
        BOOST_TEST(otpd.process().errors() == "");
    }

    /// The clients of the round before repeat their requests first.
    void send_and_kill(unsigned round) {
        auto const first = first_silent + 1'000ULL * round;
        auto const fresh = numbers_from(first, sends_max);
        asked.insert(asked.end(), fresh.begin(), fresh.end());
        otpd_process otpd(OTPD_PROGRAM, settings, plan_that_hedges);
        auto sending =
            std::async(std::launch::async, send_all_until_killed, otpd.port(), std::move(asked));
        asked = fresh;
        auto const of_round = std::to_string(first / 1'000) + '*';
        eventually([&] { return has_hedge(of_round); });
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 1'000));
        otpd.process().signal(SIGKILL);
        BOOST_TEST(otpd.process().wait() == 128 + SIGKILL);
        for (auto const& [number, reply] : sending.get())
            note(number, reply);
        deliver_all();
    }
    /// Whether a second message was sent. No route refuses, so nothing else goes by route 2.
    bool has_hedge(std::string const& numbers) {
        return std::ranges::any_of(stub.messages(numbers), [](json::object const& number) {
            return number.at("route_id").to_number<int>() == 2;
        });
    }
    void note(std::string const& number, raw_reply const& reply) {
        if (reply.status == 200)
            ids[number] = object_of(reply).at("verification_id").as_string();
        else if (reply.status == 504 && object_of(reply).at("code") == "delivery_unknown")
            unknown.insert(number);
    }
    /// Late reports are reports: route 1 stays one that reports.
    void deliver_all() {
        stub.control("POST", "messages", {{"number", "31612*"}, {"state", "DELIVERED"}});
    }

    on_sqlite store;
    stub_process stub{STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}}};
    environment settings = environment{{"OTPD_DELIVERY_ENABLED", "true"},
                                       {"OTPD_DELIVERY_INTERVAL_MS", "500"},
                                       {"OTP_TTL_SECONDS", "600"},
                                       {"OTPD_OTP_RECORD_SECONDS", "86400"},
                                       // that of routes 1 and 2, so that nothing else is reserved
                                       {"OTPD_MONEY_ASSUMED_PRICE", "0.088"}} |
                           store.settings() | service_fixture::upstream_at(stub.url());
    std::mt19937 random{20261201};          // NOLINT(cert-msc32-c,cert-msc51-cpp)
    std::vector<std::string> asked;         ///< in the last round
    std::map<std::string, std::string> ids; ///< of verifications, by number
    std::set<std::string> unknown;          ///< the numbers whose first message has no outcome
};

using messages_by_number = std::map<std::string, std::vector<json::object>>;

messages_by_number by_number(std::vector<json::object> const& messages) {
    messages_by_number list;
    for (auto const& message : messages)
        list[std::string(message.at("number").as_string())].push_back(message);
    return list;
}

/// Returns how many numbers have a second message.
std::size_t check_messages(messages_by_number const& list, std::set<std::string> const& unknown) {
    std::size_t hedged = 0;
    for (auto const& [number, sent] : list)
        BOOST_TEST_CONTEXT("number " << number) {
            BOOST_TEST(sent.size() <= 2U);
            BOOST_TEST(sent.front().at("route_id").to_number<int>() == 1);
            if (sent.size() < 2) continue;
            ++hedged;
            BOOST_TEST(sent.at(1).at("route_id").to_number<int>() == 2);
            BOOST_TEST(sent.at(1).at("text").as_string() == sent.at(0).at("text").as_string());
            BOOST_TEST(!unknown.contains(number));
        }
    return hedged;
}

/// Whether the store knows that they were sent, and that one arrived.
bool are_known(http_client& client, std::string const& id,
               std::vector<json::object> const& messages) {
    auto const view = object_of(client.ask(get("/verifications/" + id)));
    std::set<std::string> known;
    for (auto const& event : view.at("events").as_array())
        if (auto const* const name = event.as_object().if_contains("bx_message_id"))
            known.insert(std::string(name->as_string()));
    return view.at("delivery").as_string() == "delivered" &&
           std::ranges::all_of(messages, [&](json::object const& message) {
               return known.contains(std::string(message.at("bx_message_id").as_string()));
           });
}

double spent_of_budget(std::uint16_t port) {
    auto const budgets = object_of(http_client(port).ask(get("/balance"))).at("budgets");
    return budgets.at(0).at("spent").to_number<double>();
}

} // namespace

BOOST_AUTO_TEST_SUITE(killed_while_hedging_suite)

BOOST_AUTO_TEST_CASE(no_request_has_a_third_message_and_none_a_second_after_an_unknown_outcome) {
    scenario what{"SQLite", "kill -9 in the window of a hedge: two messages at most, the second "
                            "by another route, sums exact"};
    killed_while_hedging service;
    auto const kills = rounds(50, 2);
    for (unsigned round = 0; round < kills; ++round)
        service.send_and_kill(round);
    service.stub.clear_faults();
    otpd_process otpd(OTPD_PROGRAM, service.settings, plan_that_hedges);
    http_client client(otpd.port());
    service.deliver_all(); // also what arrived while the last one was killed
    auto const messages = service.stub.messages();
    auto const sent = by_number(messages);
    auto const hedged = check_messages(sent, service.unknown);
    BOOST_TEST(hedged >= kills);
    for (auto const& [number, id] : service.ids)
        eventually([&, &on = number, &of = id] { return are_known(client, of, sent.at(on)); },
                   settled_within);
    auto const is_settled = [&] {
        return otpd.metrics().find("\notpd_messages_open 0\n") != std::string::npos;
    };
    eventually(is_settled, settled_within);
    double cost = 0;
    for (auto const& message : messages)
        cost += message.at("cost").to_number<double>();
    BOOST_TEST(std::abs(spent_of_budget(otpd.port()) - cost) < 0.0005);
    BOOST_TEST(service.stub.messages().size() == messages.size());
    BOOST_TEST_MESSAGE(messages.size()
                       << " SMS, " << hedged << " hedged, " << service.unknown.size()
                       << " unknown, " << kills << " kills");
    BOOST_TEST(otpd.stop() == 0);
    BOOST_TEST(otpd.process().errors() == "");
    what.add_rounds(kills);
}

BOOST_AUTO_TEST_SUITE_END()
