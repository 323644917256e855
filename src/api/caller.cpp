#include "caller.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace otpd::api {

namespace asio = boost::asio;

namespace {

/// Asio asks inet_ntop, which asks sprintf (callgrind: 1,900 instructions).
std::string to_text(asio::ip::address_v4 const& address) {
    std::array<char, 16> text{};
    char* at = text.data();
    for (unsigned const byte : address.to_bytes()) {
        if (at != text.data()) *at++ = '.';
        at = std::to_chars(at, text.data() + text.size(), byte).ptr;
    }
    return {text.data(), at};
}

} // namespace

std::string address_block(asio::ip::address const& address) {
    if (address.is_v4()) return to_text(address.to_v4());
    auto const whole = address.to_v6();
    if (whole.is_v4_mapped()) return to_text(asio::ip::make_address_v4(asio::ip::v4_mapped, whole));
    auto bytes = whole.to_bytes();
    std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), std::uint8_t{0});
    return asio::ip::address_v6(bytes).to_string() + "/64";
}

otp::caller caller_of(http::request const& request, otp::client const& from,
                      std::optional<std::string> end_user_address) {
    otp::caller who;
    who.from = &from;
    who.address = address_block(request.client());
    who.end_user_address = std::move(end_user_address);
    who.request_id = request.request_id();
    return who;
}

} // namespace otpd::api
