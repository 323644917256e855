#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/core/purpose.hpp"
#include "settings_rows.hpp"

#include <algorithm>
#include <set>

namespace otpd::app::rules {

namespace {

constexpr std::size_t max_secret_length = 1024;
constexpr std::size_t min_hmac_secret_length = 32; // as long as the digest (RFC 2104 3)
constexpr std::size_t max_path_length = 4096;
constexpr std::string_view reference_default_secret = "change-me-in-production";

/// What `Parse` makes of each item, sorted; nothing when one is not good or comes twice.
template <class T, class Parse>
std::optional<std::vector<T>> parse_set(std::string_view text, Parse parse) {
    std::vector<T> items;
    for (auto const item : values::split_list(text)) {
        std::optional<T> value = parse(item);
        if (!value) return std::nullopt;
        items.push_back(*std::move(value));
    }
    std::ranges::sort(items);
    if (std::ranges::adjacent_find(items) != items.end()) return std::nullopt;
    return items;
}

} // namespace

bool is_header_value(std::string_view text) {
    return values::is_visible(text) && text.size() <= max_secret_length;
}

bool is_operator_token(std::string_view text) {
    constexpr std::size_t least = 16;
    return text.empty() || (text.size() >= least && is_header_value(text));
}

bool has_different_bytes(std::string_view text) {
    return std::set<char>(text.begin(), text.end()).size() >= different_bytes_min;
}

bool is_hmac_secret(std::string_view text) {
    return text.size() >= min_hmac_secret_length && text.size() <= max_secret_length &&
           has_different_bytes(text) && text != reference_default_secret;
}

bool is_hmac_secret_or_empty(std::string_view text) {
    return text.empty() || is_hmac_secret(text);
}

bool is_path_or_empty(std::string_view text) {
    return text.size() <= max_path_length && text.find('\0') == std::string_view::npos &&
           text.find('\n') == std::string_view::npos;
}

bool is_caller_id(std::string_view text) {
    return text.size() >= bridgexapi::min_caller_id_length &&
           text.size() <= bridgexapi::max_caller_id_length && values::is_printable(text) &&
           text.front() != ' ' && text.back() != ' ';
}

bool is_name(std::string_view text, std::string_view more, std::size_t most) {
    return !text.empty() && text.size() <= most && std::ranges::all_of(text, [&](char c) {
        return is_ascii_digit(c) || (c >= 'a' && c <= 'z') ||
               more.find(c) != std::string_view::npos;
    });
}

std::optional<int> parse_route(std::string_view text) {
    auto const route = values::parse_whole(text);
    if (!route || *route < first_route || *route > last_route) return std::nullopt;
    return static_cast<int>(*route);
}

std::optional<std::string> parse_purpose(std::string_view text) {
    auto what = purpose::parse(text);
    if (!what) return std::nullopt;
    return what->name();
}

std::optional<std::string> parse_country(std::string_view text) {
    bool const letters = std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (text.size() != 2 || !letters) return std::nullopt;
    return std::string(text);
}

std::optional<std::vector<int>> parse_routes(std::string_view text) {
    return parse_set<int>(text, parse_route);
}

std::optional<std::vector<std::string>> parse_purposes(std::string_view text) {
    return parse_set<std::string>(text, parse_purpose);
}

std::optional<std::vector<std::string>> parse_countries(std::string_view text) {
    return parse_set<std::string>(text, parse_country);
}

std::optional<std::string> parse_web_otp_host(std::string_view text) {
    auto tail = otp::message_tail::web_otp_for(text);
    if (!tail) return std::nullopt;
    return std::move(tail->text);
}

std::optional<std::vector<std::string>> parse_web_otp_hosts(std::string_view text) {
    return parse_set<std::string>(text, parse_web_otp_host);
}

otp::message_tail default_tail_of(std::vector<std::string> const& web_otp_hosts) {
    if (web_otp_hosts.size() != 1) return {};
    return otp::message_tail::web_otp_for(web_otp_hosts.front()).value_or(otp::message_tail{});
}

std::string joined(std::vector<std::string> const& items) {
    std::string out;
    for (auto const& item : items)
        out.append(out.empty() ? "" : ",").append(item);
    return out;
}

std::string joined(std::vector<int> const& items) {
    std::string out;
    for (int const item : items)
        out.append(out.empty() ? "" : ",").append(std::to_string(item));
    return out;
}

} // namespace otpd::app::rules
