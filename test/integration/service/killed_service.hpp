#pragma once

/// The service is killed under load again and again, on a store that outlives it. Everything that a
/// client was answered holds afterwards, and no number gets a second SMS.

#include "eventually.hpp"
#include "service_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <random>
#include <thread>

namespace otpd::test {

/// What a client knows of one number from its answers.
struct acknowledged {
    std::string code;                ///< of the send; empty if that was not answered
    int attempts_left = 5;           ///< as last answered
    bool guess_unanswered = false;   ///< a guess was not answered, and may or may not have been
                                     ///  counted
    bool used = false;               ///< the right code was answered with 200
    bool use_unanswered = false;     ///< the right code was sent
    std::vector<std::string> faults; ///< unexpected answers
};
using knowledge = std::map<std::string, acknowledged>;

inline void expect_status(acknowledged& of, raw_reply const& reply, unsigned status) {
    if (reply.status != status)
        of.faults.push_back(std::to_string(reply.status) + ": " + reply.body);
}

/// What is killed, under load at a random moment.
enum class victim : std::uint8_t { service, store };

/// For one number after the other, sends, guesses wrongly up to twice, and uses every second code,
/// until the service is gone or reports that its store is.
inline knowledge work_until_killed(std::uint16_t port, unsigned long long first_number, victim who,
                                   std::atomic<bool>& has_sent) {
    knowledge known;
    try {
        http_client client(port);
        auto ask = [&](http_request const& request) {
            auto reply = client.ask(request);
            if (who == victim::store && reply.status == 503)
                throw std::runtime_error("no answer of the store: done or not");
            return reply;
        };
        for (unsigned long long n = 0;; ++n) {
            auto const number = std::to_string(first_number + n);
            auto& state = known[number];
            auto const sent = ask(service_fixture::send_request(number));
            expect_status(state, sent, 200);
            if (sent.status != 200) continue;
            state.code = std::string(object_of(sent).at("debug_code").as_string());
            has_sent = true;
            for (unsigned long long guess = 0; guess < n % 3; ++guess) {
                state.guess_unanswered = true;
                auto const reply =
                    ask(service_fixture::verify_request(number, wrong_code(state.code)));
                state.guess_unanswered = false;
                expect_status(state, reply, 400);
                if (reply.status == 400)
                    state.attempts_left = object_of(reply).at("attempts_left").to_number<int>();
            }
            if (n % 2 == 0) continue;
            state.use_unanswered = true;
            auto const used = ask(service_fixture::verify_request(number, state.code));
            state.use_unanswered = false;
            expect_status(state, used, 200);
            state.used = used.status == 200;
        }
    } catch (std::exception const&) {
        return known; // the connection broke: the last request has no answer
    }
}

class killed_service {
public:
    /// `store`: settings that name a store which outlives the service.
    explicit killed_service(environment store)
        : settings_(std::move(store) | service_fixture::upstream_at(stub_.url())) {}

    /// Clients work, the service is killed at a random moment, and the next one is checked against
    /// everything that the first has answered. Repeats this `kills` times.
    void kill_and_check(std::size_t kills) {
        for (unsigned round = 0; round < kills; ++round) {
            auto working = work_and_kill(round);
            auto const killed = std::chrono::steady_clock::now();
            otpd_process otpd(OTPD_PROGRAM, settings_);
            check_all(otpd, round, working, killed);
        }
        check_that_there_was_something_to_lose(kills);
    }
    /// The same, but kills the server of the store.
    template <class Server>
    void kill_and_check(Server& server, std::size_t kills) {
        for (unsigned round = 0; round < kills; ++round) {
            otpd_process otpd(OTPD_PROGRAM, settings_);
            auto working = work(otpd, round, victim::store);
            server.kill();
            for (auto const& entry : working)
                entry.wait();
            auto const killed = std::chrono::steady_clock::now();
            server.start();
            check_all(otpd, round, working, killed);
        }
        check_that_there_was_something_to_lose(kills);
    }

private:
    static constexpr unsigned clients = 8;
    using workers = std::vector<std::future<knowledge>>;

