#pragma once

#include "otpd/bridgexapi/client.hpp"
#include "otpd/core/random.hpp"
#include "support/certificates.hpp"
#include "support/coroutines.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_file.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace otpd::test {

/// Records what the client reports.
class recording_observer final : public bridgexapi::client_observer {
public:
    void call_ended(bridgexapi::call_report const& report) override {
        std::lock_guard const lock(mutex_);
        calls_.push_back(report);
    }
    void connected(bool) override {}
    void stopped_reusing(std::chrono::milliseconds) override { ++stopped_reusing_; }
    void connect_failed(bridgexapi::reason why, std::string const& error) override {
        std::lock_guard const lock(mutex_);
        failures_.emplace_back(std::string(to_string(why)) + ": " + error);
    }
    [[nodiscard]] std::vector<bridgexapi::call_report> calls() const {
        std::lock_guard const lock(mutex_);
        return calls_;
    }
    [[nodiscard]] std::vector<std::string> failures() const {
        std::lock_guard const lock(mutex_);
        return failures_;
    }

    [[nodiscard]] int stopped_reusing() const noexcept { return stopped_reusing_; }

private:
    std::atomic<int> stopped_reusing_ = 0;
    mutable std::mutex mutex_;
    std::vector<bridgexapi::call_report> calls_;
    std::vector<std::string> failures_;
};

/// An authority, its valid certificate for 127.0.0.1, and clients that trust the authority.
struct client_fixture {
    static constexpr std::chrono::seconds plenty{30};

    client_fixture() = default;
    client_fixture(client_fixture const&) = delete;
    client_fixture& operator=(client_fixture const&) = delete;
    /// After its clients are drained, no work may be left.
    ~client_fixture() {
        context.restart();
        context.run_for(hang_limit);
        BOOST_TEST(context.stopped(), "the context did not run dry");
    }

    [[nodiscard]] bridgexapi::client_options options(std::uint16_t port,
                                                     std::string host = "127.0.0.1") const {
        bridgexapi::client_options result;
        result.base_url = "https://" + host + ":" + std::to_string(port);
        result.api_key = secret_string("test-key");
        result.ca_file = trusted.path();
        result.timeout = plenty;
        result.connect_timeout = plenty;
        return result;
    }
    [[nodiscard]] bridgexapi::client_options plain_options(std::uint16_t port) const {
        auto result = options(port);
        result.base_url = "http://127.0.0.1:" + std::to_string(port) + "/";
        return result;
    }
    /// The n-th message of a test, each to its own number.
    static bridgexapi::sms message(std::size_t n = 0) {
        auto to = phone_number::parse(std::to_string(31600000000 + n));
        return bridgexapi::sms{3, "BRIDGEXAPI", *to,
                               secret_string("Your verification code is 123456.")};
    }
    static std::string accepted_body() {
        return R"({"status":"success","message":"SMS batch accepted via route 3","order_id":22953,)"
               R"("route_id":3,"count":1,"messages":[{"bx_message_id":"BX-22953-c5f4f53431ed22c2",)"
               R"("msisdn":"31612345678","status":"QUEUED"}],"cost":0.087,"balance_after":158.46})";
    }

    bridgexapi::send_outcome send(bridgexapi::client& to, std::size_t n = 0,
                                  deadline until = deadline::in(plenty)) {
        return run(context, to.send_sms(message(n), until));
    }
    void drain(bridgexapi::client& which) { run(context, which.drain(deadline::in(plenty))); }

    identity authority = make_authority();
    identity server_identity{certificate_profile(), authority};
    temporary_file trusted{authority.certificate_pem()};
    openssl_random random;
    recording_observer observer;
    boost::asio::io_context context;
};

/// Returns `accepted`, or the outcome and its reason: `unknown connection_lost`.
inline std::string describe(bridgexapi::send_outcome const& outcome) {
    struct {
        std::string operator()(bridgexapi::accepted const&) const { return "accepted"; }
        std::string operator()(bridgexapi::rejected const& o) const {
            return "rejected " + std::string(to_string(o.why));
        }
        std::string operator()(bridgexapi::not_sent const& o) const {
            return "not_sent " + std::string(to_string(o.why));
        }
        std::string operator()(bridgexapi::unknown const& o) const {
            return "unknown " + std::string(to_string(o.why));
        }
    } const words;
    return std::visit(words, outcome);
}

/// Records each request on a connection and answers it with `reply`.
inline scripted_server::script answer_with(std::string reply) {
    return [reply](scripted_server& server,
                   scripted_connection& peer) -> boost::asio::awaitable<void> {
        for (;;) {
            auto request = co_await peer.read_request();
            if (request.empty()) co_return;
            server.note(std::move(request));
            co_await peer.write(reply);
        }
    };
}
inline scripted_server::script accept_every_send() {
    return answer_with(http_reply(200, client_fixture::accepted_body()));
}
/// Reads and records the input and never answers.
inline boost::asio::awaitable<void> swallow(scripted_server& server, scripted_connection& peer) {
    auto bytes = co_await peer.read_some();
    if (!bytes.empty()) server.note(std::move(bytes));
    co_await peer.hang();
}

/// Counts how often each number occurs in the recorded requests.
inline std::map<std::string, int> count_numbers(std::vector<std::string> const& requests) {
    std::map<std::string, int> result;
    for (auto const& request : requests) {
        auto const at = request.find("\"numbers\":[\"");
        if (at != std::string::npos) ++result[request.substr(at + 12, 11)];
    }
    return result;
}

} // namespace otpd::test
