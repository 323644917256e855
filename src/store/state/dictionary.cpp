#include "state/dictionary.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace otpd::store::state {

namespace {

// A byte below 0x80 stands for itself and a byte from 0x80 on for a word. 0xff means that the next
// byte stands for itself.
constexpr std::uint8_t first_word = 0x80;
constexpr std::uint8_t as_it_is = 0xff;

/// Spelled as the domain's details_writer writes them, and as limits are named by default.
constexpr std::array<std::string_view, 64> words{
    "country=", ",route_plan=default", ",route_plan=", ",limits=", "%20", "%2F", "%2C%20",
    // Limits.
    "number_10m", "number_24h", "client_1m", "prefix_1h", "country_1h", "global_1m", "global_24h",
    "end_user_10m", "end_user_24h", "caller_10m", "caller_24h", "guesses_", "_10m", "_24h", "_1m",
    "_1h", "number_", "client_", "prefix_", "country_", "global_",
    // Whole details of a send with default settings.
    ",route_plan=default,limits=number_10m%20", "%2F5%2C%20number_24h%20",
    "%2F10%2C%20client_1m%20",
    // Steps of a route plan, results and deliveries.
    "route_id=", "i,outcome=chosen",
    "i,outcome=chosen,price=", "i,outcome=", "i,price=", "i,reason=", "000u,cost=", "000u", "00u",
    ",cost=", ",price=", ",reason=", "best=cheapest", "best=fastest",
    ",samples=", "i,verified_share=0.", "i,cost_per_verified=", "u,cost_per_verified=",
    ",delivery_seconds=", "status=", ",seconds=", ",error=", ",order_id=", ",bx_message_id=BX-",
    "DELIVRD", "UNDELIV", "ENROUTE", "delivered", "failed", "timed_out", "default",
    // Purposes.
    ":login", ":payment"};
static_assert(words.size() <= as_it_is - first_word);

/// The words by first character, the longest first.
struct index {
    std::array<std::uint8_t, words.size()> order{};
    std::array<std::uint8_t, 129> first{}; ///< where the words of each character begin
};
constexpr index by_character = [] {
    index all;
    for (std::size_t i = 0; i < words.size(); ++i)
        all.order[i] = static_cast<std::uint8_t>(i);
    std::ranges::sort(all.order, [](std::uint8_t a, std::uint8_t b) {
        return words[a][0] != words[b][0] ? words[a][0] < words[b][0]
                                          : words[a].size() > words[b].size();
    });
    for (std::size_t c = 0; c < all.first.size(); ++c)
        all.first[c] = static_cast<std::uint8_t>(std::ranges::count_if(
            words, [c](std::string_view word) { return static_cast<std::size_t>(word[0]) < c; }));
    return all;
}();

/// The longest word at the start of the text; words.size() if there is none.
std::size_t find_word(std::string_view text) noexcept {
    auto const c = static_cast<std::uint8_t>(text[0]);
    if (c >= first_word) return words.size();
    for (std::size_t i = by_character.first[c]; i < by_character.first[c + 1U]; ++i)
        if (text.starts_with(words[by_character.order[i]])) return by_character.order[i];
    return words.size();
}

} // namespace

void append_packed(std::string& to, std::string_view text) {
    while (!text.empty()) {
        if (auto const word = find_word(text); word < words.size()) {
            to += static_cast<char>(first_word + word);
            text.remove_prefix(words[word].size());
            continue;
        }
        if (static_cast<std::uint8_t>(text[0]) >= first_word) to += static_cast<char>(as_it_is);
        to += text[0];
        text.remove_prefix(1);
    }
}

bool is_packed(std::string_view packed) noexcept {
    for (std::size_t i = 0; i < packed.size(); ++i) {
        auto const code = static_cast<std::uint8_t>(packed[i]);
        if (code == as_it_is ? ++i == packed.size() : code >= first_word + words.size())
            return false;
    }
    return true;
}

void append_unpacked(std::string& to, std::string_view packed) {
    for (std::size_t i = 0; i < packed.size(); ++i) {
        auto const code = static_cast<std::uint8_t>(packed[i]);
        if (code < first_word) {
            to += packed[i];
        } else if (code == as_it_is) {
            if (++i == packed.size()) return;
            to += packed[i];
        } else {
            if (code >= first_word + words.size()) return;
            to += words[code - first_word];
        }
    }
}

void write_packed(writer& to, std::string_view text) {
    std::string packed; // usually short enough to need no allocation
    append_packed(packed, text);
    to.text(packed);
}

void read_packed(reader& reader, std::string& text) {
    auto const packed = reader.text();
    if (!is_packed(packed)) reader.fail();
    text.clear();
    if (reader.ok()) append_unpacked(text, packed);
}

} // namespace otpd::store::state
