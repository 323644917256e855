#pragma once

/// Parses addresses and address ranges. An IPv4 address that is mapped into IPv6 (::ffff:192.0.2.1,
/// as a dual-stack listener sees it) counts as IPv4, so that one client always meets the same
/// rules.

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace otpd::http {

/// Returns the IPv4 address inside a mapped address, or any other address unchanged.
[[nodiscard]] boost::asio::ip::address unmapped(boost::asio::ip::address const& address) noexcept;

/// Parses `192.0.2.1` or `2001:db8::1`, without surrounding characters or a zone (%eth0). The
/// result is unmapped.
[[nodiscard]] std::optional<boost::asio::ip::address> parse_address(std::string_view text) noexcept;

/// A range in CIDR notation. An IPv4 range contains only IPv4 addresses, an IPv6 range only IPv6
/// addresses: ::/0 does not mean everybody.
class address_range {
public:
    /// Parses `10.0.0.0/8` or `2001:db8::/32`; a plain address is a range of one. Returns nullopt
    /// for an invalid address, for a prefix that is too long, and when bits behind the prefix are
    /// set, because 10.0.0.1/8 could mean one address or all of them.
    [[nodiscard]] static std::optional<address_range> parse(std::string_view text) noexcept;

    [[nodiscard]] bool contains(boost::asio::ip::address const& address) const noexcept;
    /// Returns whether the range is wider than a private network (RFC 1918: 10.0.0.0/8, RFC 4193:
    /// fc00::/7) or any allocation to a single holder: shorter than /8, or /16 in IPv6.
    [[nodiscard]] bool is_wider_than_one_network() const noexcept;
    /// Always includes the prefix: `192.0.2.1/32`.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(address_range const&, address_range const&) = default;

private:
    address_range(boost::asio::ip::address network, unsigned prefix) noexcept
        : network_(std::move(network)), prefix_(prefix) {}

    boost::asio::ip::address network_; ///< unmapped
    unsigned prefix_;                  ///< bits
};

} // namespace otpd::http
