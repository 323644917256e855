#include "line_text.hpp"
#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

namespace otpd::telemetry {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD
constexpr std::string_view ellipsis = "\xE2\x80\xA6";    // U+2026

/// The first code point of a text, and its length in bytes; 0 if it is not valid UTF-8.
struct decoded {
    char32_t point;
    std::size_t length;
};

/// Rejects overlong forms, surrogates and values above U+10FFFF (RFC 3629 3).
decoded decode(std::string_view text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    unsigned const first = byte(0);
    if (first < 0x80) return {first, 1};
    std::size_t const length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return {0, 0};
    char32_t point = first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {0, 0};
        point = (point << 6U) | (byte(i) & 0x3FU);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    bool const surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < least[length] || point > 0x10FFFF || surrogate) return {0, 0};
    return {point, length};
}

void add_escape(line_text& out, char32_t point) noexcept {
    constexpr std::string_view digits = "0123456789abcdef";
    out.add("\\u");
    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        out.add(digits[(point >> shift) & 0xFU]);
    }
}

/// C0 and C1 control characters, DEL, and the two separators that JavaScript and some viewers treat
/// as a line end (CWE-117).
bool must_escape(char32_t point) noexcept {
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x2028 || point == 0x2029;
}

bool is_plain(char c) noexcept {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

std::size_t plain_prefix(std::string_view text) noexcept {
    std::size_t size = 0;
    while (size < text.size() && is_plain(text[size]))
        ++size;
    return size;
}

using word = std::uint64_t;

/// Checks eight characters at once: each one that is not plain sets a high bit.
bool is_plain(word x) noexcept {
    constexpr word ones = 0x0101010101010101;
    constexpr word high = 0x80 * ones;
    constexpr auto zeros = [](word y) { return (y - ones) & ~y; };
    auto const below_space = (x - ' ' * ones) & ~x;
    auto const above_tilde = (x + ones) | x;
    auto const marks = zeros(x ^ ('"' * ones)) | zeros(x ^ ('\\' * ones));
    return ((below_space | above_tilde | marks) & high) == 0;
}

struct value_writer {
    line_text& out;

    void operator()(std::string_view text) const { out.add_quoted(text); }
    void operator()(bool value) const { out.add(value ? "true" : "false"); }
    void operator()(std::int64_t value) const { out.add_number(value); }
    void operator()(std::uint64_t value) const { out.add_number(value); }
    void operator()(trace_id const* id) const { out.add_quoted(to_hex(*id)); }
    /// JSON has no infinity or NaN.
    void operator()(double value) const {
        if (std::isfinite(value))
            out.add_number(value);
        else
            out.add("null");
    }
};

} // namespace

/// Checks while copying, eight characters at a time; the last eight may overlap.
bool line_text::add_plain(std::string_view text) noexcept {
    auto* const to = end();
    if (text.size() < sizeof(word)) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (!is_plain(text[at])) return false;
            to[at] = text[at];
        }
        size_ += text.size();
        return true;
    }
    auto const copy = [&](std::size_t at) {
        word x = 0;
        std::memcpy(&x, text.data() + at, sizeof x);
        std::memcpy(to + at, &x, sizeof x);
        return is_plain(x);
    };
    for (std::size_t at = 0; at + sizeof(word) < text.size(); at += sizeof(word))
        if (!copy(at)) return false;
    if (!copy(text.size() - sizeof(word))) return false;
    size_ += text.size();
    return true;
}

void line_text::add_escaped(std::string_view text) {
    // A character that begins before the limit is kept whole.
    auto const last = std::min(text.size(), max_field_bytes);
    for (std::size_t at = 0; at < last;) {
        auto const plain = plain_prefix(text.substr(at, last - at));
        add(text.substr(at, plain));
        at += plain;
        if (at == last) break;
        auto const [point, length] = decode(text.substr(at));
        if (length == 0) {
            add(replacement);
        } else if (point == '"' || point == '\\') {
            add('\\');
            add(static_cast<char>(point));
        } else if (must_escape(point)) {
            add_escape(*this, point);
        } else {
            add(text.substr(at, length));
        }
        at += std::max<std::size_t>(length, 1);
    }
    if (text.size() > max_field_bytes) add(ellipsis);
}

void line_text::add_quoted(std::string_view text) {
    add('"');
    if (text.size() > max_field_bytes || !add_plain(text)) add_escaped(text);
    add('"');
}

void add_fields(line_text& line, std::string_view event, std::span<field const> fields) {
    auto const start = line.size();
    line.add("\"event\":");
    line.add_quoted(event);
    for (auto const& field : fields) {
        auto const* const id = std::get_if<trace_id const*>(&field.value());
        if (id != nullptr && *id == nullptr) continue;
        auto const before = line.size();
        line.add(",\"");
        line.add(field.name().text());
        line.add("\":");
        std::visit(value_writer{line}, field.value());
        if (line.size() - start > max_line_bytes) {
            line.cut(before);
            line.add(",\"truncated\":true");
            return;
        }
    }
}

void append_fields(std::string& out, std::string_view event, std::span<field const> fields) {
    line_text line;
    add_fields(line, event, fields);
    out += line.view();
}

} // namespace otpd::telemetry
