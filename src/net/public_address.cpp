#include "otpd/net/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace otpd::net {

namespace asio = boost::asio;

namespace {

struct v4_range {
    std::uint32_t first;
    unsigned prefix;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    return a << 24 | b << 16 | c << 8;
}

constexpr std::array special_v4{
    v4_range{v4(0, 0, 0), 8},       // this network
    v4_range{v4(10, 0, 0), 8},      // private
    v4_range{v4(100, 64, 0), 10},   // shared by carriers
    v4_range{v4(127, 0, 0), 8},     // loopback
    v4_range{v4(169, 254, 0), 16},  // link-local, clouds' metadata
    v4_range{v4(172, 16, 0), 12},   // private
    v4_range{v4(192, 0, 0), 24},    // protocol assignments
    v4_range{v4(192, 0, 2), 24},    // documentation
    v4_range{v4(192, 88, 99), 24},  // 6to4 relays, once
    v4_range{v4(192, 168, 0), 16},  // private
    v4_range{v4(198, 18, 0), 15},   // benchmarks
    v4_range{v4(198, 51, 100), 24}, // documentation
    v4_range{v4(203, 0, 113), 24},  // documentation
    v4_range{v4(224, 0, 0), 4},     // multicast
    v4_range{v4(240, 0, 0), 4},     // reserved, broadcast
};

bool is_public(asio::ip::address_v4 which) noexcept {
    constexpr unsigned bits = 32;
    auto const value = which.to_uint();
    auto const holds = [value](v4_range range) {
        return (value ^ range.first) >> (bits - range.prefix) == 0;
    };
    return std::none_of(special_v4.begin(), special_v4.end(), holds);
}

/// The first 32 bits; every range here is decided by them.
struct v6_range {
    std::uint32_t first;
    unsigned prefix;
};

constexpr v6_range global_unicast{0x20000000, 3};
constexpr std::array special_v6{
    v6_range{0x20010000, 23}, // protocol assignments: Teredo, ORCHID, benchmarks
    v6_range{0x20010db8, 32}, // documentation
    v6_range{0x20020000, 16}, // 6to4
    v6_range{0x3fff0000, 20}, // documentation
};

bool is_public(asio::ip::address_v6 const& which) noexcept {
    constexpr unsigned bits = 32;
    auto const bytes = which.to_bytes();
    std::uint32_t value = 0;
    for (std::size_t i = 0; i != sizeof value; ++i)
        value = value << 8 | bytes[i];
    auto const holds = [value](v6_range range) {
        return (value ^ range.first) >> (bits - range.prefix) == 0;
    };
    return holds(global_unicast) && std::none_of(special_v6.begin(), special_v6.end(), holds);
}

} // namespace

bool is_public_address(asio::ip::address const& which) noexcept {
    if (which.is_v4()) return is_public(which.to_v4());
    auto const v6 = which.to_v6();
    if (v6.is_v4_mapped()) return is_public(asio::ip::make_address_v4(asio::ip::v4_mapped, v6));
    return is_public(v6);
}

} // namespace otpd::net
