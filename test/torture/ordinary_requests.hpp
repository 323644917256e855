#pragma once

/// A client that uses the service normally while a fault is active.

#include "support/http_client.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace otpd::test {

/// A client that records its longest wait for an answer.
class timed_client {
public:
    explicit timed_client(std::uint16_t port) : client_(port) {}

    raw_reply ask(http_request const& request) {
        auto const began = std::chrono::steady_clock::now();
        auto reply = client_.ask(request);
        longest_ = std::max(longest_, std::chrono::steady_clock::now() - began);
        return reply;
    }
    [[nodiscard]] std::chrono::steady_clock::duration longest() const noexcept { return longest_; }

private:
    http_client client_;
    std::chrono::steady_clock::duration longest_{};
};

/// Runs on its own thread until it is stopped. `work` makes the n-th request and returns what was
/// wrong with it, or nothing.
class ordinary_requests {
public:
    using work = std::function<std::string(timed_client&, unsigned long long n)>;

    ordinary_requests(std::uint16_t port, work piece)
        : thread_([this, port, piece = std::move(piece)](std::stop_token const& stop) {
              run(port, piece, stop);
          }) {}

    void stop() {
        thread_.request_stop();
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] std::size_t done() const noexcept { return done_; }
    // Call after stop().
    [[nodiscard]] std::chrono::steady_clock::duration longest() const noexcept { return longest_; }
    [[nodiscard]] std::string first_fault() const { return faults_.empty() ? "" : faults_.front(); }

private:
    void run(std::uint16_t port, work const& piece, std::stop_token const& stop) {
        timed_client client(port);
        for (unsigned long long n = 0; !stop.stop_requested(); ++n) {
            try {
                if (auto fault = piece(client, n); !fault.empty())
                    faults_.push_back(std::move(fault));
            } catch (std::exception const& broken) {
                faults_.emplace_back(broken.what());
                if (faults_.size() > faults_kept) break;
            }
            ++done_;
        }
        longest_ = client.longest();
    }

    static constexpr std::size_t faults_kept = 20;

    std::atomic<std::size_t> done_ = 0;
    std::chrono::steady_clock::duration longest_{};
    std::vector<std::string> faults_;
    std::jthread thread_; ///< last, because it uses the other members
};

} // namespace otpd::test
