// What deploy/haproxy.cfg guarantees, whatever the instances behind it do: no request reaches an
// instance twice, clients cannot forge their address, and HAProxy's own errors look like the
// service's.

#include "support/free_port.hpp"
#include "support/haproxy_process.hpp"
#include "support/http_client.hpp"
#include "support/scripted_server.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <atomic>
#include <deque>
#include <functional>
#include <string>

using namespace otpd::test;
namespace asio = boost::asio;

namespace {

/// What an instance does with a POST. Returns false if it is done with the connection.
using behaviour = std::function<asio::awaitable<bool>(scripted_connection&)>;

/// An instance that records every request except health checks. Health checks get 200 while it is
/// ready, and any other GET always. It keeps its connections as long as the other side does.
class fake_instance {
public:
    explicit fake_instance(behaviour act) : act_(std::move(act)) {}

    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    [[nodiscard]] std::vector<std::string> requests() const { return server_.notes(); }
    /// Counts of connections that have carried a request: all, and those still open.
    [[nodiscard]] int used_connections() const { return used_connections_; }
    [[nodiscard]] int open_connections() const { return open_connections_; }
    void set_ready(bool ready) { ready_ = ready; }

private:
    asio::awaitable<void> serve(scripted_server& server, scripted_connection& peer) {
        bool used = false;
        for (bool more = true; more;) {
            auto request = co_await peer.read_request();
            if (request.empty()) break;
            bool const check = request.starts_with("GET /readyz");
            bool const get = request.starts_with("GET");
            if (!check) {
                server.note(std::move(request));
                used_connections_ += !used;
                open_connections_ += !used;
                used = true;
            }
            if (get) {
                auto reply = http_reply(check && !ready_ ? 503 : 200, "{}");
                more = co_await peer.write(std::move(reply));
            } else {
                more = co_await act_(peer);
            }
        }
        open_connections_ -= used;
    }

