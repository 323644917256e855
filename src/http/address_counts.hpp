#pragma once

/// Counts the open connections of each client address, against a maximum.

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <map>

namespace otpd::http {

/// IPv6 addresses are counted by their first 64 bits, because one client usually has all of them
/// (RFC 6177). Used on one strand.
class address_counts {
public:
    explicit address_counts(std::size_t connections_max) noexcept
        : connections_max_(connections_max) {}

    /// Whether `address` has reached its maximum.
    [[nodiscard]] bool is_full(boost::asio::ip::address const& address) const noexcept;
    /// Throws std::bad_alloc.
    void enter(boost::asio::ip::address const& address);
    /// Once for each `enter`.
    void leave(boost::asio::ip::address const& address) noexcept;

private:
    std::size_t connections_max_;
    std::map<boost::asio::ip::address, std::size_t> counts_;
};

} // namespace otpd::http
