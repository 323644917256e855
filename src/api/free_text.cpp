#include "free_text.hpp"

#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace otpd::api {

namespace {

/// More would be another code, or a part of a phone number.
constexpr std::size_t digits_in_a_row_max = 3;
constexpr std::size_t digits_max = 6;

bool is_alphanumeric(char c) noexcept {
    auto const lower = to_lower(c);
    return is_ascii_digit(c) || (lower >= 'a' && lower <= 'z');
}
bool is_of_host(char c) noexcept {
    return is_alphanumeric(c) || c == '-' || c == '.';
}

bool is_own_host(std::string_view host, otp::client const& client) {
    return std::ranges::find(client.web_otp_hosts, lower_case(host)) != client.web_otp_hosts.end();
}

/// Takes "\n@host #code" off the end. Returns false if the last line looks so, but is not for the
/// client's site, or has another code.
bool take_suffix(std::string_view& text, std::string_view code, otp::client const& client,
                 std::optional<otp::autofill_suffix>& suffix) {
    auto const begin = text.rfind('\n');
    if (begin == std::string_view::npos) return true;
    auto const line = trim_ascii(text.substr(begin));
    if (!line.starts_with('@')) return true;
    auto const space = line.find(' ');
    if (space == std::string_view::npos) return false;
    auto const host = line.substr(1, space - 1);
    auto const end = line.substr(space + 1);
    if (!end.starts_with('#') || end.substr(1) != code || !is_own_host(host, client)) return false;
    suffix = otp::autofill_suffix::web_otp_for(lower_case(host));
    text = text.substr(0, begin);
    return suffix.has_value();
}

/// White space, also line breaks, becomes single spaces.
std::string as_one_line(std::string_view text) {
    std::string line;
    for (char const c : trim_ascii(text)) {
        bool const is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!is_space) line += c;
        if (is_space && !line.ends_with(' ')) line += ' ';
    }
    return line;
}

bool has_foreign_host(std::string_view text, otp::client const& client) {
    if (text.find('@') != std::string_view::npos) return true; // a mail address or an account
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] != '.' || !is_alphanumeric(text[i - 1]) || !is_alphanumeric(text[i + 1]))
            continue;
        auto begin = i;
        auto end = i;
        while (begin > 0 && is_of_host(text[begin - 1]))
            --begin;
        while (end < text.size() && is_of_host(text[end]))
            ++end;
        auto host = text.substr(begin, end - begin);
        while (host.ends_with('.'))
            host.remove_suffix(1);
        if (!is_own_host(host, client)) return true;
        i = end;
    }
    // "https://localhost", "https://[::1]": a host without a dot
    for (auto at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
        auto const rest = text.substr(at + 3);
        auto const end = std::ranges::find_if_not(rest, is_of_host) - rest.begin();
        if (!is_own_host(rest.substr(0, static_cast<std::size_t>(end)), client)) return true;
    }
    return false;
}

bool has_other_numbers(std::string_view text) noexcept {
    std::size_t all = 0;
    std::size_t in_a_row = 0;
    for (char const c : text) {
        in_a_row = is_ascii_digit(c) ? in_a_row + 1 : 0;
        all += is_ascii_digit(c) ? 1 : 0;
        if (in_a_row > digits_in_a_row_max) return true;
    }
    return all > digits_max;
}

} // namespace

std::optional<free_text> read_free_text(std::string_view text, std::string_view code,
                                        otp::client const& client) {
    free_text result;
    text = trim_ascii(text);
    if (!take_suffix(text, code, client, result.suffix)) return std::nullopt;
    auto line = as_one_line(text);
    auto const at = line.find(code);
    if (at == std::string::npos || line.find(code, at + 1) != std::string::npos)
        return std::nullopt;
    bool const is_whole =
        (at == 0 || !is_alphanumeric(line[at - 1])) &&
        (at + code.size() == line.size() || !is_alphanumeric(line[at + code.size()]));
    auto const before = line.substr(0, at);
    auto const after = line.substr(at + code.size());
    auto const around = before + ' ' + after;
    if (!is_whole || around.find_first_of("{}") != std::string::npos || has_other_numbers(around) ||
        has_foreign_host(line, client))
        return std::nullopt;
    result.text = before + "{code}" + after;
    if (otp::messages::fault_of(result.text, code.size(), {std::chrono::minutes(1)}, {}))
        return std::nullopt;
    return result;
}

} // namespace otpd::api
