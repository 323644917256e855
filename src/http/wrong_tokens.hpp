#pragma once

/// Counts wrong tokens by client address, and limits the number of delayed responses. Right tokens
/// are never counted, so a client that shares an address with a guesser is served as usual.

#include "otpd/core/clock.hpp"

#include <boost/asio/ip/address.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace otpd::http {

/// Needs no strand: every member is atomic. It takes a fixed 32 KiB for any number of addresses;
/// addresses with the same hash share a count.
class wrong_tokens {
public:
    /// How many wrong tokens of an address are answered without delay within a minute of the first.
    static constexpr unsigned at_once_max = 10;

    /// Counts one wrong token of `client` (IPv6 by its first 64 bits). Returns the count of this
    /// minute, including this one.
    unsigned count(boost::asio::ip::address const& client, steady_time now) noexcept;

    /// Sets how many responses may be delayed at a time; 0 until then. Call before the first
    /// connection.
    void hold_back_at_most(std::size_t answers) noexcept { held_back_max_ = answers; }

    /// One delayed response, for as long as this object lives.
    class held_back {
    public:
        explicit held_back(wrong_tokens& by) noexcept : by_(by), place_(by.held_back_++) {}
        held_back(held_back const&) = delete;
        held_back& operator=(held_back const&) = delete;
        ~held_back() { --by_.held_back_; }
        /// Returns false if too many responses are delayed already.
        [[nodiscard]] bool has_room() const noexcept { return place_ < by_.held_back_max_; }

    private:
        wrong_tokens& by_;
        std::size_t place_;
    };

private:
    static constexpr unsigned index_bits = 12;

    /// The upper bits hold the start of the minute in milliseconds of the steady clock; the lower
    /// 24 bits hold the count.
    std::array<std::atomic<std::uint64_t>, std::size_t{1} << index_bits> counts_{};
    std::atomic<std::size_t> held_back_ = 0;
    std::size_t held_back_max_ = 0;
};

} // namespace otpd::http
