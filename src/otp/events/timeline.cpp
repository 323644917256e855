#include "otpd/otp/timeline.hpp"

#include "otpd/core/decimal.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/store/verification.hpp"

#include <algorithm>
#include <optional>

namespace otpd::otp {

namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

bool is_plain(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
}

/// Returns whether a text would be parsed as a number or a boolean. Its last letter is then
/// encoded.
bool looks_typed(std::string_view text) noexcept {
    if (text == "trueb" || text == "falseb") return true;
    if (text.size() < 2 || (text.back() != 'i' && text.back() != 'u')) return false;
    text.remove_suffix(1);
    if (text.front() == '-') text.remove_prefix(1);
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void append_encoded(std::string& out, std::string_view text) {
    auto const plain_max = looks_typed(text) ? text.size() - 1 : text.size();
    for (std::size_t at = 0;;) {
        auto const begin = at;
        while (at < plain_max && is_plain(text[at]))
            ++at;
        out.append(text.substr(begin, at - begin));
        if (at == text.size()) return;
        auto const byte = static_cast<unsigned char>(text[at++]);
        out += {'%', hex_digits[byte >> 4U], hex_digits[byte & 0xFU]};
    }
}

std::optional<std::string> decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_plain(text[i])) {
            out += text[i];
            continue;
        }
        if (text[i] != '%' || text.size() - i < 3) return std::nullopt;
        auto const high = hex_value(text[i + 1]);
        auto const low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::optional<detail_value> read_value(std::string_view text) {
    if (text == "trueb") return detail_value(true);
    if (text == "falseb") return detail_value(false);
    if (looks_typed(text)) {
        auto const number = parse_number<std::int64_t>(text.substr(0, text.size() - 1));
        if (!number) return std::nullopt;
        if (text.back() == 'u') return detail_value(money::from_micros(*number));
        return detail_value(*number);
    }
    auto plain = decode(text);
    if (!plain) return std::nullopt;
    return detail_value(*std::move(plain));
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

} // namespace

template <class AppendValue>
void details_writer::append(std::string_view name, AppendValue append_value) {
    auto const before = text_.size();
    if (before != 0) text_ += ',';
    text_.append(name).append("=");
    append_value(text_);
    if (text_.size() > store::details_max) text_.resize(before);
}

details_writer& details_writer::add(std::string_view name, std::string_view text) {
    if (!text.empty()) append(name, [text](std::string& to) { append_encoded(to, text); });
    return *this;
}

details_writer& details_writer::add(std::string_view name, std::int64_t number) {
    append(name, [number](std::string& to) {
        append_integer(to, number);
        to += 'i';
    });
    return *this;
}

details_writer& details_writer::add(std::string_view name, money amount) {
    append(name, [amount](std::string& to) {
        append_integer(to, amount.micros());
        to += 'u';
    });
    return *this;
}

details_writer& details_writer::add(std::string_view name, bool flag) {
    append(name, [flag](std::string& to) { to += flag ? "trueb" : "falseb"; });
    return *this;
}

std::vector<detail> read_details(std::string_view text) {
    std::vector<detail> out;
    while (!text.empty()) {
        auto const comma = text.find(',');
        auto const pair = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
        auto const equals = pair.find('=');
        if (equals == std::string_view::npos || !is_name(pair.substr(0, equals))) continue;
        if (auto value = read_value(pair.substr(equals + 1)))
            out.emplace_back(pair.substr(0, equals), *std::move(value));
    }
    return out;
}

} // namespace otpd::otp
