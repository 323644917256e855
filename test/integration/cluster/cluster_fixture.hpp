#pragma once

/// Three instances as deployed: one store, the stub, and HAProxy with deploy/haproxy.cfg in front.

#include "cluster_store.hpp"
#include "support/haproxy_process.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <thread>

namespace otpd::test {

/// A client's view of one number: one send, and one check if the send was answered with 200.
struct outcome {
    std::string number;
    unsigned sent = 0;                           ///< status; 0: the connection was closed instead
    std::string code;                            ///< if sent is 200
    unsigned verified = 0;                       ///< status; 0: not requested, or closed
    std::string problem;                         ///< the last answer other than 200
    std::chrono::steady_clock::time_point asked; ///< when the last request was made
};

class cluster_fixture {
public:
    static constexpr std::size_t size = 3;
    /// For every client: behind a balancer otpd requires a token and shows no codes.
    static constexpr char const* authorization = "Bearer token-5e0b7a-of-the-cluster-clients";

    explicit cluster_fixture(std::unique_ptr<cluster_store> shared, environment more = {})
        : store(std::move(shared)), more_(std::move(more)) {
        for (std::size_t i = 0; i < size; ++i)
            start(i);
        balancer = std::make_unique<haproxy_process>(
            HAPROXY_CONFIG,
            std::vector{instances[0]->port(), instances[1]->port(), instances[2]->port()});
        wait_until_all_are("UP");
    }
    /// Everything must end cleanly and without complaints. The balancer ends first, because the
    /// instances would wait for its kept connections.
    ~cluster_fixture() {
        balancer.reset();
        for (auto& instance : instances)
            instance->process().signal(SIGTERM);
        for (auto& instance : instances) {
            BOOST_TEST(instance->process().wait() == 0);
            BOOST_TEST(instance->process().errors() == "");
        }
        stub.process().signal(SIGTERM);
        BOOST_TEST(stub.process().wait() == 0);
    }
    cluster_fixture(cluster_fixture const&) = delete;
    cluster_fixture& operator=(cluster_fixture const&) = delete;

    [[nodiscard]] std::uint16_t port() const { return balancer->port(); }
    raw_reply ask(http_request const& request) { return http_client(port()).ask(request); }

    std::string fresh_number() { return std::to_string(31612000000ULL + ++numbers_); }
    static http_request send_request(std::string const& number) {
        return service_fixture::send_request(number).with("Authorization", authorization);
    }
    static http_request verify_request(std::string const& number, std::string const& code) {
        return service_fixture::verify_request(number, code).with("Authorization", authorization);
    }
    /// Sends a code through the balancer, which must work, and returns it.
    std::string sent_code(std::string const& number) { return sent_code(number, port()); }
    std::string sent_code(std::string const& number, std::uint16_t through) {
        auto const reply = http_client(through).ask(send_request(number));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        return stub.code_sent_to(number);
    }

    /// How many lines with `event` each instance has logged.
    [[nodiscard]] std::array<std::size_t, size> count(std::string_view event) const {
        std::array<std::size_t, size> counts{};
        for (std::size_t i = 0; i < size; ++i)
            counts[i] = instances[i]->events(event).size();
        return counts;
    }
    std::size_t sms() { return stub.stats().at("sms_accepted").to_number<std::size_t>(); }
    /// Waits until the stub has accepted `more` messages than now.
    void wait_for_more_sms(std::size_t more) {
        auto const goal = sms() + more;
        eventually([&] { return sms() >= goal; });
    }

    /// As seen by the balancer.
    void wait_until_all_are(std::string const& state) const {
        for (std::size_t i = 0; i < size; ++i)
            balancer->wait_for_state(i + 1, state);
    }

    /// Starts an instance, or restarts one at its address.
    void start(std::size_t index) {
        auto of_one = settings();
        of_one["OTPD_SERVER_LISTEN"] = "127.0.0.1:" + std::to_string(ports[index].number());
        instances[index] = std::make_unique<otpd_process>(OTPD_PROGRAM, of_one);
    }

    stub_process stub{STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}}};
    std::unique_ptr<cluster_store> const store;
    std::array<reserved_port, size> ports;
    std::array<std::unique_ptr<otpd_process>, size> instances;
    std::unique_ptr<haproxy_process> balancer;

