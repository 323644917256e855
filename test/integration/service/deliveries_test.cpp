// The outcome of messages: their delivery reports, sends with an unknown outcome, long polls, and
// webhooks.

#include "eventually.hpp"
#include "service_fixture.hpp"
#include "support/scripted_server.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <set>

using namespace otpd::test;

namespace {

#ifdef OTPD_SANITIZED
constexpr std::size_t many = 2'000;
#else
constexpr std::size_t many = 10'000;
#endif

environment following(environment more = {}) {
    return environment{{"OTPD_DELIVERY_ENABLED", "true"}, {"OTPD_DELIVERY_INTERVAL_MS", "500"}} |
           more;
}

struct followed {
    explicit followed(environment more = {}, std::string_view config = {})
        : service(following(std::move(more)), config) {
        deliver_after(3600); // unless a test says otherwise
    }

    void deliver_after(int seconds) {
        service.stub.control(
            "POST", "config",
            {{"dlr", json::object{{"sent_seconds", seconds}, {"final_seconds", seconds}}}});
    }
    void set_state(std::string const& number, char const* state, char const* error = nullptr) {
        json::object body{{"number", number}, {"state", state}};
        if (error != nullptr) body["error"] = error;
        service.stub.control("POST", "messages", body);
    }
    std::string sent_id(std::string const& number) {
        auto const reply = service.send(number);
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return std::string(object_of(reply).at("verification_id").as_string());
    }
    json::object view(std::string const& id) {
        auto const reply = service.client.ask(get("/verifications/" + id));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return object_of(reply);
    }
    std::string delivery_of(std::string const& id) {
        return std::string(view(id).at("delivery").as_string());
    }
    /// The number of requests for reports so far.
    std::size_t polls() {
        auto const counts = service.stub.stats().at("by_endpoint").as_object();
        std::size_t sum = 0;
        for (auto const* const name : {"dlr", "dlr_list", "order_dlr"})
            if (counts.contains(name)) sum += counts.at(name).to_number<std::size_t>();
        return sum;
    }
    /// The value of a series, 0 if it does not exist.
    double metric(std::string const& series) {
        auto const text = service.otpd.metrics();
        auto const at = text.find('\n' + series + ' ');
        return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 2));
    }

    /// Waits until a long poll has read the verification: it does not miss what happens after that.
    void wait_for_a_find() {
        constexpr char const* finds =
            "otpd_store_operation_duration_seconds_count{operation=\"find\"}";
        eventually([&] { return metric(finds) >= 1; });
    }

    service_fixture service;
};

/// "v1," and base64 of HMAC-SHA-256, computed by OpenSSL only.
std::string signature_of(std::string const& key, std::string const& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<unsigned char const*>(text.data()), text.size(), mac.data(), &size);
    std::array<unsigned char, 128> encoded{};
    EVP_EncodeBlock(encoded.data(), mac.data(), static_cast<int>(size));
    return "v1," + std::string(reinterpret_cast<char const*>(encoded.data()));
}

std::string field_of(std::string const& request, std::string const& name) {
    auto const begin = request.find(name + ": ") + name.size() + 2;
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_deliveries)

BOOST_AUTO_TEST_CASE(a_delivery_report_is_stored_and_published) {
    followed with;
    auto const number = with.service.fresh_number();
    auto const id = with.sent_id(number);
    BOOST_TEST(with.delivery_of(id) == "accepted");
    with.set_state(number, "DELIVERED");
    eventually([&] { return with.delivery_of(id) == "delivered"; });
    auto const view = with.view(id);
    auto const last = view.at("events").as_array().back().as_object();
    BOOST_TEST(last.at("event").as_string() == "delivery");
    BOOST_TEST(last.at("status").as_string() == "DELIVERED");
    std::string const bx(view.at("bx_message_id").as_string());
    auto const report = object_of(with.service.client.ask(get("/deliveries/" + bx)));
    BOOST_TEST(report.at("delivery").as_string() == "delivered");
    BOOST_TEST(report.at("phone_number").as_string() == "*******" + number.substr(7));
}

constexpr std::string_view hedged_plan = R"(
[routes]
score_refresh_seconds = 1

[[route_plan]]
name = "login"
purposes = ["login"]
hedge = true
steps = [{route = 1, deliver_within_seconds = 5}, {route = 2}]

[[budget]]
name = "all"
key = "total"
period = "day"
cap = "100"
)";

