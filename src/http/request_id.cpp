#include "request_id.hpp"

#include "otpd/core/random.hpp"

#include <algorithm>
#include <span>

namespace otpd::http {

bool is_valid_request_id(std::string_view text) noexcept {
    constexpr std::size_t size_max = 64;
    auto const allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= size_max && std::ranges::all_of(text, allowed);
}

void request_id_source::next(std::string& out) {
    if (left_ == 0) {
        openssl_random().fill(pool_);
        left_ = batch;
    }
    --left_;
    constexpr std::string_view digits = "0123456789abcdef";
    out.resize(2 * id_bytes);
    auto* to = out.data();
    for (std::byte b : std::span(pool_).subspan(left_ * id_bytes, id_bytes)) {
        *to++ = digits[std::to_integer<std::size_t>(b >> 4)];
        *to++ = digits[std::to_integer<std::size_t>(b & std::byte{15})];
    }
}

} // namespace otpd::http
