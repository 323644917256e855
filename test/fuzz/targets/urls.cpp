/// The texts that name a location: the upstream, a store, an endpoint of a webhook.

#include "otpd/net/origin.hpp"
#include "otpd/store/location.hpp"
#include "target.hpp"
#include "webhook/endpoint_url.hpp"

#include <optional>
#include <stdexcept>
#include <string>

using otpd::fuzz::must;

namespace {

constexpr std::string_view secret = "S3cr3t";

bool could_split_a_request(std::string_view text) {
    for (char const c : text)
        if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return true;
    return false;
}

void check_origin(otpd::net::origin const& origin) {
    must(!origin.host.empty() && !could_split_a_request(origin.host), "a host is a name");
    must(origin.port != 0, "a port is one that can be connected to");
    must(!could_split_a_request(origin.authority()), "a Host field is one line");
}

void check_base_url(std::string_view text) {
    auto const base = otpd::net::parse_base_url(text);
    if (!base) return;
    check_origin(*base);
    must(base->path.empty() || base->path.front() == '/', "a path begins with a slash");
    must(base->path.empty() || base->path.back() != '/', "a base has no slash behind it");
    must(!could_split_a_request(base->path), "a path is one word");
    auto const again = otpd::net::parse_base_url((base->tls ? "https://" : "http://") +
                                                 base->authority() + base->path);
    must(again && again->authority() == base->authority() && again->path == base->path &&
             again->tls == base->tls,
         "a base is read as it is written");
}

void check_endpoint(std::string_view text, bool allow_private) {
    std::optional<otpd::webhook::endpoint_url> url;
    try {
        url = otpd::webhook::parse_endpoint_url(text, allow_private);
    } catch (std::invalid_argument const& fault) {
        must(std::string_view(fault.what()).find(secret) == std::string_view::npos,
             "a refusal does not repeat the URL");
        return;
    }
    check_origin(url->origin);
    must(url->origin.tls || allow_private, "an endpoint is asked in secret");
    must(url->target.front() == '/', "a target begins with a slash");
    must(!could_split_a_request(url->target), "a target is one word");
    must(text.find('#') == std::string_view::npos, "an endpoint has no fragment");
}

void check_location(std::string_view text) {
    auto const where = otpd::store::parse_location(text);
    if (!where) return;
    auto const shown = where->to_string();
    must(!could_split_a_request(shown), "a location is one word");
    auto const again = otpd::store::parse_location(shown);
    must(again && again->to_string() == shown, "a location is read as it is written");
    must(again->type == where->type && again->tls == where->tls &&
             again->database == where->database && again->path == where->path,
         "a location is the one that was written");
    must(again->user.empty() && again->password.empty(), "neither user nor password is written");
}

} // namespace

OTPD_FUZZ_TARGET(urls) {
    check_base_url(bytes);
    check_endpoint(bytes, false);
    check_endpoint(bytes, true);
    check_location(bytes);
}