// The route usually reports, so its silence means that the message may be lost.
BOOST_AUTO_TEST_CASE(a_silent_route_is_followed_by_a_second_message) {
    followed with({}, hedged_plan);
    with.deliver_after(0);
    std::vector<std::string> reported;
    for (int n = 0; n < 24; ++n)
        reported.push_back(with.sent_id(with.service.fresh_number()));
    for (auto const& entry : reported)
        eventually([&] { return with.delivery_of(entry) == "delivered"; });
    with.deliver_after(3600);
    auto const number = with.service.fresh_number();
    auto const id = with.sent_id(number);
    eventually([&] { return with.service.stub.messages(number).size() == 2; });
    auto const messages = with.service.stub.messages(number);
    BOOST_TEST(messages.at(0).at("route_id").to_number<int>() == 1);
    BOOST_TEST(messages.at(1).at("route_id").to_number<int>() == 2);
    BOOST_TEST(messages.at(0).at("text").as_string() == messages.at(1).at("text").as_string());
    with.service.otpd.wait_for_event("otp_hedged");
    BOOST_TEST(with.delivery_of(id) == "accepted");
    with.set_state(number, "DELIVERED");
    eventually([&] { return with.delivery_of(id) == "delivered"; });
    check_outcome(with.service.verify(number, with.service.stub.code_sent_to(number)), 200);
}

// Silence is all that such a route has.
BOOST_AUTO_TEST_CASE(a_route_that_never_reports_is_not_hedged) {
    followed with({}, hedged_plan);
    for (int n = 0; n < 24; ++n)
        with.sent_id(with.service.fresh_number());
    auto const number = with.service.fresh_number();
    auto const id = with.sent_id(number);
    auto const due = [&] { return with.view(id).at("expires_in_seconds").to_number<int>() < 294; };
    eventually(due);
    BOOST_TEST(with.service.stub.messages(number).size() == 1U);
    BOOST_TEST(with.service.otpd.events("otp_hedged").empty());
}

BOOST_AUTO_TEST_CASE(a_message_that_failed_leaves_the_code_as_it_is) {
    followed with;
    auto const number = with.service.fresh_number();
    auto const id = with.sent_id(number);
    with.set_state(number, "FAILED", "absent subscriber");
    eventually([&] { return with.delivery_of(id) == "failed"; });
    BOOST_TEST(with.view(id).at("state").as_string() == "active");
    check_outcome(with.service.verify(number, with.service.stub.code_sent_to(number)), 200);
}

BOOST_AUTO_TEST_CASE(a_state_that_nobody_knows_is_not_taken_for_an_end) {
    followed with;
    auto const number = with.service.fresh_number();
    auto const id = with.sent_id(number);
    with.set_state(number, "SENT");
    eventually([&] { return with.view(id).at("events").as_array().size() == 3; });
    BOOST_TEST(with.delivery_of(id) == "accepted");
    with.set_state(number, "DELIVERED");
    eventually([&] { return with.delivery_of(id) == "delivered"; });
}

// It is unknown whether it was sent, until the upstream's list shows it.
BOOST_AUTO_TEST_CASE(a_send_of_unknown_outcome_is_found_in_the_list) {
    followed with;
    with.service.stub.set_fault({{"fault", "drop_after"}, {"endpoint", "send_sms"}, {"count", 1}});
    auto const number = with.service.fresh_number();
    auto const reply = with.service.send(number);
    check_outcome(reply, 504, "delivery_unknown");
    eventually([&] {
        return with.service.otpd.metrics().find("otpd_messages_open 1\n") != std::string::npos;
    });
    with.set_state(number, "DELIVERED");
    eventually([&] {
        return with.metric("otpd_messages_ended_total{route_id=\"3\",state=\"delivered\"}") == 1;
    });
    check_outcome(with.service.verify(number, with.service.stub.code_sent_to(number)), 200);
}

