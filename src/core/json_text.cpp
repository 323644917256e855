#include "otpd/core/json_text.hpp"

#include <array>

namespace otpd {

namespace {

/// Bytes that need no escape in a JSON string.
constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (std::size_t byte = 0x20; byte < table.size(); ++byte)
        table[byte] = byte != 0x7f && byte != '"' && byte != '\\';
    return table;
}();

std::size_t plain_prefix(std::string_view text) noexcept {
    std::size_t size = 0;
    while (size < text.size() && plain[static_cast<unsigned char>(text[size])])
        ++size;
    return size;
}

void append_escaped(std::string& out, char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
        return;
    }
    auto const byte = static_cast<unsigned char>(c);
    out += "\\u00";
    out += hex[byte >> 4];
    out += hex[byte & 0x0f];
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        auto const size = plain_prefix(text);
        out.append(text.substr(0, size));
        text.remove_prefix(size);
        if (text.empty()) break;
        append_escaped(out, text.front());
        text.remove_prefix(1);
    }
    out += '"';
}

} // namespace otpd
