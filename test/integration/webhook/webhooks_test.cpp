/// Webhooks over real sockets: what the receiver gets, what happens if it refuses, and which
/// addresses are never contacted.

#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "otpd/webhook/webhooks.hpp"
#include "support/certificates.hpp"
#include "support/coroutines.hpp"
#include "support/eventually.hpp"
#include "support/log_capture.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_file.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <charconv>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using namespace otpd;
using namespace otpd::test;
using namespace std::chrono_literals;
using boost::asio::awaitable;
using otp::event_type;

namespace {

constexpr std::string_view accepted_id = "verification-of-this-test";

/// The value of a request's header field, or nothing.
std::string field_of(std::string const& request, std::string_view name) {
    auto const start = request.find("\r\n" + std::string(name) + ": ");
    if (start == std::string::npos) return {};
    auto const from = start + name.size() + 4;
    return request.substr(from, request.find("\r\n", from) - from);
}

std::string body_of(std::string const& request) {
    return request.substr(request.find("\r\n\r\n") + 4);
}

std::int64_t number(std::string const& text) {
    std::int64_t result = -1;
    std::from_chars(text.data(), text.data() + text.size(), result);
    return result;
}

std::set<std::string> ids_of(std::vector<std::string> const& requests) {
    std::set<std::string> result;
    for (auto const& request : requests)
        result.insert(field_of(request, "webhook-id"));
    return result;
}

/// Records each request and answers it with `reply`.
scripted_server::script answer_with(std::string reply) {
    return [reply](scripted_server& server, scripted_connection& connection) -> awaitable<void> {
        for (;;) {
            auto request = co_await connection.read_request();
            if (request.empty()) co_return;
            server.note(std::move(request));
            co_await connection.write(reply);
        }
    };
}

/// Records each request and does not answer.
awaitable<void> never_answer(scripted_server& server, scripted_connection& connection) {
    server.note(co_await connection.read_request());
    co_await connection.hang();
}

otp::verification_event happening(event_type kind = event_type::accepted) {
    otp::verification_event result;
    result.type = kind;
    result.at = std::chrono::system_clock::now();
    result.verification_id = accepted_id;
    result.client = "shop";
    result.phone = "+316******78";
    return result;
}

class kept_texts final : public webhook::outbox {
public:
    std::atomic<bool> is_full = false;

    std::uint64_t keep(id const&, std::string text) noexcept override {
        std::scoped_lock const lock(mutex_);
        if (is_full) return 0;
        texts_[++last_] = std::move(text);
        return last_;
    }
    void forget(std::uint64_t ticket) noexcept override {
        std::scoped_lock const lock(mutex_);
        texts_.erase(ticket);
    }
    [[nodiscard]] std::map<std::uint64_t, std::string> texts() const {
        std::scoped_lock const lock(mutex_);
        return texts_;
    }

private:
    mutable std::mutex mutex_;
    std::map<std::uint64_t, std::string> texts_;
    std::uint64_t last_ = 0;
};

struct fixture {
    fixture() = default;
    fixture(fixture const&) = delete;
    fixture& operator=(fixture const&) = delete;
    ~fixture() {
        if (!hooks) return;
        if (!drained) drain(0s);
        work.reset();
        for (auto* one : {&worker, &other_worker})
            if (one->joinable()) one->join();
        BOOST_TEST(context.stopped(), "the context did not run dry");
        hooks.reset(); // after the last work of its connections
    }

    [[nodiscard]] webhook::endpoint endpoint(std::uint16_t port,
                                             std::string const& host = "localhost") const {
        webhook::endpoint result;
        result.name = "crm";
        result.url = "https://" + host + ":" + std::to_string(port) + "/hooks/otp?key=hidden";
        result.secrets = {secret_string(std::string(32, 'k'))};
        result.allow_private = true;
        result.ca_file = trusted.path();
        return result;
    }

    void make(std::vector<webhook::endpoint> endpoints) {
        hooks.emplace(context.get_executor(), std::move(endpoints), options,
                      webhook::webhooks::dependencies{now, random, log, metrics, kept_in});
    }
    void run() {
        for (auto* one : {&worker, &other_worker})
            *one = std::jthread([this] { context.run_for(hang_limit); });
        hooks->start();
    }
    void start(std::vector<webhook::endpoint> endpoints) {
        make(std::move(endpoints));
        run();
    }
    void start(webhook::endpoint only) { start(std::vector<webhook::endpoint>{std::move(only)}); }
    void drain(std::chrono::milliseconds limit = hang_limit) {
        drained = true;
        if (!worker.joinable()) run();
        asio::co_spawn(context, hooks->drain(limit), asio::use_future).get();
    }

