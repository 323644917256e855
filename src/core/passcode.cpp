#include "otpd/core/passcode.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/secret.hpp"

#include <algorithm>
#include <cassert>
#include <span>

namespace otpd {

passcode passcode::generate(std::size_t length, random_source& random) {
    assert(length >= min_length && length <= max_length);
    std::uint64_t bound = 1;
    for (std::size_t i = 0; i < length; ++i)
        bound *= 10;
    std::uint64_t value = random.below(bound);
    std::array<char, max_length> digits{};
    for (std::size_t i = length; i-- > 0; value /= 10)
        digits[i] = static_cast<char>('0' + value % 10);
    passcode const code(std::string_view(digits.data(), length));
    wipe(std::as_writable_bytes(std::span(digits)));
    return code;
}

std::optional<passcode> passcode::parse(std::string_view text) noexcept {
    if (text.empty() || text.size() > max_length || !all_ascii_digits(text)) return std::nullopt;
    return passcode(text);
}

passcode::passcode(std::string_view digits) noexcept : length_(digits.size()) {
    std::ranges::copy(digits, digits_.begin());
}

passcode::~passcode() {
    wipe(std::as_writable_bytes(std::span(digits_)));
}

} // namespace otpd
