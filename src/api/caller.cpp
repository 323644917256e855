#include "caller.hpp"

#include "otpd/http/address_text.hpp"

#include <algorithm>

namespace otpd::api {

namespace asio = boost::asio;

std::string address_block(asio::ip::address const& address) {
    if (address.is_v4()) return http::to_text(address);
    auto const whole = address.to_v6();
    if (whole.is_v4_mapped())
        return http::to_text(asio::ip::make_address_v4(asio::ip::v4_mapped, whole));
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
