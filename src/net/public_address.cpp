#include "otpd/net/public_address.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>

namespace otpd::net {

namespace ip = boost::asio::ip;

namespace {

constexpr char const* special_v4[] = {
    "0.0.0.0/8",       // this network
    "10.0.0.0/8",      // private
    "100.64.0.0/10",   // carrier-grade NAT
    "127.0.0.0/8",     // loopback
    "169.254.0.0/16",  // link-local, cloud metadata
    "172.16.0.0/12",   // private
    "192.0.0.0/24",    // protocol assignments
    "192.0.2.0/24",    // documentation
    "192.88.99.0/24",  // 6to4 relays, deprecated
    "192.168.0.0/16",  // private
    "198.18.0.0/15",   // benchmarks
    "198.51.100.0/24", // documentation
    "203.0.113.0/24",  // documentation
    "224.0.0.0/4",     // multicast
    "240.0.0.0/4",     // reserved, broadcast
};
constexpr char const* global_unicast = "2000::/3";
constexpr char const* special_v6[] = {
    "2001::/23",     // protocol assignments: Teredo, ORCHID, benchmarks
    "2001:db8::/32", // documentation
    "2002::/16",     // 6to4
    "3fff::/20",     // documentation
};

bool is_in(ip::address_v4 which, char const* range) {
    auto const network = ip::make_network_v4(range);
    return ip::make_network_v4(which, network.prefix_length()).network() == network.network();
}

bool is_in(ip::address_v6 const& which, char const* range) {
    auto const network = ip::make_network_v6(range);
    return ip::make_network_v6(which, network.prefix_length()).network() == network.network();
}

bool is_public(ip::address_v4 which) {
    return std::ranges::none_of(special_v4, [&](char const* range) { return is_in(which, range); });
}

bool is_public(ip::address_v6 const& which) {
    return is_in(which, global_unicast) &&
           std::ranges::none_of(special_v6, [&](char const* range) { return is_in(which, range); });
}

} // namespace

bool is_public_address(ip::address const& which) noexcept {
    if (which.is_v4()) return is_public(which.to_v4());
    auto const v6 = which.to_v6();
    if (v6.is_v4_mapped()) return is_public(ip::make_address_v4(ip::v4_mapped, v6));
    return is_public(ip::address_v6(v6.to_bytes())); // without a zone
}

} // namespace otpd::net
