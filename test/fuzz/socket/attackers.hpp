#pragma once

/// Makes the connections of make_attack() to a server, many at a time.

#include "mutation.hpp"
#include "replies.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace otpd::fuzz {

struct attack_plan {
    std::uint64_t seed = 1;
    std::uint64_t first = 0; ///< number of the first connection
    std::size_t requests = 20'000;
    std::size_t workers = 16; ///< concurrent connections
    /// The longest silence of a server that must reply or close.
    std::chrono::milliseconds patience{1000};
    std::string token;
};

/// Runs on one thread.
class attackers {
public:
    attackers(attack_plan plan, boost::asio::ip::tcp::endpoint server)
        : plan_(std::move(plan)), server_(std::move(server)), next_(plan_.first) {}

    /// Returns when all requests were sent or a fault was found.
    void run();

    /// Empty if there is none.
    [[nodiscard]] std::string const& fault() const noexcept { return fault_; }
    /// The numbers of the connections that were open when the fault was found.
    [[nodiscard]] std::set<std::uint64_t> const& in_flight() const noexcept { return in_flight_; }
    [[nodiscard]] reply_counts const& replies() const noexcept { return replies_; }
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }
    [[nodiscard]] std::uint64_t connections() const noexcept { return next_ - plan_.first; }
    [[nodiscard]] std::chrono::milliseconds longest_silence() const noexcept { return longest_; }

private:
    struct received {
        std::string bytes;
        bool cut_off = false;
        std::string fault;
    };

    boost::asio::awaitable<void> work();
    boost::asio::awaitable<received> exchange(attack what, std::uint64_t number);
    boost::asio::awaitable<void> read_to_end(boost::asio::ip::tcp::socket& socket, received& to);
    boost::asio::awaitable<void> probe(std::uint64_t number);
    [[nodiscard]] bool goes_on() const noexcept {
        return fault_.empty() && requests_ < plan_.requests;
    }
    void note(std::string fault, std::uint64_t number);

    attack_plan plan_;
    boost::asio::ip::tcp::endpoint server_;
    std::uint64_t next_;
    std::size_t requests_ = 0;
    std::chrono::milliseconds longest_{};
    reply_counts replies_;
    std::set<std::uint64_t> in_flight_;
    std::string fault_;
};

} // namespace otpd::fuzz
