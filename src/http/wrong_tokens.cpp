#include "wrong_tokens.hpp"

#include "otpd/http/address_range.hpp"

#include <algorithm>
#include <chrono>

namespace otpd::http {

namespace {

constexpr unsigned count_bits = 24;
constexpr std::uint64_t count_max = (std::uint64_t{1} << count_bits) - 1;
constexpr std::uint64_t minute = 60'000;

/// The whole IPv4 address, or the first 64 bits of an IPv6 address, which is what one household
/// has.
std::uint64_t block_of(boost::asio::ip::address const& address) noexcept {
    auto const plain = unmapped(address);
    if (plain.is_v4()) return plain.to_v4().to_uint();
    std::uint64_t block = 0;
    auto const bytes = plain.to_v6().to_bytes();
    for (std::size_t i = 0; i < sizeof block; ++i)
        block = block << 8U | bytes[i];
    return block;
}

} // namespace

unsigned wrong_tokens::count(boost::asio::ip::address const& client, steady_time now) noexcept {
    constexpr std::uint64_t spread = 0x9e3779b97f4a7c15; // 2^64 / golden ratio
    auto& kept = counts_[block_of(client) * spread >> (64U - index_bits)];
    auto const at = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count());
    auto before = kept.load(std::memory_order_relaxed);
    for (;;) {
        auto const begun = before >> count_bits;
        bool const goes_on = before != 0 && at < begun + minute;
        auto const counted = goes_on ? std::min((before & count_max) + 1, count_max) : 1;
        auto const after = (goes_on ? begun : at) << count_bits | counted;
        if (kept.compare_exchange_weak(before, after, std::memory_order_relaxed))
            return static_cast<unsigned>(counted);
    }
}

} // namespace otpd::http
