#include "request_target.hpp"

#include "text.hpp"

namespace otpd::http {

namespace {

constexpr character_class
    authority_characters("-._:[]0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

/// Whether all characters are allowed, every escape is complete and none encodes a NUL.
bool is_clean_target(std::string_view target) noexcept {
    for (std::size_t i = 0; i < target.size(); ++i) {
        if (!target_characters.holds(target[i])) return false;
        if (target[i] != '%') continue;
        if (target.size() - i < 3) return false;
        int const high = hex_value(target[i + 1]);
        int const low = hex_value(target[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
    }
    return true;
}

/// The size of the prefix `http://` or `https://` of `target`, else 0.
std::size_t scheme_size(std::string_view target) noexcept {
    for (std::string_view scheme : {"http://", "https://"})
        if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
    return 0;
}

} // namespace

bool is_authority(std::string_view text) noexcept {
    return !text.empty() && authority_characters.holds_all_of(text);
}

std::optional<framing_fault> request_target::take(std::string_view target, method verb,
                                                  std::size_t bytes_max, std::string_view bytes) {
    if (target.size() > bytes_max) return framing_fault::target_too_long;
    whole_ = byte_span::make(target, bytes);
    if (target == "*" && verb == method::options) {
        path_ = whole_;
        return std::nullopt;
    }
    if (!is_clean_target(target)) return framing_fault::bad_target;
    auto rest = target;
    if (auto const scheme = scheme_size(target); scheme != 0) {
        rest.remove_prefix(scheme);
        auto const authority = rest.substr(0, rest.find_first_of("/?"));
        if (authority.empty()) return framing_fault::bad_target;
        authority_ = byte_span::make(authority, bytes);
        rest.remove_prefix(authority.size());
    } else if (!target.starts_with('/')) {
        return framing_fault::bad_target;
    }
    auto const path = rest.substr(0, rest.find('?'));
    path_ = byte_span::make(path, bytes);
    if (path.size() != rest.size()) query_ = byte_span::make(rest.substr(path.size() + 1), bytes);
    return std::nullopt;
}

} // namespace otpd::http
