#include "otpd/http/address_range.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace otpd::http {

namespace ip = boost::asio::ip;

namespace {

/// The longest text of an address: eight groups, the last two written as IPv4.
constexpr std::size_t address_text_max = 45;
/// The bits before the IPv4 address in an IPv4-mapped IPv6 address.
constexpr unsigned mapped_prefix = 96;

/// Returns the first address of the network of `prefix` bits that contains `address`, without a
/// zone.
ip::address network_of(ip::address const& address, unsigned prefix) {
    auto const bits = static_cast<unsigned short>(prefix);
    if (address.is_v4()) return ip::make_network_v4(address.to_v4(), bits).network();
    return ip::make_network_v6(ip::address_v6(address.to_v6().to_bytes()), bits).network();
}

std::optional<unsigned> parse_prefix(std::string_view text) noexcept {
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    unsigned value = 0;
    auto const* const end = text.data() + text.size();
    auto const [stop, fault] = std::from_chars(text.data(), end, value);
    if (fault != std::errc{} || stop != end) return std::nullopt;
    return value;
}

} // namespace

ip::address unmapped(ip::address const& address) noexcept {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    auto const bytes = address.to_v6().to_bytes();
    return ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
}

std::optional<ip::address> parse_address(std::string_view text) noexcept {
    // Allows only these characters: the library would also accept a zone, and would stop at a NUL.
    constexpr std::string_view allowed = "0123456789abcdefABCDEF:.";
    if (text.empty() || text.size() > address_text_max ||
        text.find_first_not_of(allowed) != std::string_view::npos)
        return std::nullopt;
    std::array<char, address_text_max + 1> terminated{};
    std::ranges::copy(text, terminated.begin());
    boost::system::error_code ec;
    auto const address = ip::make_address(terminated.data(), ec);
    if (ec) return std::nullopt;
    return unmapped(address);
}

std::optional<address_range> address_range::parse(std::string_view text) noexcept {
    auto const slash = text.find('/');
    auto const written = text.substr(0, slash);
    auto const network = parse_address(written);
    if (!network) return std::nullopt;
    unsigned const bits = network->is_v4() ? 32 : 128;
    if (slash == std::string_view::npos) return address_range(*network, bits);
    auto prefix = parse_prefix(text.substr(slash + 1));
    if (!prefix) return std::nullopt;
    // The prefix of an IPv4-mapped range counts from the start of the IPv6 address.
    if (network->is_v4() && written.find(':') != std::string_view::npos) {
        if (*prefix < mapped_prefix) return std::nullopt;
        *prefix -= mapped_prefix;
    }
    if (*prefix > bits || network_of(*network, *prefix) != *network) return std::nullopt;
    return address_range(*network, *prefix);
}

bool address_range::contains(ip::address const& address) const noexcept {
    auto const asked = unmapped(address);
    return asked.is_v4() == network_.is_v4() && network_of(asked, prefix_) == network_;
}

bool address_range::is_wider_than_one_network() const noexcept {
    constexpr unsigned least_v4 = 8;
    constexpr unsigned least_v6 = 16;
    constexpr unsigned least_private = 7; // fc00::/7
    if (network_.is_v4()) return prefix_ < least_v4;
    bool const is_private = (network_.to_v6().to_bytes()[0] & 0xFEU) == 0xFCU;
    return prefix_ < (is_private ? least_private : least_v6);
}

std::string address_range::to_string() const {
    return network_.to_string() + '/' + std::to_string(prefix_);
}

} // namespace otpd::http
