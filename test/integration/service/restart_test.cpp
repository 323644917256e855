// What a restart does not forget: open messages, sends of unknown outcome, and webhooks.

#include "eventually.hpp"
#include "service_fixture.hpp"
#include "support/scripted_server.hpp"
#include "support/test_stores.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <optional>

using namespace otpd::test;

namespace {

/// One service after the other on a store that outlives them.
class restarted_service {
public:
    explicit restarted_service(environment const& store, std::string config = {})
        : settings_(
              environment{{"OTPD_DELIVERY_ENABLED", "true"}, {"OTPD_DELIVERY_INTERVAL_MS", "500"}} |
              store | service_fixture::upstream_at(stub.url())),
          config_(std::move(config)) {
        stub.control("POST", "config",
                     {{"dlr", json::object{{"sent_seconds", 3600}, {"final_seconds", 3600}}}});
    }
    ~restarted_service() {
        if (otpd) end();
        BOOST_TEST(stub.process().errors() == "");
    }
    restarted_service(restarted_service const&) = delete;
    restarted_service& operator=(restarted_service const&) = delete;

    void start() { start({}, config_); }
    /// With other settings than the instance before.
    void start(environment const& other, std::string const& config) {
        otpd.emplace(OTPD_PROGRAM, other | settings_, config);
        client.emplace(otpd->port());
        eventually([&] { return client->ask(get("/readyz")).status == 200; });
    }
    void end() {
        client.reset();
        BOOST_TEST(otpd->stop() == 0);
        BOOST_TEST(otpd->process().errors() == "");
        otpd.reset();
    }
    void kill() {
        client.reset();
        otpd->process().signal(SIGKILL);
        BOOST_TEST(otpd->process().wait() == 128 + SIGKILL);
        otpd.reset();
    }

    std::string sent_id(std::string const& number) {
        auto const reply = client->ask(service_fixture::send_request(number));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return std::string(object_of(reply).at("verification_id").as_string());
    }
    std::string delivery_of(std::string const& id) {
        auto const reply = client->ask(get("/verifications/" + id));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return std::string(object_of(reply).at("delivery").as_string());
    }
    void deliver(std::string const& number) {
        stub.control("POST", "messages", {{"number", number}, {"state", "DELIVERED"}});
    }
    [[nodiscard]] bool measures(std::string const& line) const {
        return otpd->metrics().find('\n' + line + '\n') != std::string::npos;
    }

    stub_process stub{STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}}};
    std::optional<otpd_process> otpd;
    std::optional<http_client> client;

private:
    environment settings_;
    std::string config_;
};

constexpr char const* restart_number = "31612000001";

std::string header_of(std::string const& request, std::string const& name) {
    auto const begin = request.find(name + ": ") + name.size() + 2;
    return request.substr(begin, request.find("\r\n", begin) - begin);
}

/// The webhook-id of each request of a type, in order.
std::vector<std::string> ids_of_type(scripted_server const& server, std::string const& type) {
    std::vector<std::string> ids;
    for (auto const& request : server.notes())
        if (request.find('"' + type + '"') != std::string::npos)
            ids.push_back(header_of(request, "webhook-id"));
    return ids;
}

/// Answers 503 until it is up.
struct webhook_receiver {
    std::atomic<bool> is_up{false};
    scripted_server server{[this](scripted_server& noted,
                                  scripted_connection& connection) -> boost::asio::awaitable<void> {
        for (;;) {
            auto request = co_await connection.read_request();
            if (request.empty()) co_return;
            unsigned const status = is_up ? 200 : 503;
            noted.note(std::move(request));
            co_await connection.write(http_reply(status, "{}"));
        }
    }};

