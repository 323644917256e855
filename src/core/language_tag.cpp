#include "otpd/core/language_tag.hpp"

#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <array>

namespace otpd {

namespace {

constexpr bool is_letter(char c) noexcept {
    return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}
constexpr bool is_letter_or_digit(char c) noexcept {
    return is_letter(c) || is_ascii_digit(c);
}

bool has_length(std::string_view subtag, std::size_t least, std::size_t most) noexcept {
    return subtag.size() >= least && subtag.size() <= most;
}
bool is_of_letters(std::string_view subtag, std::size_t least, std::size_t most) noexcept {
    return has_length(subtag, least, most) && std::ranges::all_of(subtag, is_letter);
}
bool is_of_both(std::string_view subtag, std::size_t least, std::size_t most) noexcept {
    return has_length(subtag, least, most) && std::ranges::all_of(subtag, is_letter_or_digit);
}

bool is_region(std::string_view subtag) noexcept {
    return is_of_letters(subtag, 2, 2) || (subtag.size() == 3 && all_ascii_digits(subtag));
}
bool is_variant(std::string_view subtag) noexcept {
    return is_of_both(subtag, 5, 8) || (is_of_both(subtag, 4, 4) && is_ascii_digit(subtag.front()));
}
bool is_private_mark(std::string_view subtag) noexcept {
    return equal_ignoring_case(subtag, "x");
}
bool is_singleton(std::string_view subtag) noexcept {
    return is_of_both(subtag, 1, 1) && !is_private_mark(subtag);
}

/// Iterates over the subtags of a text, left to right. After the last one, and between two adjacent
/// hyphens, the next subtag is empty; no rule accepts that.
class subtags {
public:
    explicit subtags(std::string_view text) noexcept : left_(text) { advance(); }
    [[nodiscard]] std::string_view next() const noexcept { return next_; }
    /// Consumes the next subtag if `rule` accepts it.
    template <class Rule>
    bool take(Rule rule) noexcept {
        if (!rule(next_)) return false;
        advance();
        return true;
    }
    template <class Rule>
    std::size_t take_all(Rule rule) noexcept {
        std::size_t count = 0;
        while (take(rule))
            ++count;
        return count;
    }
    [[nodiscard]] bool at_end() const noexcept { return ended_; }

private:
    void advance() noexcept {
        ended_ = behind_last_;
        auto const hyphen = left_.find('-');
        next_ = left_.substr(0, hyphen);
        behind_last_ = hyphen == std::string_view::npos;
        left_.remove_prefix(behind_last_ ? left_.size() : hyphen + 1);
    }

    std::string_view left_;
    std::string_view next_;
    bool behind_last_ = false; ///< `next_` is the last subtag
    bool ended_ = false;
};

/// `irregular` of RFC 5646 2.1: tags that predate the syntax.
constexpr std::array<std::string_view, 17> irregular_tags{
    "en-GB-oed", "i-ami", "i-bnn",     "i-default", "i-enochian", "i-hak",
    "i-klingon", "i-lux", "i-mingo",   "i-navajo",  "i-pwn",      "i-tao",
    "i-tay",     "i-tsu", "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE"};

/// *("-" extension) ["-" privateuse], or privateuse alone.
bool take_extensions_and_private_use(subtags& subtags) noexcept {
    while (subtags.take(is_singleton))
        if (subtags.take_all([](auto subtag) { return is_of_both(subtag, 2, 8); }) == 0)
            return false;
    if (subtags.take(is_private_mark))
        return subtags.take_all([](auto subtag) { return is_of_both(subtag, 1, 8); }) > 0;
    return true;
}

bool take_language(subtags& subtags) noexcept {
    bool const is_short = has_length(subtags.next(), 2, 3);
    if (!subtags.take([](auto subtag) { return is_of_letters(subtag, 2, 8); })) return false;
    constexpr int extended_max = 3;
    for (int i = 0; is_short && i < extended_max; ++i)
        if (!subtags.take([](auto subtag) { return is_of_letters(subtag, 3, 3); })) break;
    return true;
}

} // namespace

bool is_language_tag(std::string_view text) noexcept {
    if (text.size() > max_language_tag_length) return false;
    auto const is_text = [text](std::string_view tag) { return equal_ignoring_case(tag, text); };
    if (std::ranges::any_of(irregular_tags, is_text)) return true;
    subtags left(text);
    if (!is_private_mark(left.next())) {
        if (!take_language(left)) return false;
        left.take([](auto subtag) { return is_of_letters(subtag, 4, 4); }); // script
        left.take(is_region);
        left.take_all(is_variant);
    }
    return take_extensions_and_private_use(left) && left.at_end();
}

} // namespace otpd
