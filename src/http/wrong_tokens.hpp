#pragma once

/// Who shows wrong tokens, and how many of the answers to them are being held back. A right token
/// is never looked for here: whoever shares an address with a guesser is served as ever.

#include "otpd/core/clock.hpp"

#include <boost/asio/ip/address.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace otpd::http {

/// Needs no strand: every member is atomic. A fixed 32 KiB, however many addresses there are: those
/// whose hash is the same share a count.
class wrong_tokens {
public:
    /// How many of an address are answered at once, in a minute from the first.
    static constexpr unsigned at_once_max = 10;

    /// Counts one of `client`, IPv6 by its first 64 bits, and returns the count of the minute with
    /// this one.
    unsigned count(boost::asio::ip::address const& client, steady_time now) noexcept;

    /// How many answers may be held back at a time; 0 until this is called. Before there are
    /// connections.
    void hold_back_at_most(std::size_t answers) noexcept { held_back_max_ = answers; }

    /// One answer that is held back, as long as this lives.
    class held_back {
    public:
        explicit held_back(wrong_tokens& by) noexcept : by_(by), place_(by.held_back_++) {}
        held_back(held_back const&) = delete;
        held_back& operator=(held_back const&) = delete;
        ~held_back() { --by_.held_back_; }
        /// False: there are too many already.
        [[nodiscard]] bool has_room() const noexcept { return place_ < by_.held_back_max_; }

    private:
        wrong_tokens& by_;
        std::size_t place_;
    };

private:
    static constexpr unsigned index_bits = 12;

    /// Above, when the minute began, in milliseconds of the steady clock; below, in 24 bits, the
    /// count.
    std::array<std::atomic<std::uint64_t>, std::size_t{1} << index_bits> counts_{};
    std::atomic<std::size_t> held_back_ = 0;
    std::size_t held_back_max_ = 0;
};

} // namespace otpd::http