private:
    /// The store's timeout suits a slow machine. There is no drain delay, because every test would
    /// wait for it; tests of the drain set one.
    environment settings() const {
        return more_ | store->settings() |
               environment{{"OTPD_STORE_TIMEOUT_MS", "5000"},
                           {"OTP_HMAC_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"},
                           {"API_AUTH_TOKEN", std::string(authorization).substr(7)},
                           {"DEBUG_OTP", "false"},
                           {"OTPD_SERVER_DRAIN_DELAY_MS", "0"},
                           {"OTPD_SERVER_DRAIN_QUIET_MS", "2000"},
                           {"OTPD_SERVER_TRUSTED_PROXIES", "127.0.0.1"},
                           {"OTPD_SERVER_THREADS", "2"}} |
               service_fixture::upstream_at(stub.url());
    }

    environment more_; ///< settings
    unsigned long long numbers_ = 0;
};

/// Clients that send and verify without pause until they are stopped.
class load {
public:
    static constexpr std::size_t clients = 8;

    /// After each check a client pauses for up to `rest_max`, varying from time to time.
    explicit load(cluster_fixture& cluster, std::chrono::milliseconds rest_max = {})
        : rest_max_(rest_max) {
        for (std::size_t i = 0; i < clients; ++i)
            running_.push_back(std::async(std::launch::async, [this, &cluster, i] {
                return run(cluster, 31630000000ULL + 1'000'000ULL * i); // Dutch mobile numbers
            }));
    }
    ~load() { stopping_ = true; }
    load(load const&) = delete;
    load& operator=(load const&) = delete;

    std::vector<outcome> stop() {
        stopping_ = true;
        std::vector<outcome> all;
        for (auto& entry : running_)
            std::ranges::move(entry.get(), std::back_inserter(all));
        return all;
    }

private:
    std::vector<outcome> run(cluster_fixture& cluster, unsigned long long number) const {
        std::vector<outcome> seen;
        auto client = std::make_unique<http_client>(cluster.port());
        outcome one;
        auto const status_of = [&](http_request const& request) -> unsigned {
            try {
                auto const reply = client->ask(request);
                if (reply.status != 200) one.problem = reply.body;
                return reply.status;
            } catch (std::runtime_error const&) {
                client = std::make_unique<http_client>(cluster.port());
                return 0;
            }
        };
        while (!stopping_) {
            one = {};
            one.number = std::to_string(++number);
            one.asked = std::chrono::steady_clock::now();
            one.sent = status_of(cluster_fixture::send_request(one.number));
            if (one.sent == 200) {
                one.code = cluster.stub.code_sent_to(one.number);
                one.asked = std::chrono::steady_clock::now();
                one.verified = status_of(cluster_fixture::verify_request(one.number, one.code));
            }
            seen.push_back(one);
            if (rest_max_.count() > 0) std::this_thread::sleep_for(rest_max_ * (number % 17) / 16);
        }
        return seen;
    }

    std::chrono::milliseconds rest_max_;
    std::atomic<bool> stopping_ = false;
    std::vector<std::future<std::vector<outcome>>> running_;
};

/// Requests without side effects, without pause until they are stopped.
class storm {
public:
    explicit storm(std::uint16_t port) {
        for (std::size_t i = 0; i < clients; ++i)
            running_.push_back(std::async(std::launch::async, [this, port] { run(port); }));
    }
    ~storm() { stopping_ = true; }
    storm(storm const&) = delete;
    storm& operator=(storm const&) = delete;

    /// Returns how many were not answered with 200.
    std::size_t stop() {
        stopping_ = true;
        for (auto& entry : running_)
            entry.get();
        return failed_;
    }

private:
    static constexpr std::size_t clients = 24;

    void run(std::uint16_t port) {
        auto client = std::make_unique<http_client>(port);
        while (!stopping_) {
            try {
                if (client->ask(get("/livez")).status != 200) ++failed_;
            } catch (std::runtime_error const&) {
                ++failed_;
                client = std::make_unique<http_client>(port);
            }
        }
    }

    std::atomic<bool> stopping_ = false;
    std::atomic<std::size_t> failed_ = 0;
    std::vector<std::future<void>> running_;
};

} // namespace otpd::test