// The upstream has no webhook: 10,000 open messages are requested by pages, not one by one.
BOOST_AUTO_TEST_CASE(many_open_messages_take_less_than_two_requests_a_second) {
    followed with(environment{{"OTPD_DELIVERY_INTERVAL_MS", "2500"}, {"OTP_TTL_SECONDS", "600"}});
    std::vector<http_request> sends;
    for (std::size_t n = 0; n < many; ++n)
        sends.push_back(with.service.send_request(with.service.fresh_number()));
    BOOST_REQUIRE(count_status(ask_in_parallel(with.service.otpd.port(), sends, 32), 200) == many);

    using clock = std::chrono::steady_clock;
    auto const began = clock::now();
    auto const before = with.polls();
    with.service.stub.control("POST", "config", {{"dlr", json::object{{"final_seconds", 0}}}});
    for (auto const& message : with.service.stub.messages())
        with.set_state(std::string(message.at("number").as_string()), "DELIVERED");
    auto const reported = clock::now();
    // On a busy machine a poll may fail, and two failures in a row pause for up to a minute.
    constexpr std::chrono::seconds patience{200};
    auto const all_ended = [&] {
        return with.metric("otpd_messages_ended_total{route_id=\"3\",state=\"delivered\"}") ==
               static_cast<double>(many);
    };
    eventually(all_ended, patience);
    auto const ended = clock::now();
    auto const seconds = std::chrono::duration<double>(ended - began).count();
    auto const requests = static_cast<double>(with.polls() - before);
    BOOST_TEST_MESSAGE(many << " messages, " << requests << " requests in " << seconds
                            << " s; all seen "
                            << std::chrono::duration<double>(ended - reported).count()
                            << " s after the last report");
    BOOST_TEST(requests <= 2 * seconds + 1); // the first one may follow right after another
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_change_is_answered_when_it_comes) {
    followed with;
    auto const number = with.service.fresh_number();
    auto const id = with.sent_id(number);
    auto waiting = std::async(std::launch::async, [&, port = with.service.otpd.port()] {
        http_client client(port);
        return client.ask(get("/verifications/" + id + "?wait=20"));
    });
    with.wait_for_a_find();
    with.service.verify(number, with.service.stub.code_sent_to(number));
    auto const reply = waiting.get();
    BOOST_TEST(reply.status == 200U);
    BOOST_TEST(object_of(reply).at("state").as_string() == "verified");
}

BOOST_AUTO_TEST_CASE(a_service_that_ends_keeps_nobody_waiting) {
    followed with;
    auto const id = with.sent_id(with.service.fresh_number());
    auto waiting = std::async(std::launch::async, [&, port = with.service.otpd.port()] {
        http_client client(port);
        return client.ask(get("/verifications/" + id + "?wait=20"));
    });
    with.wait_for_a_find();
    BOOST_TEST(with.service.otpd.stop() == 0); // it waits for its requests
    BOOST_TEST(waiting.get().status == 200U);
}

BOOST_AUTO_TEST_CASE(webhooks_post_signed_events) {
    scripted_server hooks([](scripted_server& server,
                             scripted_connection& connection) -> boost::asio::awaitable<void> {
        for (;;) {
            auto const request = co_await connection.read_request();
            if (request.empty()) co_return;
            server.note(request);
            co_await connection.write(http_reply(200, "{}"));
        }
    });
    // base64 of 32 bytes
    std::string const key = "0123456789abcdef0123456789abcdef";
    std::string const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    followed with({}, "[[webhook]]\nname = \"backend\"\nurl = \"http://127.0.0.1:" +
                          std::to_string(hooks.port()) + "/otp?from=otpd\"\nsecrets = [\"" +
                          secret + "\"]\nallow_private = true\n");
    auto const number = with.service.fresh_number();
    auto const id = with.sent_id(number);
    auto const code = with.service.stub.code_sent_to(number);
    with.set_state(number, "DELIVERED");
    eventually([&] { return with.delivery_of(id) == "delivered"; });
    check_outcome(with.service.send(number), 429);
    check_outcome(with.service.verify(number, code), 200);
    eventually([&] { return hooks.notes().size() >= 4; });
    std::set<std::string> types;
    std::set<std::string> times;
    for (auto const& request : hooks.notes()) {
        BOOST_TEST(request.starts_with("POST /otp?from=otpd HTTP/1.1\r\n"));
        auto const payload = request.substr(request.find("\r\n\r\n") + 4);
        auto const signed_text = field_of(request, "webhook-id") + '.' +
                                 field_of(request, "webhook-timestamp") + '.' + payload;
        BOOST_TEST(field_of(request, "webhook-signature") == signature_of(key, signed_text));
        BOOST_TEST(payload.find(number) == std::string::npos);
        BOOST_TEST(payload.find(code) == std::string::npos);
        auto const event = json::parse(payload).as_object();
        types.insert(std::string(event.at("type").as_string()));
        if (event.at("type").as_string() == "verification.blocked") continue;
        BOOST_TEST(event.at("data").at("verification_id").as_string() == id);
        times.insert(std::string(event.at("timestamp").as_string()));
    }
    std::set<std::string> shown;
    auto const view = with.view(id);
    for (auto const& event : view.at("events").as_array())
        shown.insert(std::string(event.at("at").as_string()));
    BOOST_TEST(std::ranges::includes(shown, times)); // to the millisecond
    BOOST_TEST((types == std::set<std::string>{"verification.accepted", "verification.delivered",
                                               "verification.verified", "verification.blocked"}));
}

BOOST_AUTO_TEST_SUITE_END()
