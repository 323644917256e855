#include "otpd/core/encoding.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace otpd {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

} // namespace

std::string to_hex(std::span<std::byte const> bytes) {
    std::string text(bytes.size() * 2, '\0');
    auto at = text.begin();
    for (std::byte b : bytes) {
        *at++ = hex_digits[std::to_integer<std::size_t>(b >> 4)];
        *at++ = hex_digits[std::to_integer<std::size_t>(b & std::byte{0x0f})];
    }
    return text;
}

bool from_hex(std::string_view text, std::span<std::byte> out) noexcept {
    if (text.size() != out.size() * 2) return false;
    for (std::size_t i = 0; i < out.size(); ++i) {
        int const high = hex_value(text[2 * i]);
        int const low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = static_cast<std::byte>(high << 4 | low);
    }
    return true;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), to_lower);
    return lower;
}

std::string to_base64(std::span<unsigned char const> bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0'); // OpenSSL ends it with a zero
    auto* const out = reinterpret_cast<unsigned char*>(text.data());
    auto const size = EVP_EncodeBlock(out, bytes.data(), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    std::vector<unsigned char> bytes(text.size() / 4 * 3);
    auto const* const in = reinterpret_cast<unsigned char const*>(text.data());
    if (text.size() % 4 != 0 ||
        EVP_DecodeBlock(bytes.data(), in, static_cast<int>(text.size())) < 0)
        return std::nullopt;
    for (auto rest = text; rest.ends_with('=') && !bytes.empty(); rest.remove_suffix(1))
        bytes.pop_back();
    // OpenSSL also takes white space, and bits that mean nothing.
    if (to_base64(bytes) != text) return std::nullopt;
    return std::string(bytes.begin(), bytes.end());
}

std::string_view trim_ascii(std::string_view text) noexcept {
    constexpr std::string_view spaces = " \t\r\n\v\f";
    auto const first = text.find_first_not_of(spaces);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

} // namespace otpd
