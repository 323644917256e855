#include "otpd/http/address_text.hpp"

#include <array>
#include <charconv>

namespace otpd::http {

std::string to_text(boost::asio::ip::address const& address) {
    if (!address.is_v4()) return address.to_string();
    std::array<char, 16> text{};
    char* at = text.data();
    for (unsigned const byte : address.to_v4().to_bytes()) {
        if (at != text.data()) *at++ = '.';
        at = std::to_chars(at, text.data() + text.size(), byte).ptr;
    }
    return {text.data(), at};
}

} // namespace otpd::http
