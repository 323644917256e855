#include "caller.hpp"

#include "otpd/http/address_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace otpd::api {

namespace asio = boost::asio;

namespace {

using ip_v6_bytes = asio::ip::address_v6::bytes_type;

struct embedding {
    std::array<std::uint8_t, 16> prefix;
    std::size_t prefix_size; ///< in bytes
    std::size_t at;          ///< position of the IPv4 address
    std::uint8_t mask = 0;   ///< XOR mask of its bytes
};

/// The holder of one IPv4 address gets one of these addresses for free, in some cases a /64 or
/// more.
constexpr embedding embeddings[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12, 12}, // mapped (RFC 4291 2.5.5.2)
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12, 12},       // translated (RFC 2765 2.1)
    {{}, 12, 12},                                         // compatible (RFC 4291 2.5.5.1)
    {{0, 0x64, 0xff, 0x9b}, 12, 12},                      // NAT64 (RFC 6052 2.1)
    {{0x20, 0x02}, 2, 2},                                 // 6to4 (RFC 3056 2)
    {{0x20, 0x01}, 4, 12, 0xff}, // Teredo: the client's, inverted (RFC 4380 4)
};

/// NAT64 within a network, with a prefix of 48 to 96 bits (RFC 8215). No client holds a /64 of it.
constexpr std::array<std::uint8_t, 6> local_nat64{0, 0x64, 0xff, 0x9b, 0, 1};

bool begin_with(ip_v6_bytes const& bytes, std::span<std::uint8_t const> prefix) {
    return std::ranges::equal(std::span(bytes).first(prefix.size()), prefix);
}

std::optional<asio::ip::address_v4> embedded_v4(asio::ip::address_v6 const& whole) {
    if (whole.is_unspecified() || whole.is_loopback()) return std::nullopt;
    auto const bytes = whole.to_bytes();
    for (auto const& embedding : embeddings) {
        if (!begin_with(bytes, std::span(embedding.prefix).first(embedding.prefix_size))) continue;
        asio::ip::address_v4::bytes_type found{};
        for (std::size_t i = 0; i < found.size(); ++i)
            found[i] = static_cast<std::uint8_t>(bytes[embedding.at + i] ^ embedding.mask);
        return asio::ip::address_v4(found);
    }
    return std::nullopt;
}

} // namespace

std::string address_block(asio::ip::address const& address) {
    if (address.is_v4()) return http::to_text(address);
    auto const whole = address.to_v6();
    if (auto const inner = embedded_v4(whole)) return http::to_text(*inner);
    auto bytes = whole.to_bytes();
    if (begin_with(bytes, local_nat64)) return asio::ip::address_v6(bytes).to_string();
    std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), std::uint8_t{0});
    return asio::ip::address_v6(bytes).to_string() + "/64";
}

otp::caller caller_of(http::request const& request, otp::client const& client,
                      std::optional<std::string> end_user_address,
                      std::optional<secret_string> device) {
    otp::caller caller;
    caller.client = &client;
    caller.address = address_block(request.client());
    caller.end_user_address = std::move(end_user_address);
    caller.device = std::move(device);
    caller.request_id = request.request_id();
    caller.trace = request.trace();
    caller.tracestate = request.tracestate();
    return caller;
}

} // namespace otpd::api
