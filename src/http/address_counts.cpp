#include "address_counts.hpp"

#include "otpd/http/address_range.hpp"

#include <algorithm>

namespace otpd::http {

namespace ip = boost::asio::ip;

namespace {

ip::address site_of(ip::address const& address) noexcept {
    auto const own = unmapped(address);
    if (own.is_v4()) return own;
    auto bytes = own.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return ip::address_v6(bytes);
}

} // namespace

bool address_counts::is_full(ip::address const& address) const noexcept {
    auto const found = counts_.find(site_of(address));
    return found != counts_.end() && found->second >= connections_max_;
}

void address_counts::enter(ip::address const& address) {
    ++counts_[site_of(address)];
}

void address_counts::leave(ip::address const& address) noexcept {
    auto const found = counts_.find(site_of(address));
    if (--found->second == 0) counts_.erase(found);
}

} // namespace otpd::http