    /// otpd_webhooks_total{result="…"}
    [[nodiscard]] std::int64_t count(std::string const& result) const {
        auto const text = metrics.scrape();
        auto const series = "otpd_webhooks_total{result=\"" + result + "\"} ";
        auto const at = text.find(series);
        return at == std::string::npos ? 0 : number(text.substr(at + series.size()));
    }
    void wait_for(std::string const& result, std::int64_t times) {
        eventually([&] { return count(result) >= times; });
    }
    void wait_for_log(std::string const& event) {
        eventually([&] { return captured.text().find(event) != std::string::npos; });
    }
    [[nodiscard]] std::size_t logged(std::string const& event) const {
        auto const text = captured.text();
        std::size_t times = 0;
        for (auto at = text.find(event); at != std::string::npos; at = text.find(event, at + 1))
            ++times;
        return times;
    }

    identity authority = make_authority();
    identity loopback{certificate_profile(), authority};
    temporary_file trusted{authority.certificate_pem()};
    webhook::options options{.queue_max = 1000, .timeout = 30s, .hurry = 1000};

    system_clock now;
    openssl_random random;
    log_capture captured;
    telemetry::logger log{captured, telemetry::level::debug, 10'000};
    telemetry::metrics metrics{{.version = "test", .routes = {}}};
    asio::io_context context;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work{
        context.get_executor()};
    std::jthread worker;
    std::jthread other_worker;
    webhook::outbox* kept_in = nullptr;
    std::optional<webhook::webhooks> hooks;
    bool drained = false;
};

/// With the entry that the step of the store has written.
otp::verification_event kept_event(webhook::webhooks const& hooks, kept_texts& outbox,
                                   otp::verification_event event = happening()) {
    event.entry.id.fill(std::byte{0x5a});
    event.entry.ticket = outbox.keep(event.entry.id, hooks.text_of(event));
    return event;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(webhooks, fixture)

BOOST_AUTO_TEST_CASE(a_message_is_kept_until_it_is_delivered) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    make({endpoint(server.port())});
    hooks->on_event(happening());
    BOOST_TEST(outbox.texts().size() == 1U);
    run();
    wait_for("delivered", 1);
    drain();
    BOOST_TEST(outbox.texts().empty());
}

BOOST_AUTO_TEST_CASE(
    what_is_not_delivered_at_the_end_is_sent_by_the_next_process_with_the_same_id) {
    scripted_server down(loopback, answer_with(http_reply(503, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    options.hurry = 1;
    start(endpoint(down.port()));
    hooks->on_event(happening());
    wait_for("failed", 1);
    drain(0s);
    BOOST_TEST_REQUIRE(outbox.texts().size() == 1U);
    BOOST_TEST(count("given_up") == 0);

    fixture next;
    scripted_server up(next.loopback, answer_with(http_reply(200, "{}")));
    next.kept_in = &outbox;
    next.start(next.endpoint(up.port()));
    auto const kept = *outbox.texts().begin();
    BOOST_TEST(next.hooks->take_over(kept.first, {}, kept.second));
    next.wait_for("delivered", 1);
    next.drain();
    BOOST_TEST(outbox.texts().empty());
    BOOST_TEST_REQUIRE(up.notes().size() == 1U);
    BOOST_TEST(ids_of(up.notes()) == ids_of(down.notes()), boost::test_tools::per_element());
    BOOST_TEST(body_of(up.notes().front()) == body_of(down.notes().front()));
}

BOOST_AUTO_TEST_CASE(an_event_that_its_step_has_kept_is_not_kept_twice) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    make({endpoint(server.port())});
    auto const event = kept_event(*hooks, outbox);
    hooks->on_event(event);
    BOOST_TEST_REQUIRE(outbox.texts().size() == 1U);
    BOOST_TEST(outbox.texts().contains(event.entry.ticket));
    run();
    wait_for("delivered", 1);
    drain();
    BOOST_TEST(outbox.texts().empty());
    BOOST_TEST_REQUIRE(server.notes().size() == 1U);
    BOOST_TEST(field_of(server.notes().front(), "webhook-id") ==
               "msg_5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a");
}

BOOST_AUTO_TEST_CASE(the_entry_of_an_event_for_two_endpoints_ends_when_each_has_its_own) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    auto other = endpoint(server.port());
    other.name = "other";
    make({endpoint(server.port()), other});
    auto const event = kept_event(*hooks, outbox);
    hooks->on_event(event);
    BOOST_TEST(outbox.texts().size() == 2U);
    BOOST_TEST(!outbox.texts().contains(event.entry.ticket));
    run();
    wait_for("delivered", 2);
    drain();
    BOOST_TEST(outbox.texts().empty());
}

BOOST_AUTO_TEST_CASE(the_entry_of_an_event_is_sent_to_all_its_endpoints_by_the_next_process) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    auto other = endpoint(server.port());
    other.name = "other";
    start({endpoint(server.port()), other});
    auto const event = kept_event(*hooks, outbox);
    auto const text = outbox.texts().at(event.entry.ticket);
    BOOST_TEST(hooks->take_over(event.entry.ticket, event.entry.id, text));
    wait_for("delivered", 2);
    drain();
    BOOST_TEST(outbox.texts().empty());
    BOOST_TEST(server.notes().size() == 2U);
    BOOST_TEST(ids_of(server.notes()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_event_that_nobody_wants_has_no_text_and_its_entry_ends) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    auto picky = endpoint(server.port());
    picky.events = {"verification.failed"};
    start(picky);
    BOOST_TEST(hooks->text_of(happening()).empty());
    hooks->on_event(kept_event(*hooks, outbox));
    BOOST_TEST(outbox.texts().empty());
    picky.events.clear();
    picky.client = "another";
    hooks->prepare({picky}, options)();
    BOOST_TEST(hooks->text_of(happening()).empty());
    drain();
    BOOST_TEST(server.notes().empty());
}

// An instance that has the endpoint sends it.
BOOST_AUTO_TEST_CASE(what_was_kept_for_another_endpoint_is_left_to_others) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    start(endpoint(server.port()));
    for (std::string const text : {"other\nmsg_1\nverification.accepted\n{}", "crm\nmsg_1\n", ""})
        BOOST_TEST(!hooks->take_over(outbox.keep({}, text), {}, text));
    drain();
    BOOST_TEST(outbox.texts().size() == 3U);
    BOOST_TEST(count("given_up") == 0);
    BOOST_TEST(server.notes().empty());
}

BOOST_AUTO_TEST_CASE(what_an_endpoint_that_is_gone_should_get_is_given_up) {
    scripted_server server(loopback, answer_with(http_reply(410, "")));
    kept_texts outbox;
    kept_in = &outbox;
    start(endpoint(server.port()));
    hooks->on_event(happening());
    wait_for("given_up", 1);
    std::string const text = "crm\nmsg_1\nverification.accepted\n{}";
    BOOST_TEST(hooks->take_over(outbox.keep({}, text), {}, text));
    wait_for("given_up", 2);
    drain();
    BOOST_TEST(outbox.texts().empty());
}

BOOST_AUTO_TEST_CASE(what_the_outbox_did_not_take_is_given_up_at_the_end) {
    scripted_server down(loopback, answer_with(http_reply(503, "{}")));
    kept_texts outbox;
    outbox.is_full = true;
    kept_in = &outbox;
    options.hurry = 1;
    start(endpoint(down.port()));
    hooks->on_event(happening());
    wait_for("failed", 1);
    drain(0s);
    BOOST_TEST(count("given_up") == 1);
}

BOOST_AUTO_TEST_CASE(the_oldest_message_that_is_dropped_is_kept_no_longer) {
    kept_texts outbox;
    kept_in = &outbox;
    options.queue_max = 2;
    scripted_server server(loopback, never_answer);
    make({endpoint(server.port())});
    for (int n = 0; n < 3; ++n)
        hooks->on_event(happening());
    drain(0s);
    BOOST_TEST(count("dropped") == 1);
    BOOST_TEST(outbox.texts().size() == 2U);
    BOOST_TEST(!outbox.texts().contains(1)); // the oldest
}

BOOST_AUTO_TEST_CASE(after_a_reload_what_waits_goes_where_its_endpoint_is_now) {
    scripted_server down(loopback, answer_with(http_reply(503, "{}")));
    scripted_server up(loopback, answer_with(http_reply(200, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    options.hurry = 1;
    start(endpoint(down.port()));
    hooks->on_event(happening());
    wait_for("failed", 1);
    hooks->prepare({endpoint(up.port())}, options)();
    hooks->on_event(happening(event_type::verified));
    wait_for("delivered", 2);
    drain();
    BOOST_TEST(outbox.texts().empty());
    auto ids = ids_of(up.notes());
    BOOST_TEST(ids.size() == 2U);
    BOOST_TEST(ids.contains(field_of(down.notes().at(0), "webhook-id")));
    BOOST_TEST(count("given_up") == 0);
}

BOOST_AUTO_TEST_CASE(what_a_changed_endpoint_leaves_to_one_that_is_gone_is_given_up) {
    scripted_server hanging(loopback, never_answer);
    scripted_server gone(loopback, answer_with(http_reply(410, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    options.hurry = 1;
    options.timeout = 1s;
    start(endpoint(hanging.port()));
    hooks->on_event(happening());
    eventually([&] { return hanging.notes().size() == 1U; });
    hooks->prepare({endpoint(gone.port())}, options)();
    hooks->on_event(happening(event_type::verified));
    wait_for("given_up", 2);
    eventually([&] { return outbox.texts().empty(); });
}

BOOST_AUTO_TEST_CASE(after_a_reload_without_its_endpoint_what_waits_is_given_up) {
    scripted_server down(loopback, answer_with(http_reply(503, "{}")));
    kept_texts outbox;
    kept_in = &outbox;
    options.hurry = 1;
    start(endpoint(down.port()));
    hooks->on_event(happening());
    wait_for("failed", 1);
    hooks->prepare({}, options)();
    BOOST_TEST(!hooks->wants(event_type::verified));
    wait_for("given_up", 1);
    drain();
    BOOST_TEST(outbox.texts().empty());
    wait_for_log("webhook_messages_left");
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_a_reload_leaves_alone_goes_on) {
    scripted_server server(loopback, never_answer);
    start(endpoint(server.port()));
    hooks->on_event(happening());
    eventually([&] { return server.notes().size() == 1U; });
    hooks->prepare({endpoint(server.port())}, options)();
    auto bad = endpoint(server.port());
    bad.ca_file = "/nowhere/authority.pem";
    BOOST_CHECK_THROW((void)hooks->prepare({bad}, options), std::exception);
    drain(0s);
    BOOST_TEST(server.notes().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_reload_trusts_the_authority_that_is_in_the_file_now) {
    auto const next = make_authority();
    identity const renewed(certificate_profile(), next);
    scripted_server server(renewed, answer_with(http_reply(200, "{}")));
    options.hurry = 1;
    auto receiver = endpoint(server.port());
    start(receiver);
    hooks->on_event(happening());
    wait_for("failed", 1);
    std::ofstream(trusted.path()) << next.certificate_pem();
    receiver.ca_digest = digest_of(next.certificate_pem());
    hooks->prepare({receiver}, options)();
    wait_for("delivered", 1);
}

// After a crash the end of a message may be reported again.
BOOST_AUTO_TEST_CASE(two_reports_of_one_end_have_one_id) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    start(endpoint(server.port()));
    for (auto const kind :
         {event_type::delivered, event_type::delivered, event_type::verified, event_type::verified})
        hooks->on_event(happening(kind));
    wait_for("delivered", 4);
    BOOST_TEST(ids_of(server.notes()).size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_message_is_delivered_once_and_signed) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    auto const receiver = endpoint(server.port());
    start(receiver);
    hooks->on_event(happening());
    wait_for("delivered", 1);
    drain();

    BOOST_REQUIRE(server.notes().size() == 1u);
    auto const request = server.notes().front();
    BOOST_TEST(request.starts_with("POST /hooks/otp?key=hidden HTTP/1.1\r\n"));
    BOOST_TEST(field_of(request, "Content-Type") == "application/json");
    auto const id = field_of(request, "webhook-id");
    auto const timestamp = number(field_of(request, "webhook-timestamp"));
    BOOST_TEST(id.starts_with("msg_"));
    BOOST_TEST(timestamp > 0);
    BOOST_TEST(field_of(request, "webhook-signature") ==
               webhook::sign(receiver.secrets, id, timestamp, body_of(request)));
    BOOST_TEST(body_of(request).starts_with(R"({"type":"verification.accepted","timestamp":")"));
    BOOST_TEST(body_of(request).find(accepted_id) != std::string::npos);
    BOOST_TEST(count("failed") == 0);
}

BOOST_AUTO_TEST_CASE(while_a_secret_is_replaced_there_are_two_signatures) {
    scripted_server server(loopback, answer_with(http_reply(204, "")));
    auto receiver = endpoint(server.port());
    receiver.secrets.emplace_back(std::string(24, 'n'));
    start(receiver);
    hooks->on_event(happening());
    wait_for("delivered", 1);

    auto const request = server.notes().at(0);
    auto const id = field_of(request, "webhook-id");
    auto const timestamp = number(field_of(request, "webhook-timestamp"));
    auto const first = webhook::sign({receiver.secrets.at(0)}, id, timestamp, body_of(request));
    auto const second = webhook::sign({receiver.secrets.at(1)}, id, timestamp, body_of(request));
    BOOST_TEST(field_of(request, "webhook-signature") == first + " " + second);
}

// The receiver can recognise a repeated message, however it failed before.
BOOST_AUTO_TEST_CASE(a_message_is_tried_again_with_the_same_id) {
    auto const play = [](scripted_server& server,
                         scripted_connection& connection) -> awaitable<void> {
        server.note(co_await connection.read_request());
        switch (connection.index()) {
        case 0:
            co_await connection.write(http_reply(500, "{}", "Connection: close\r\n"));
            co_return;
        case 1:
            connection.reset();
            co_return;
        case 2:
            co_await connection.hang();
            co_return;
        default:
            co_await connection.write(http_reply(200, "{}", "Connection: close\r\n"));
        }
    };
    scripted_server server(loopback, play);
    options.timeout = 2s;
    auto const receiver = endpoint(server.port());
    start(receiver);
    hooks->on_event(happening());
    wait_for("delivered", 1);
    drain();

    auto const requests = server.notes();
    BOOST_TEST(requests.size() >= 4u);
    BOOST_TEST(ids_of(requests).size() == 1u);
    for (auto const& request : requests) {
        BOOST_TEST(body_of(request) == body_of(requests.front()));
        BOOST_TEST(field_of(request, "webhook-signature") ==
                   webhook::sign(receiver.secrets, field_of(request, "webhook-id"),
                                 number(field_of(request, "webhook-timestamp")), body_of(request)));
    }
    BOOST_TEST(count("failed") >= 3);
    BOOST_TEST(count("delivered") == 1);
    BOOST_TEST(count("given_up") == 0);
}

BOOST_AUTO_TEST_CASE(a_message_is_not_tried_again_before_the_receiver_said) {
    for (auto const* after : {"Retry-After: 2", "Retry-After: Sun, 06 Nov 1994 08:49:39 GMT"}) {
        using clock_type = std::chrono::steady_clock;
        std::atomic<clock_type::time_point> first, second;
        auto const play = [&](scripted_server&, scripted_connection& peer) -> awaitable<void> {
            auto const request = co_await peer.read_request();
            bool const again = first.load() != clock_type::time_point();
            (again ? second : first) = clock_type::now();
            auto fields = "Connection: close\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" +
                          std::string(after) + "\r\n";
            auto reply = http_reply(again ? 200 : 503, "{}", fields);
            co_await peer.write(std::move(reply));
        };
        fixture one; // shortens pauses to milliseconds
        scripted_server server(one.loopback, play);
        one.start(one.endpoint(server.port()));
        one.hooks->on_event(happening());
        one.wait_for("delivered", 1);
        one.drain();
        BOOST_TEST((second.load() - first.load() >= 2s), after);
    }
}

BOOST_AUTO_TEST_CASE(a_message_is_given_up_after_eight_tries) {
    scripted_server server(loopback, answer_with(http_reply(500, "{}")));
    options.hurry = 1'000'000;
    start(endpoint(server.port()));
    hooks->on_event(happening());
    wait_for("given_up", 1);
    drain();
    BOOST_TEST(server.notes().size() == 8u);
    BOOST_TEST(count("failed") == 8);
}

// Nobody has allowed its target.
BOOST_AUTO_TEST_CASE(a_redirect_is_not_followed) {
    scripted_server elsewhere(loopback, answer_with(http_reply(200, "{}")));
    auto const to = "Location: https://localhost:" + std::to_string(elsewhere.port()) + "/\r\n";
    scripted_server server(loopback, answer_with(http_reply(307, "", to)));
    start(endpoint(server.port()));
    hooks->on_event(happening());
    wait_for("failed", 2);
    drain();
    BOOST_TEST(elsewhere.connections() == 0u);
    BOOST_TEST(count("delivered") == 0);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_is_gone_gets_no_more_messages) {
    scripted_server server(loopback, answer_with(http_reply(410, "{}")));
    start(endpoint(server.port()));
    hooks->on_event(happening());
    wait_for_log("webhook_endpoint_gone");
    for (int i = 0; i != 10; ++i)
        hooks->on_event(happening());
    drain();
    BOOST_TEST(server.notes().size() == 1u);
    BOOST_TEST(count("given_up") == 1);
}

// Four are being sent and six may wait. New messages displace the oldest waiting ones.
BOOST_AUTO_TEST_CASE(a_queue_is_bounded_when_the_endpoint_hangs) {
    scripted_server server(loopback, never_answer);
    options.queue_max = 10;
    start(endpoint(server.port()));
    for (int i = 0; i != 4; ++i)
        hooks->on_event(happening());
    eventually([&] { return server.notes().size() == 4; });
    for (int i = 0; i != 20; ++i)
        hooks->on_event(happening());
    wait_for("dropped", 14);
    drain(0s);
    BOOST_TEST(count("dropped") == 14);
    BOOST_TEST(server.notes().size() == 4u);
    wait_for("given_up", 10);
    wait_for_log("\"webhook_dropped\""); // the log is written in the background
    BOOST_TEST(logged("\"webhook_dropped\"") == 1u);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_hangs_holds_up_no_other) {
    scripted_server hanging(loopback, never_answer);
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    auto other = endpoint(hanging.port());
    other.name = "hangs";
    start({other, endpoint(server.port())});
    for (int i = 0; i != 10; ++i)
        hooks->on_event(happening());
    wait_for("delivered", 10);
    drain(0s);
    BOOST_TEST(ids_of(server.notes()).size() == 10u);
}

// One event has one id for all endpoints.
BOOST_AUTO_TEST_CASE(all_endpoints_get_the_same_messages) {
    scripted_server one(loopback, answer_with(http_reply(200, "{}")));
    scripted_server two(loopback, answer_with(http_reply(200, "{}")));
    auto other = endpoint(two.port());
    other.name = "other";
    start({endpoint(one.port()), other});
    hooks->on_event(happening());
    wait_for("delivered", 2);
    drain();
    BOOST_TEST(ids_of(one.notes()) == ids_of(two.notes()));
    BOOST_TEST(body_of(one.notes().at(0)) == body_of(two.notes().at(0)));
}

BOOST_AUTO_TEST_CASE(an_endpoint_gets_the_events_that_it_selects) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    auto receiver = endpoint(server.port());
    receiver.events = {"verification.verified"};
    receiver.client = "shop";
    start(receiver);
    auto others = happening(event_type::verified);
    others.client = "bank";
    hooks->on_event(others);
    hooks->on_event(happening(event_type::accepted));
    hooks->on_event(happening(event_type::wrong));
    hooks->on_event(happening(event_type::verified));
    wait_for("delivered", 1);
    drain();
    BOOST_REQUIRE(server.notes().size() == 1u);
    BOOST_TEST(body_of(server.notes().front()).starts_with(R"({"type":"verification.verified")"));
}

// Nothing handles the event, and the call returns nevertheless.
BOOST_AUTO_TEST_CASE(nobody_waits_for_a_webhook) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    make({endpoint(server.port())});
    for (int i = 0; i != 100; ++i)
        hooks->on_event(happening());
    BOOST_TEST(server.connections() == 0u);
    run();
    wait_for("delivered", 100);
    drain();
    BOOST_TEST(ids_of(server.notes()).size() == 100u);
    BOOST_TEST(server.connections_peak() <= 4u);
}

// The address that a name resolves to decides, not how the name looks.
BOOST_DATA_TEST_CASE(an_address_that_is_not_public_is_not_connected_to,
                     data::make(std::array{"localhost", "127.0.0.1"}), host) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    auto receiver = endpoint(server.port(), host);
    receiver.allow_private = false;
    start(receiver);
    hooks->on_event(happening());
    wait_for("failed", 2);
    wait_for_log("webhook_connect_failed");
    drain();
    BOOST_TEST(server.connections() == 0u);
    BOOST_TEST(count("delivered") == 0);
    BOOST_TEST(logged("\"webhook_connect_failed\"") == 1u); // not for every attempt
    BOOST_TEST(captured.text().find("Permission denied") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(clear_text_is_for_this_machine_only) {
    scripted_server server(answer_with(http_reply(200, "{}")));
    auto receiver = endpoint(server.port());
    receiver.url = "http://127.0.0.1:" + std::to_string(server.port());
    start(receiver);
    hooks->on_event(happening());
    wait_for("delivered", 1);
    BOOST_TEST(server.notes().at(0).starts_with("POST / HTTP/1.1\r\n"));
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_prove_its_identity_gets_no_message) {
    identity const stranger(certificate_profile(), make_authority());
    scripted_server server(stranger, answer_with(http_reply(200, "{}")));
    start(endpoint(server.port()));
    hooks->on_event(happening());
    wait_for("failed", 1);
    drain();
    BOOST_TEST(server.notes().empty());
}

BOOST_AUTO_TEST_CASE(a_drain_sends_what_is_due) {
    scripted_server server(loopback, answer_with(http_reply(200, "{}")));
    start(endpoint(server.port()));
    for (int i = 0; i != 20; ++i)
        hooks->on_event(happening());
    drain();
    BOOST_TEST(ids_of(server.notes()).size() == 20u);
    hooks->on_event(happening());
    BOOST_TEST(count("delivered") == 20);
}

// A restart does not wait for six hours.
BOOST_AUTO_TEST_CASE(a_drain_gives_up_what_waits_to_be_tried_again) {
    scripted_server server(loopback, answer_with(http_reply(500, "{}")));
    options.hurry = 1;
    start(endpoint(server.port()));
    hooks->on_event(happening());
    wait_for("failed", 1);
    drain();
    BOOST_TEST(server.notes().size() == 1u);
    BOOST_TEST(count("given_up") == 1);
}

BOOST_AUTO_TEST_CASE(a_drain_ends_though_the_endpoint_hangs) {
    scripted_server server(loopback, never_answer);
    start(endpoint(server.port()));
    for (int i = 0; i != 10; ++i)
        hooks->on_event(happening());
    eventually([&] { return server.notes().size() == 4; });
    drain(1ms);
    wait_for("given_up", 10);
}

BOOST_AUTO_TEST_CASE(the_log_holds_no_query_no_secret_and_no_payload) {
    scripted_server server(loopback, answer_with(http_reply(500, "{}")));
    options.hurry = 1'000'000;
    start(endpoint(server.port()));
    hooks->on_event(happening());
    wait_for("given_up", 1);
    wait_for_log("\"webhook_given_up\"");
    auto const text = captured.text();
    BOOST_TEST(text.find("webhook_failing") != std::string::npos);
    for (std::string const hidden : {"hidden", "kkkk", "v1,", "verification-of-this-test"})
        BOOST_TEST(text.find(hidden) == std::string::npos, hidden << " was logged");
}

BOOST_AUTO_TEST_CASE(endpoints_are_validated_before_the_start) {
    auto clear = endpoint(1);
    clear.url = "http://example.org/";
    BOOST_CHECK_THROW(make({clear}), std::invalid_argument);
    auto undecoded = endpoint(1);
    undecoded.secrets = {secret_string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
    BOOST_CHECK_THROW(make({undecoded}), std::invalid_argument);
    auto without = endpoint(1);
    without.secrets.clear();
    BOOST_CHECK_THROW(make({without}), std::invalid_argument);
    auto unknown = endpoint(1);
    unknown.ca_file = "/nowhere/ca.pem";
    BOOST_CHECK_THROW(make({unknown}), boost::system::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
