#include "proxy_header.hpp"

#include "otpd/http/address_range.hpp"

#include <algorithm>
#include <array>

namespace otpd::http {

namespace ip = boost::asio::ip;

namespace {

using namespace std::string_view_literals;
constexpr auto signature = "\r\n\r\n\0\r\nQUIT\n"sv;
static_assert(signature.size() == 12);

// The offsets of the fields.
constexpr std::size_t command_at = 12;
constexpr std::size_t family_at = 13;
constexpr std::size_t length_at = 14;
constexpr std::size_t fixed_bytes = 16;

// Version 2 with a command.
constexpr unsigned local_command = 0x20;
constexpr unsigned proxy_command = 0x21;

// Address family and transport.
constexpr unsigned tcp_v4 = 0x11;
constexpr unsigned tcp_v6 = 0x21;

/// The sizes of source and destination with their ports.
constexpr std::size_t tcp_v4_bytes = 12;
constexpr std::size_t tcp_v6_bytes = 36;

unsigned byte_at(std::string_view bytes, std::size_t i) noexcept {
    return static_cast<unsigned char>(bytes[i]);
}

bool is_known_family(unsigned family) noexcept {
    // The family and transport bytes: unspecified, then TCP and UDP over IPv4, over IPv6 and over
    // UNIX sockets.
    constexpr std::array<unsigned, 7> known = {0x00, tcp_v4, 0x12, tcp_v6, 0x22, 0x31, 0x32};
    return std::ranges::find(known, family) != known.end();
}

std::size_t address_bytes(unsigned family) noexcept {
    if (family == tcp_v4) return tcp_v4_bytes;
    return family == tcp_v6 ? tcp_v6_bytes : 0;
}

template <class Address>
ip::address address_of(std::string_view bytes) noexcept {
    typename Address::bytes_type octets{};
    std::ranges::copy(bytes.substr(0, octets.size()), octets.begin());
    return unmapped(Address(octets));
}

proxy_header rejected(proxy_fault why) noexcept {
    proxy_header result;
    result.made = proxy_header::progress::rejected;
    result.fault = why;
    return result;
}

/// Parses the part after the signature. `bytes` begins with a signature.
proxy_header parse_rest(std::string_view bytes) noexcept {
    if (bytes.size() <= command_at) return {};
    auto const command = byte_at(bytes, command_at);
    bool const is_local = command == local_command;
    if (!is_local && command != proxy_command) return rejected(proxy_fault::malformed);
    if (bytes.size() <= family_at) return {};
    // The family and addresses of a LOCAL command must be ignored.
    auto const family = byte_at(bytes, family_at);
    if (!is_local && !is_known_family(family)) return rejected(proxy_fault::malformed);
    if (bytes.size() < fixed_bytes) return {};
    std::size_t const length = byte_at(bytes, length_at) << 8 | byte_at(bytes, length_at + 1);
    if (length > proxy_payload_bytes_max) return rejected(proxy_fault::malformed);
    if (!is_local && length < address_bytes(family)) return rejected(proxy_fault::malformed);
    if (bytes.size() < fixed_bytes + length) return {};

    proxy_header result;
    result.made = proxy_header::progress::complete;
    result.size = fixed_bytes + length;
    auto const payload = bytes.substr(fixed_bytes, length);
    if (!is_local && family == tcp_v4) result.source = address_of<ip::address_v4>(payload);
    if (!is_local && family == tcp_v6) result.source = address_of<ip::address_v6>(payload);
    return result;
}

} // namespace

std::string_view kind(proxy_fault fault) noexcept {
    constexpr std::array<std::string_view, 3> words = {"untrusted_proxy", "proxy_header_missing",
                                                       "bad_proxy_header"};
    return words[static_cast<std::size_t>(fault)];
}

proxy_header parse_proxy_header(std::string_view bytes) noexcept {
    if (!signature.starts_with(bytes.substr(0, signature.size())))
        return rejected(proxy_fault::missing);
    return parse_rest(bytes);
}

} // namespace otpd::http
