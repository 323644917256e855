#include "hook_signature.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/http/credentials.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>

namespace otpd::api {

namespace {

using hmac_sha256 = std::array<unsigned char, 32>;

hmac_sha256 hmac_of(secret_string const& key, std::string_view content) {
    hmac_sha256 mac{};
    unsigned size = 0;
    auto const& text = key.reveal();
    if (HMAC(EVP_sha256(), text.data(), static_cast<int>(text.size()),
             reinterpret_cast<unsigned char const*>(content.data()), content.size(), mac.data(),
             &size) == nullptr)
        throw std::runtime_error("OpenSSL cannot compute an HMAC-SHA-256");
    return mac;
}

std::string hex_of(hmac_sha256 const& mac) {
    return to_hex(std::as_bytes(std::span(mac)));
}

/// "id.1700000000.{...}"
std::string joined(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (auto const& part : parts)
        text.append(text.empty() ? "" : ".").append(part);
    return text;
}

/// Whether the text is a time in seconds since 1970 that is near enough.
bool is_recent(std::string_view text, wall_time now) {
    auto const seconds = parse_number<std::int64_t>(text);
    auto const present = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    return seconds && *seconds >= present - signature_age_max.count() &&
           *seconds <= present + signature_age_max.count();
}

/// Takes the text before the first separator.
std::string_view take_item(std::string_view& list, char separator) {
    auto const end = std::min(list.find(separator), list.size());
    auto const item = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return item;
}

/// www.standardwebhooks.com
bool has_standard_webhook(secret_string const& secret, http::request const& request,
                          wall_time now) {
    auto const key = standard_webhooks_key(secret.reveal());
    auto const id = request.header("webhook-id");
    auto const at = request.header("webhook-timestamp");
    auto list = request.header("webhook-signature").value_or("");
    if (!key || !id || !at || !is_recent(*at, now)) return false;
    auto const mac = hmac_of(*key, joined({*id, *at, request.body()}));
    auto const expected = "v1," + to_base64(mac);
    bool is_right = false;
    while (!list.empty()) {
        auto item = take_item(list, ' ');
        if (item.ends_with(',')) item.remove_suffix(1); // Supabase writes ", " between two
        is_right |= equal_constant_time(item, expected);
    }
    return is_right;
}

/// "t=1700000000,v1=..,v1=.."
bool has_zitadel_signature(secret_string const& secret, http::request const& request,
                           wall_time now) {
    auto const field = request.header("ZITADEL-Signature").value_or("");
    std::string_view at;
    for (auto list = field; !list.empty();)
        if (auto const item = take_item(list, ','); item.starts_with("t=")) at = item.substr(2);
    if (!is_recent(at, now)) return false;
    auto const expected = "v1=" + hex_of(hmac_of(secret, joined({at, request.body()})));
    bool is_right = false;
    for (auto list = field; !list.empty();)
        is_right |= equal_constant_time(take_item(list, ','), expected);
    return is_right;
}

/// Without a time: whoever has such a request can repeat it.
bool has_authgear_signature(secret_string const& secret, http::request const& request) {
    auto const field = request.header("x-authgear-body-signature").value_or("");
    return equal_constant_time(lower_case(field), hex_of(hmac_of(secret, request.body())));
}

bool has_bearer_token(secret_string const& secret, http::request const& request) {
    auto const token = http::bearer_token(request);
    return token && digest_of(*token) == secret.digest();
}

bool is_standard_webhooks(std::string_view secret) noexcept {
    return secret.starts_with("whsec_") || secret.starts_with("v1,whsec_");
}

} // namespace

std::optional<secret_string> standard_webhooks_key(std::string_view secret) {
    constexpr std::string_view version = "v1,";
    constexpr std::string_view prefix = "whsec_";
    constexpr std::size_t least = 24;
    constexpr std::size_t most = 64;
    if (secret.starts_with(version)) secret.remove_prefix(version.size());
    if (!secret.starts_with(prefix)) return std::nullopt;
    auto bytes = from_base64(secret.substr(prefix.size()));
    if (!bytes || bytes->size() < least || bytes->size() > most) return std::nullopt;
    return secret_string(*std::move(bytes));
}

bool is_signed(identity_provider provider, secret_string const& secret,
               http::request const& request, wall_time now) {
    switch (provider) {
    case identity_provider::supabase:
        return has_standard_webhook(secret, request, now);
    case identity_provider::zitadel:
        return has_zitadel_signature(secret, request, now);
    case identity_provider::authgear:
        return has_authgear_signature(secret, request);
    case identity_provider::generic:
        if (is_standard_webhooks(secret.reveal()))
            return has_standard_webhook(secret, request, now);
        break;
    case identity_provider::logto:
    case identity_provider::kratos:
        break;
    }
    return has_bearer_token(secret, request);
}

bool is_hook_secret(identity_provider provider, std::string_view text) {
    constexpr std::size_t least = 16;
    constexpr std::size_t most = 1024;
    bool const must_sign = provider == identity_provider::supabase ||
                           (provider == identity_provider::generic && is_standard_webhooks(text));
    if (must_sign) return standard_webhooks_key(text).has_value();
    return text.size() >= least && text.size() <= most &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

} // namespace otpd::api
