#include "request_id.hpp"

#include "otpd/core/random.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace otpd::http {

namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t id_bytes = 16;

/// Draws the bytes of many ids at once: a call of the generator costs more than its bytes.
std::span<std::byte const, id_bytes> next_random_bytes() {
    constexpr std::size_t batch = 64;
    thread_local std::array<std::byte, id_bytes * batch> pool;
    thread_local std::size_t left = 0;
    if (left == 0) {
        openssl_random().fill(pool);
        left = batch;
    }
    --left;
    return std::span(pool).subspan(left * id_bytes).first<id_bytes>();
}

} // namespace

bool is_valid_request_id(std::string_view text) noexcept {
    constexpr std::size_t size_max = 64;
    auto const allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= size_max && std::ranges::all_of(text, allowed);
}

void make_request_id(std::string& out) {
    auto const random = next_random_bytes();
    out.resize(2 * id_bytes);
    auto* to = out.data();
    for (std::byte const b : random) {
        *to++ = digits[std::to_integer<std::size_t>(b >> 4)];
        *to++ = digits[std::to_integer<std::size_t>(b & std::byte{15})];
    }
}

} // namespace otpd::http
