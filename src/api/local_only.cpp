#include "otpd/api/local_only.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/http/address_range.hpp"
#include "otpd/http/problem.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace otpd::api {

namespace {

using boost::beast::iequals;

bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && iequals(text.substr(text.size() - end.size()), end);
}

/// Returns the host of `host[:port]`; empty if `authority` has another form.
std::string_view host_of(std::string_view authority) {
    auto const colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
    if (colon == authority.npos) return authority;
    return all_ascii_digits(authority.substr(colon + 1)) ? authority.substr(0, colon)
                                                         : std::string_view();
}

bool is_local(std::string_view authority) {
    auto host = host_of(authority);
    if (host == "127.0.0.1" || iequals(host, "localhost") ||
        ends_with_ignoring_case(host, ".localhost"))
        return true;
    bool const is_v6 = host.starts_with('[') && host.ends_with(']');
    if (is_v6) host = host.substr(1, host.size() - 2);
    auto const address = http::parse_address(host);
    return address && address->is_loopback() && is_v6 == (host.find(':') != host.npos);
}

bool is_local_origin(std::string_view origin) {
    for (std::string_view scheme : {"http://", "https://"})
        if (origin.starts_with(scheme)) return is_local(origin.substr(scheme.size()));
    return false;
}

bool is_of_a_proxy(std::string_view field) {
    constexpr std::string_view prefix = "x-forwarded-";
    constexpr std::array<std::string_view, 3> names{"forwarded", "via", "x-real-ip"};
    return iequals(field.substr(0, prefix.size()), prefix) ||
           std::ranges::any_of(names, [&](auto name) { return iequals(field, name); });
}

/// Returns how the request shows a foreign origin; empty if it does not.
std::string sign_of_others(http::request const& request) {
    if (!http::unmapped(request.peer()).is_loopback()) return "comes from another machine";
    for (auto const& [name, value] : request.fields()) {
        if (is_of_a_proxy(name)) return "carries " + std::string(name);
        if (iequals(name, "host") && !is_local(value)) return "is for another Host";
        if (iequals(name, "origin") && !is_local_origin(value)) return "has a foreign Origin";
    }
    return {};
}

} // namespace

std::optional<http::response> refuse_unless_local(http::request const& request) {
    auto const sign = sign_of_others(request);
    if (sign.empty()) return std::nullopt;
    auto detail = "This server shows codes or asks for no token, so it is for this machine only, "
                  "and the request " +
                  sign +
                  ". Ask it directly, at http://localhost or http://127.0.0.1; or, for others to "
                  "use it, set API_AUTH_TOKEN and turn otp.debug off.";
    return to_response({.status = 403, .code = "local_only", .detail = std::move(detail)}, request);
}

} // namespace otpd::api
