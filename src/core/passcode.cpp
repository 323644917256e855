#include "otpd/core/passcode.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/secret.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cassert>
#include <span>
#include <stdexcept>

namespace otpd {

namespace {

/// Removes the first digit of `text` and returns it in ASCII; nullopt if there is none.
std::optional<char> take_digit(std::string_view& text) noexcept {
    // In UTF-8: the bytes of each script's digits except the last byte.
    constexpr std::array<std::string_view, 3> scripts{"\xEF\xBC", "\xD9", "\xDB"};
    constexpr std::array<unsigned char, 3> zeros{0x90, 0xA0, 0xB0};
    std::size_t before = 0;
    unsigned char zero = '0';
    bool const is_ascii = !text.empty() && is_ascii_digit(text.front());
    for (std::size_t i = 0; i < scripts.size() && !is_ascii; ++i)
        if (text.starts_with(scripts[i])) {
            before = scripts[i].size();
            zero = zeros[i];
        }
    if (text.size() <= before) return std::nullopt;
    auto const last = static_cast<unsigned char>(text[before]);
    if (last < zero || last - zero > 9) return std::nullopt;
    text.remove_prefix(before + 1);
    return static_cast<char>('0' + (last - zero));
}

} // namespace

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

/// Compares whole arrays; unused digits are zero.
bool passcode::is_same_as(passcode const& other) const noexcept {
    bool const are_equal = CRYPTO_memcmp(digits_.data(), other.digits_.data(), digits_.size()) == 0;
    return length_ == other.length_ && are_equal;
}

std::optional<passcode> passcode::parse(std::string_view text) noexcept {
    if (text.empty() || text.size() > max_length || !all_ascii_digits(text)) return std::nullopt;
    return passcode(text);
}

boost::system::result<passcode, passcode_fault>
passcode::parse_typed(std::string_view text) noexcept {
    text = trim_ascii(text);
    passcode code{std::string_view()};
    std::size_t count = 0;
    for (;;) {
        auto const digit = take_digit(text);
        if (!digit) return passcode_fault::not_digits;
        if (count < max_length) code.digits_[count] = *digit;
        ++count;
        if (text.empty()) break;
        if (text.front() == ' ' || text.front() == '-') text.remove_prefix(1);
    }
    if (count < min_length || count > max_length) return passcode_fault::bad_length;
    code.length_ = count;
    return code;
}

passcode::passcode(std::string_view digits) noexcept : length_(digits.size()) {
    std::ranges::copy(digits, digits_.begin());
}

passcode::~passcode() {
    wipe(std::as_writable_bytes(std::span(digits_)));
}

void throw_exception_from_error(passcode_fault, boost::source_location const&) {
    throw std::logic_error("a faulty code was used as a valid one");
}

} // namespace otpd