    behaviour act_;
    std::atomic<bool> ready_ = true;
    std::atomic<int> used_connections_ = 0;
    std::atomic<int> open_connections_ = 0;
    scripted_server server_{
        [this](scripted_server& server, scripted_connection& peer) { return serve(server, peer); }};
};

behaviour answer(unsigned status) {
    return [status](scripted_connection& peer) -> asio::awaitable<bool> {
        auto reply = http_reply(status, R"({"code":"of_the_instance"})");
        bool const written = co_await peer.write(std::move(reply));
        co_return written;
    };
}
asio::awaitable<bool> close_without_a_word(scripted_connection& peer) {
    peer.close();
    co_return false;
}
asio::awaitable<bool> reset(scripted_connection& peer) {
    peer.reset();
    co_return false;
}
asio::awaitable<bool> break_off_in_the_header(scripted_connection& peer) {
    std::string part = "HTTP/1.1 200 O";
    co_await peer.write(std::move(part));
    co_return false;
}

/// Raises the limit to its maximum.
void allow_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

http_request a_send() {
    return post("/send-otp", {{"phone_number", "31612345678"}});
}

std::size_t count_of(std::string const& text, std::string const& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

/// Opens silent connections from one loopback address. Returns those that are accepted.
void open_silent(std::deque<raw_client>& silent, std::size_t count, char const* source,
                 std::uint16_t port) {
    for (std::size_t i = 0; i < count; ++i) {
        try {
            silent.emplace_back(port, 0, source);
        } catch (std::runtime_error const&) {
            continue; // reset before it was connected
        }
    }
}

raw_reply ask_from(char const* source, std::uint16_t port) {
    raw_client client(port, 0, source);
    client.send(a_send().text());
    return client.read_reply().value_or(raw_reply{}); // closed without an answer
}

} // namespace

BOOST_AUTO_TEST_SUITE(balancer)

// An SMS may be in flight, or a guess counted. So no request is repeated once it has been sent, and
// the client gets the instance's answer.
BOOST_AUTO_TEST_CASE(a_request_that_was_answered_badly_is_not_repeated) {
    for (unsigned const status : {429U, 500U, 502U, 503U, 504U}) {
        BOOST_TEST_CONTEXT("an instance that answers " << status) {
            fake_instance const first(answer(status));
            fake_instance const second(answer(status));
            haproxy_process const haproxy(HAPROXY_CONFIG, {first.port(), second.port()});
            http_client client(haproxy.port());
            for (std::size_t i = 1; i <= 4; ++i) {
                auto const reply = client.ask(a_send());
                BOOST_TEST(reply.status == status);
                BOOST_TEST(object_of(reply).at("code").as_string() == "of_the_instance");
                BOOST_TEST(first.requests().size() + second.requests().size() == i);
            }
        }
    }
}

// The same without an answer: 502. On a connection that has carried a request before, HAProxy 2.6
// closes it and 3.0 answers 502 there as well.
BOOST_AUTO_TEST_CASE(a_request_that_was_not_answered_is_not_repeated) {
    struct a_case {
        char const* name;
        behaviour act;
    };
    a_case const cases[] = {{"closes", close_without_a_word},
                            {"resets", reset},
                            {"breaks off", break_off_in_the_header}};
    for (auto const& entry : cases) {
        BOOST_TEST_CONTEXT("an instance that " << entry.name) {
            fake_instance const first(entry.act);
            fake_instance const second(entry.act);
            haproxy_process const haproxy(HAPROXY_CONFIG, {first.port(), second.port()});
            auto const reply = http_client(haproxy.port()).ask(a_send());
            BOOST_TEST(reply.status == 502U);
            BOOST_TEST(object_of(reply).at("code").as_string() == "instance_lost");
            BOOST_TEST(first.requests().size() + second.requests().size() == 1U);

            raw_client used(haproxy.port());
            used.send(get("/health").text());
            BOOST_TEST(used.read_reply().value().status == 200U);
            used.send(a_send().text());
            auto const lost = used.read_reply();
            BOOST_TEST((!lost || lost->status == 502U));
            BOOST_TEST(first.requests().size() + second.requests().size() == 3U);
        }
    }
}

// A failed connect has carried nothing, so the next instance gets the request, even before a health
// check notices.
BOOST_AUTO_TEST_CASE(an_instance_that_cannot_be_reached_costs_no_request) {
    fake_instance const alive(answer(200));
    reserved_port const dead;
    haproxy_process const haproxy(HAPROXY_CONFIG, {dead.number(), alive.port()});
    http_client client(haproxy.port());
    constexpr std::size_t count = 40;
    for (std::size_t i = 0; i < count; ++i)
        BOOST_TEST(client.ask(a_send()).status == 200);
    BOOST_TEST(alive.requests().size() == count);
    haproxy.wait_for_state(1, "DOWN");
    BOOST_TEST(haproxy.state_of(2).starts_with("UP"));
}

// A connection per request would cost more than the request.
BOOST_AUTO_TEST_CASE(requests_of_all_clients_share_kept_connections) {
    fake_instance const instance(answer(200));
    haproxy_process const haproxy(HAPROXY_CONFIG, {instance.port()});
    constexpr int count = 200;
    for (int i = 0; i < count; ++i)
        BOOST_TEST(http_client(haproxy.port()).ask(a_send()).status == 200);
    BOOST_TEST(instance.requests().size() == count);
    BOOST_TEST(instance.used_connections() < count / 2);
}

// The balancer closes idle connections before the instance does; otherwise a request could meet the
// close.
BOOST_AUTO_TEST_CASE(the_balancer_lets_go_of_idle_connections) {
    constexpr int count = 8;
    std::atomic<int> waiting = 0;
    fake_instance const instance([&](scripted_connection& peer) -> asio::awaitable<bool> {
        for (++waiting; waiting < count;) // all at once, so that each has its own connection
            co_await peer.pause(std::chrono::milliseconds(1));
        auto reply = http_reply(200, "{}");
        bool const written = co_await peer.write(std::move(reply));
        co_return written;
    });
    haproxy_process const haproxy(HAPROXY_CONFIG, {instance.port()});
    std::vector<http_request> const sends(count, a_send());
    for (auto const& reply : ask_in_parallel(haproxy.port(), sends, count))
        BOOST_TEST(reply.status == 200U);
    BOOST_TEST(instance.used_connections() == count);
    eventually([&] { return instance.open_connections() == 0; });
}

BOOST_AUTO_TEST_CASE(an_address_that_floods_gets_429_and_others_are_served) {
    allow_descriptors();
    fake_instance const instance(answer(200));
    haproxy_process const haproxy(HAPROXY_CONFIG, {instance.port()});
    std::deque<raw_client> silent;
    open_silent(silent, 1000, "127.0.0.2", haproxy.port());
    raw_reply refused;
    eventually([&] {
        refused = ask_from("127.0.0.2", haproxy.port());
        return refused.status == 429U;
    });
    BOOST_TEST(object_of(refused).at("code").as_string() == "too_many_connections");
    BOOST_TEST(std::stol(refused.field("Retry-After")) >= 1);
    open_silent(silent, 510, "127.0.0.2", haproxy.port());
    eventually([&] { return haproxy.denied_connections() > 0; });
    BOOST_TEST(ask_from("127.0.0.3", haproxy.port()).status == 200U);
    silent.clear();
    eventually([&] { return ask_from("127.0.0.2", haproxy.port()).status == 200U; });
}

BOOST_AUTO_TEST_CASE(a_flood_from_several_addresses_does_not_keep_others_out) {
    allow_descriptors();
    fake_instance const instance(answer(200));
    haproxy_process const haproxy(HAPROXY_CONFIG, {instance.port()});
    std::deque<raw_client> silent;
    for (auto const* source :
         {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"})
        open_silent(silent, 1400, source, haproxy.port());
    eventually([&] { return haproxy.denied_connections() > 0; });
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(ask_from("127.0.0.8", haproxy.port()).status == 200U);
}

// Only the balancer determines the client's address.
BOOST_AUTO_TEST_CASE(clients_cannot_say_who_they_are) {
    fake_instance const instance(answer(200));
    haproxy_process const haproxy(HAPROXY_CONFIG, {instance.port()});
    auto const forged = a_send()
                            .with("X-Forwarded-For", "203.0.113.7")
                            .with("x-forwarded-for", "203.0.113.8, 203.0.113.9")
                            .with("Forwarded", "for=203.0.113.10")
                            .with("X-Real-IP", "203.0.113.11");
    BOOST_TEST(http_client(haproxy.port()).ask(forged).status == 200);
    BOOST_REQUIRE(instance.requests().size() == 1U);
    auto const seen = instance.requests().front();
    BOOST_TEST(seen.find("203.0.113.") == std::string::npos, seen);
    BOOST_TEST(count_of(seen, "\r\nx-forwarded-for: 127.0.0.1\r\n") == 1U, seen);
    BOOST_TEST(count_of(seen, "orwarded") == 1U, seen);
}

// A slow client occupies no instance: a request is forwarded once it is complete.
BOOST_AUTO_TEST_CASE(half_a_request_reaches_no_instance) {
    fake_instance const instance(answer(200));
    haproxy_process const haproxy(HAPROXY_CONFIG, {instance.port()});
    auto const text = a_send().text();
    raw_client slow(haproxy.port());
    slow.send(text.substr(0, text.size() - 5));
    BOOST_TEST(http_client(haproxy.port()).ask(get("/health")).status == 200); // overtakes it
    BOOST_TEST(instance.requests().size() == 1U);
    slow.send(text.substr(text.size() - 5));
    BOOST_TEST(slow.read_reply().value().status == 200U);
    BOOST_TEST(instance.requests().size() == 2U);
}

// An instance gets no requests while it reports that it is not ready, and gets them again
// afterwards.
BOOST_AUTO_TEST_CASE(an_instance_that_is_not_ready_gets_no_requests) {
    fake_instance first(answer(200));
    fake_instance const second(answer(200));
    haproxy_process const haproxy(HAPROXY_CONFIG, {first.port(), second.port()});
    http_client client(haproxy.port());
    first.set_ready(false);
    haproxy.wait_for_state(1, "DOWN");
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(client.ask(a_send()).status == 200);
    BOOST_TEST(first.requests().size() == 0U);
    BOOST_TEST(second.requests().size() == 10U);
    first.set_ready(true);
    haproxy.wait_for_state(1, "UP");
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(client.ask(a_send()).status == 200);
    BOOST_TEST(first.requests().size() == 5U);
    BOOST_TEST(second.requests().size() == 15U);
}

// If no instance is ready, they still answer themselves, because their error is more precise than
// HAProxy's.
BOOST_AUTO_TEST_CASE(when_none_is_ready_they_answer_for_themselves) {
    fake_instance first(answer(503));
    fake_instance second(answer(503));
    haproxy_process const haproxy(HAPROXY_CONFIG, {first.port(), second.port()});
    first.set_ready(false);
    second.set_ready(false);
    haproxy.wait_for_state(1, "DOWN");
    haproxy.wait_for_state(2, "DOWN");
    http_client client(haproxy.port());
    for (int i = 0; i < 4; ++i) {
        auto const reply = client.ask(a_send());
        BOOST_TEST(reply.status == 503U);
        BOOST_TEST(object_of(reply).at("code").as_string() == "of_the_instance");
    }
    BOOST_TEST(first.requests().size() == 2U);
    BOOST_TEST(second.requests().size() == 2U);
}

// An RFC 9457 problem with a `code`, like every other error of the service.
BOOST_AUTO_TEST_CASE(what_haproxy_says_itself_is_a_problem) {
    reserved_port const dead;
    reserved_port const dead_too;
    haproxy_process const haproxy(HAPROXY_CONFIG, {dead.number(), dead_too.number()});
    auto const reply = http_client(haproxy.port()).ask(a_send());
    BOOST_TEST(reply.status == 503U);
    BOOST_TEST(reply.field("Content-Type") == "application/problem+json");
    BOOST_TEST(reply.field("Cache-Control") == "no-store");
    BOOST_TEST(std::stol(reply.field("Retry-After")) >= 1);
    auto const problem = object_of(reply);
    BOOST_TEST(problem.at("status").to_number<unsigned>() == 503U);
    BOOST_TEST(problem.at("code").as_string() == "no_instance");
    for (auto const* const name : {"type", "title", "detail"})
        BOOST_TEST(!problem.at(name).as_string().empty());
}

BOOST_AUTO_TEST_SUITE_END()