    [[nodiscard]] std::string config() const {
        return "[[webhook]]\nname = \"backend\"\nurl = \"http://127.0.0.1:" +
               std::to_string(server.port()) +
               "/otp\"\nsecrets = [\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"]\n"
               "allow_private = true\n";
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(service_restart)

BOOST_AUTO_TEST_CASE_TEMPLATE(an_open_message_is_followed_after_a_restart, Store,
                              stores_that_last) {
    Store const store;
    restarted_service service(store.settings());
    service.start();
    auto const id = service.sent_id(restart_number);
    BOOST_TEST(service.delivery_of(id) == "accepted");
    service.end();
    service.deliver(restart_number);
    service.start();
    eventually([&] {
        return service.measures(R"(otpd_messages_ended_total{route_id="3",state="delivered"} 1)");
    });
    BOOST_TEST(service.delivery_of(id) == "delivered");
    eventually([&] { return service.measures("otpd_messages_open 0"); });
}

BOOST_AUTO_TEST_CASE(an_open_message_is_followed_after_a_kill_and_not_once_it_has_ended) {
    on_sqlite const store;
    restarted_service service(store.settings());
    service.start();
    auto const id = service.sent_id(restart_number);
    service.kill();
    service.deliver(restart_number);
    service.start();
    eventually([&] { return service.delivery_of(id) == "delivered"; });
    service.end();
    service.start(); // the entry is gone
    BOOST_TEST(service.sent_id("31612000002") != id);
    eventually([&] { return service.measures("otpd_messages_open 1"); });
}

BOOST_AUTO_TEST_CASE(a_send_of_unknown_outcome_is_settled_after_a_kill) {
    on_sqlite const store;
    restarted_service service(store.settings());
    service.start();
    service.stub.set_fault({{"fault", "drop_after"}, {"endpoint", "send_sms"}, {"count", 1}});
    check_outcome(service.client->ask(service_fixture::send_request(restart_number)), 504,
                  "delivery_unknown");
    service.kill();
    // The number is sealed.
    std::string all;
    for (auto const* const name : {"/otpd.db", "/otpd.db-wal"}) {
        std::ifstream in(store.directory.path() + name, std::ios::binary);
        all.append(std::istreambuf_iterator<char>(in), {});
    }
    BOOST_TEST(all.find("CREATE TABLE states") != std::string::npos);
    BOOST_TEST(all.find(restart_number) == std::string::npos);
    service.deliver(restart_number);
    service.start();
    eventually([&] {
        return service.measures(R"(otpd_messages_ended_total{route_id="3",state="delivered"} 1)");
    });
    auto const code = service.stub.code_sent_to(restart_number);
    check_outcome(service.client->ask(service_fixture::verify_request(restart_number, code)), 200);
}

BOOST_AUTO_TEST_CASE(a_webhook_whose_receiver_is_down_over_a_kill_has_the_same_id_afterwards) {
    on_sqlite const store;
    webhook_receiver receiver;
    restarted_service service(store.settings(), receiver.config());
    service.start();
    service.sent_id(restart_number);
    service.deliver(restart_number);
    std::string const type = "verification.delivered";
    eventually([&] { return !ids_of_type(receiver.server, type).empty(); });
    service.kill();
    auto const before = ids_of_type(receiver.server, type);
    receiver.is_up = true;
    service.start();
    eventually([&] { return ids_of_type(receiver.server, type).size() > before.size(); });
    for (auto const& id : ids_of_type(receiver.server, type))
        BOOST_TEST(id == before.front());
}

// The step that the answer tells of has written the webhook.
BOOST_AUTO_TEST_CASE(a_webhook_is_told_although_otpd_is_killed_as_soon_as_a_client_is_answered) {
    on_sqlite const store;
    webhook_receiver receiver;
    environment const guessing{{"OTP_SEND_COOLDOWN_SECONDS", "60"},
                               {"OTPD_OTP_GUESS_WAIT_SECONDS", "0"}};
    restarted_service service(store.settings() | guessing, receiver.config());
    auto const status_before_the_kill = [&](http_request const& request) {
        auto const status = service.client->ask(request).status;
        service.kill();
        return status;
    };
    auto const send = service_fixture::send_request(restart_number);
    service.start();
    BOOST_TEST(status_before_the_kill(send) == 200U);
    service.start();
    BOOST_TEST(status_before_the_kill(send) == 429U); // the cooldown
    auto const right = service.stub.code_sent_to(restart_number);
    auto const wrong = service_fixture::verify_request(restart_number, wrong_code(right));
    service.start();
    for (int n = 0; n < 4; ++n)
        BOOST_TEST(service.client->ask(wrong).status >= 400U);
    BOOST_TEST(status_before_the_kill(wrong) >= 400U);
    std::string const other = "31612000002";
    service.start();
    service.sent_id(other);
    auto const typed = service_fixture::verify_request(other, service.stub.code_sent_to(other));
    BOOST_TEST(status_before_the_kill(typed) == 200U);
    auto const sent_before = receiver.server.notes().size();
    receiver.is_up = true;
    service.start();
    for (std::string const kind : {"accepted", "blocked", "exhausted", "verified"}) {
        auto const type = "verification." + kind;
        eventually([&] {
            auto const notes = receiver.server.notes();
            return std::any_of(notes.begin() + static_cast<std::ptrdiff_t>(sent_before),
                               notes.end(), [&](std::string const& text) {
                                   return text.find('"' + type + '"') != std::string::npos;
                               });
        });
        if (kind == "accepted") continue; // of two numbers
        auto const ids = ids_of_type(receiver.server, type);
        BOOST_TEST(std::count(ids.begin(), ids.end(), ids.front()) ==
                   static_cast<std::ptrdiff_t>(ids.size()));
    }
}

BOOST_AUTO_TEST_CASE(an_instance_leaves_what_it_cannot_go_on_with_to_one_that_can) {
    on_sqlite const store;
    webhook_receiver receiver;
    restarted_service service(store.settings(), receiver.config());
    service.start();
    auto const id = service.sent_id(restart_number);
    std::string const type = "verification.accepted";
    eventually([&] { return !ids_of_type(receiver.server, type).empty(); });
    service.kill();
    auto const before = ids_of_type(receiver.server, type);
    receiver.is_up = true;
    service.deliver(restart_number);
    service.start({{"OTPD_DELIVERY_ENABLED", "false"}}, {});
    service.sent_id("31612000002"); // by now it has read the journal
    service.end();
    BOOST_TEST(ids_of_type(receiver.server, type).size() == before.size());
    service.start();
    eventually([&] { return ids_of_type(receiver.server, type).size() > before.size(); });
    BOOST_TEST(ids_of_type(receiver.server, type).back() == before.front());
    eventually([&] { return service.delivery_of(id) == "delivered"; });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(webhooks_that_wait_outlive_a_graceful_end, Store, stores_that_last) {
    Store const store;
    webhook_receiver receiver;
    restarted_service service(store.settings(), receiver.config());
    service.start();
    service.sent_id(restart_number);
    std::string const type = "verification.accepted";
    eventually([&] { return !ids_of_type(receiver.server, type).empty(); });
    service.end();
    auto const before = ids_of_type(receiver.server, type);
    receiver.is_up = true;
    service.start();
    eventually([&] { return ids_of_type(receiver.server, type).size() > before.size(); });
    BOOST_TEST(ids_of_type(receiver.server, type).back() == before.front());
    service.end();
    auto const delivered = receiver.server.notes().size();
    service.start();                                                      // nothing is left
    eventually([&] { return service.measures("otpd_messages_open 1"); }); // it has taken over
    BOOST_TEST(receiver.server.notes().size() == delivered);
}

BOOST_AUTO_TEST_SUITE_END()
