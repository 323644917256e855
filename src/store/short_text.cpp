#include "short_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace otpd::store {

namespace {

// A byte of a short text is, in this order: a word, a character as it is, a word, two decimal digits, a word,
// and two that say how the next are meant. Visible ASCII and the space stand for themselves.
constexpr std::uint8_t first_plain = 0x20;
constexpr std::uint8_t last_plain = 0x7e;
constexpr std::uint8_t first_pair = 0x80; // "00"
constexpr std::uint8_t last_pair = first_pair + 99;
constexpr std::uint8_t as_it_is = 0xfe; // one byte of any value follows
constexpr std::uint8_t hex_digits =
    0xff; // a count of bytes follows, and so many: two lower case digits each

/// Fewer digits are shorter in another way.
constexpr std::size_t hex_min = 8;
constexpr std::size_t hex_max = 510;

/// Their order is of no importance: nothing of this outlives the process. Those of details are as the domain's
/// details_writer makes them; a text without any of them is kept just as well, only longer.
constexpr std::array<std::string_view, 59> words{
    "country=", ",route_plan=", "default", ",limits=", "%20", "%2F", "%2C%20", "client_1m",
    "number_10m", "number_24h", "guesses_", "number_", "prefix_", "country_", "client_",
    "end_user_", "caller_", "global_", "_10m", "_24h", "_1m", "_1h",
    "route_id=", "i,outcome=chosen",
    "i,outcome=", "i,price=", ",cost=", ",price=", ",reason=", "i,reason=", "BX-", "000u", "00u",
    "status=", ",seconds=", ",error=", ",order_id=", ",bx_message_id=", "best=cheapest",
    "best=fastest", ",samples=", "i,verified_share=", "0.",
    "i,cost_per_verified=", "u,cost_per_verified=", ",delivery_seconds=", "DELIVRD", "UNDELIV",
    "delivered", "failed",
    // Those of a send with default settings, whole.
    ",route_plan=default,limits=number_10m%20", "%2F5%2C%20number_24h%20",
    "%2F10%2C%20client_1m%20", "%2C%20number_24h%20", "%2F600",
    "i,outcome=chosen,price=", "000u,cost=", "timed_out", "i,"};

constexpr std::uint8_t code_of(std::size_t word) noexcept {
    if (word < first_plain) return static_cast<std::uint8_t>(word);
    if (word == first_plain) return last_plain + 1;
    return static_cast<std::uint8_t>(last_pair + (word - first_plain));
}
static_assert(code_of(words.size() - 1) < as_it_is);

constexpr std::size_t word_of(std::uint8_t code) noexcept {
    if (code < first_plain) return code;
    if (code == last_plain + 1) return first_plain;
    return first_plain + (code - last_pair);
}

struct known_word {
    std::string_view text;
    std::uint8_t code = 0;
};

/// Those that begin with the same character are beside each other, the longest first.
constexpr auto sorted_words = [] {
    std::array<known_word, words.size()> all{};
    for (std::size_t i = 0; i < words.size(); ++i)
        all[i] = {words[i], code_of(i)};
    std::ranges::sort(all, [](known_word const& a, known_word const& b) {
        return a.text[0] != b.text[0] ? a.text[0] < b.text[0] : a.text.size() > b.text.size();
    });
    return all;
}();

/// By first character where they begin in that order.
constexpr auto first_words = [] {
    std::array<std::uint8_t, 128> from{};
    for (std::size_t c = 0; c < from.size(); ++c)
        from[c] = static_cast<std::uint8_t>(
            std::ranges::count_if(sorted_words, [c](known_word const& each) {
                return static_cast<std::size_t>(each.text[0]) < c;
            }));
    return from;
}();

known_word const* find_word(std::string_view text) noexcept {
    auto const first = static_cast<std::uint8_t>(text[0]);
    if (first >= first_words.size() - 1) return nullptr;
    for (std::size_t i = first_words[first]; i < first_words[first + 1U]; ++i)
        if (text.starts_with(sorted_words[i].text)) return &sorted_words[i];
    return nullptr;
}

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}
constexpr unsigned value_of(char hex) noexcept {
    return static_cast<unsigned>(is_digit(hex) ? hex - '0' : hex - 'a' + 10);
}

/// How many hexadecimal digits the text begins with, an even number; 0 when they are better written otherwise.
std::size_t hex_run(std::string_view text) noexcept {
    std::size_t size = 0;
    bool letters = false;
    for (; size < std::min(text.size(), hex_max) && is_hex(text[size]); ++size)
        letters = letters || !is_digit(text[size]);
    return letters && size >= hex_min ? size & ~std::size_t{1} : 0;
}

void append_hex(std::string& to, std::string_view digits) {
    to += static_cast<char>(hex_digits);
    to += static_cast<char>(digits.size() / 2);
    for (std::size_t i = 0; i < digits.size(); i += 2)
        to += static_cast<char>(value_of(digits[i]) << 4U | value_of(digits[i + 1]));
}

void append_character(std::string& to, char c) {
    auto const byte = static_cast<std::uint8_t>(c);
    if (byte < first_plain || byte > last_plain) to += static_cast<char>(as_it_is);
    to += c;
}

/// What the text begins with; how many characters that was.
std::size_t append_next(std::string& to, std::string_view text) {
    if (auto const* const word = find_word(text)) {
        to += static_cast<char>(word->code);
        return word->text.size();
    }
    if (is_hex(text[0]))
        if (auto const size = hex_run(text); size > 0) {
            append_hex(to, text.substr(0, size));
            return size;
        }
    if (text.size() > 1 && is_digit(text[0]) && is_digit(text[1])) {
        to += static_cast<char>(first_pair + 10 * (text[0] - '0') + (text[1] - '0'));
        return 2;
    }
    append_character(to, text[0]);
    return 1;
}

} // namespace

void append_short(std::string& to, std::string_view text) {
    while (!text.empty())
        text.remove_prefix(append_next(to, text));
}

std::string shortened(std::string_view text) {
    std::string to;
    append_short(to, text);
    return to;
}

std::string lengthened(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string to;
    to.reserve(3 * text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const code = static_cast<std::uint8_t>(text[i]);
        if (code >= first_plain && code <= last_plain) {
            to += text[i];
        } else if (code >= first_pair && code <= last_pair) {
            to += static_cast<char>('0' + (code - first_pair) / 10);
            to += static_cast<char>('0' + (code - first_pair) % 10);
        } else if (code == as_it_is) {
            to += text[++i];
        } else if (code == hex_digits) {
            for (auto left = static_cast<std::uint8_t>(text[++i]); left > 0; --left) {
                auto const byte = static_cast<std::uint8_t>(text[++i]);
                to += digits[byte >> 4U];
                to += digits[byte & 0xfU];
            }
        } else {
            to += words[word_of(code)];
        }
    }
    return to;
}

} // namespace otpd::store