    /// For a random time, once there is something to lose.
    workers work(otpd_process const& with, unsigned round, victim who) {
        workers working;
        has_sent_ = false;
        for (unsigned c = 0; c < clients; ++c)
            working.push_back(std::async(std::launch::async, work_until_killed, with.port(),
                                         31'612'000'000ULL + 100'000ULL * c + 1'000ULL * round, who,
                                         std::ref(has_sent_)));
        eventually([&] { return has_sent_.load(); });
        std::this_thread::sleep_for(std::chrono::milliseconds(20 + random_() % 200));
        return working;
    }
    workers work_and_kill(unsigned round) {
        otpd_process otpd(OTPD_PROGRAM, settings_);
        auto working = work(otpd, round, victim::service);
        otpd.process().signal(SIGKILL);
        BOOST_TEST(otpd.process().wait() == 128 + SIGKILL);
        return working;
    }

    void check_all(otpd_process& otpd, unsigned round, workers& working,
                   std::chrono::steady_clock::time_point killed) {
        http_client client(otpd.port());
        eventually([&] { return client.ask(get("/readyz")).status == 200; });
        slowest_start_ = std::max(slowest_start_, std::chrono::steady_clock::now() - killed);
        for (auto& entry : working)
            for (auto const& [number, known] : entry.get())
                BOOST_TEST_CONTEXT("round " << round << ", number " << number) {
                    check_kept(client, number, known);
                    note(known);
                }
        BOOST_TEST(otpd.stop() == 0);
        BOOST_TEST(otpd.process().errors() == "");
    }
    void check_that_there_was_something_to_lose(std::size_t kills) const {
        BOOST_TEST_MESSAGE(
            numbers_ << " sends, " << guesses_ << " with wrong guesses, " << deps_
                     << " used codes were acknowledged before a kill; ready again after "
                     << std::chrono::duration<double>(slowest_start_).count() << " s at the most");
        BOOST_TEST(numbers_ >= kills);
    }

    void note(acknowledged const& known) {
        if (!known.code.empty()) ++numbers_;
        if (known.attempts_left < 5) ++guesses_;
        if (known.used) ++deps_;
    }

    /// Checks that everything acknowledged still holds after a kill and a restart.
    void check_kept(http_client& client, std::string const& number, acknowledged const& known) {
        auto send = [&] { return client.ask(service_fixture::send_request(number)); };
        auto verify = [&](std::string const& code) {
            return client.ask(service_fixture::verify_request(number, code));
        };
        for (auto const& fault : known.faults)
            BOOST_ERROR(fault);
        if (known.code.empty()) {
            // The send may have failed. But if an SMS was sent, it was admitted before.
            if (!stub_.messages(number).empty()) check_outcome(send(), 429, "cooldown_active");
            return;
        }
        BOOST_TEST(stub_.messages(number).size() == 1U);
        if (!known.used && !known.use_unanswered) check_outcome(send(), 429, "cooldown_active");
        if (known.used) {
            check_outcome(verify(known.code), 404, "no_active_otp");
            return;
        }
        if (known.use_unanswered) {
            auto const status = verify(known.code).status; // used up by now
            BOOST_TEST((status == 200 || status == 404));
            check_outcome(verify(known.code), 404, "no_active_otp");
            return;
        }
        auto const wrong = verify(wrong_code(known.code, 1));
        check_outcome(wrong, 400, "invalid_code");
        if (wrong.status == 400) {
            auto const left = object_of(wrong).at("attempts_left").to_number<int>();
            BOOST_TEST(left <= known.attempts_left - 1);
            BOOST_TEST(left >= known.attempts_left - (known.guess_unanswered ? 2 : 1));
        }
        check_outcome(verify(known.code), 200);
        check_outcome(verify(known.code), 404, "no_active_otp");
    }

    stub_process stub_{STUB_PROGRAM, trusted_authority::get().loopback, stub_options{api_key, {}}};
    environment settings_;
    /// A fixed seed makes the moments as repeatable as possible.
    std::mt19937 random_{20261124}; // NOLINT(cert-msc32-c,cert-msc51-cpp)
    std::atomic<bool> has_sent_{false};
    std::chrono::steady_clock::duration slowest_start_{};
    std::size_t numbers_ = 0;
    std::size_t guesses_ = 0;
    std::size_t deps_ = 0;
};

} // namespace otpd::test
