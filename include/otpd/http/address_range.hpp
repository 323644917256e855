#pragma once

/// Addresses and ranges of addresses as people write them. An IPv4 address is IPv4 however it came
/// here: one that is mapped into IPv6 (::ffff:192.0.2.1, what a listener of both families sees) is
/// the same client and must meet the same rules.

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace otpd::http {

/// The IPv4 address inside a mapped one; any other address as it is.
[[nodiscard]] boost::asio::ip::address unmapped(boost::asio::ip::address const& address) noexcept;

/// `192.0.2.1` or `2001:db8::1`, nothing around it and no zone (%eth0). The result is unmapped.
[[nodiscard]] std::optional<boost::asio::ip::address> parse_address(std::string_view text) noexcept;

/// A range in CIDR notation. IPv4 ranges hold IPv4 addresses only and IPv6 ranges IPv6 only: ::/0
/// is not everybody.
class address_range {
public:
    /// `10.0.0.0/8`, `2001:db8::/32`; a bare address is a range of one. Nothing when it is not an
    /// address, when the prefix is too long, and when bits behind the prefix are set: 10.0.0.1/8
    /// might mean the one address or all of them.
    [[nodiscard]] static std::optional<address_range> parse(std::string_view text) noexcept;

    [[nodiscard]] bool contains(boost::asio::ip::address const& address) const noexcept;
    /// Wider than any private network (RFC 1918: 10.0.0.0/8, RFC 4193: fc00::/7) or any that one
    /// holder has of the internet: shorter than /8, in IPv6 than /16.
    [[nodiscard]] bool is_wider_than_one_network() const noexcept;
    /// Always with its prefix: `192.0.2.1/32`.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(address_range const&, address_range const&) = default;

private:
    address_range(boost::asio::ip::address network, unsigned prefix) noexcept
        : network_(std::move(network)), prefix_(prefix) {}

    boost::asio::ip::address network_; ///< unmapped
    unsigned prefix_;                  ///< bits
};

} // namespace otpd::http
