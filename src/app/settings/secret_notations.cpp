// The kinds of secret. None is shown.

#include "notations.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/core/passcode.hpp"

namespace otpd::app {

namespace {

constexpr std::size_t max_secret_length = 1024;
constexpr std::size_t min_hmac_secret_length = 32; // as long as the digest (RFC 2104 3)
constexpr std::size_t max_previous_secrets = 8;

bool is_header_value(std::string_view text) {
    return text.size() <= max_secret_length &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_operator_token(std::string_view text) {
    constexpr std::size_t least = 16;
    return text.empty() || (text.size() >= least && is_header_value(text));
}

bool is_hmac_secret(std::string_view text) {
    return text.size() >= min_hmac_secret_length && text.size() <= max_secret_length &&
           values::has_different_bytes(text) && text != "change-me-in-production";
}

std::optional<secret_string> parse_signing_secret(std::string_view text) {
    constexpr std::string_view prefix = "whsec_";
    constexpr std::size_t least = 24;
    constexpr std::size_t most = 64;
    if (!text.starts_with(prefix)) return std::nullopt;
    auto bytes = from_base64(text.substr(prefix.size()));
    if (!bytes || bytes->size() < least || bytes->size() > most ||
        !values::has_different_bytes(*bytes))
        return std::nullopt;
    return secret_string(*std::move(bytes));
}

} // namespace

notation<secret_string> notations::secret(std::string allowed,
                                          std::function<bool(std::string_view)> is_good) {
    auto const parse = [is_good = std::move(is_good)](std::string_view text) {
        return is_good(text) ? std::optional(secret_string(std::string(text))) : std::nullopt;
    };
    return {{.kind = value_kind::text, .allowed = std::move(allowed), .is_secret = true},
            parse,
            [](secret_string const& value) { return value.empty() ? "not set" : "set"; }};
}

notation<secret_string> notations::header_secret(std::string_view or_empty) {
    return secret(std::string(or_empty) + "visible ASCII characters, at most 1024",
                  is_header_value);
}

notation<secret_string> notations::operator_token() {
    return secret("empty or 16 to 1024 visible ASCII characters", is_operator_token);
}

notation<secret_string> notations::hmac_secret() {
    return secret("empty or 32 to 1024 random bytes, 8 of them different, not the well-known "
                  "default (make one: openssl rand -hex 32)",
                  [](std::string_view text) { return text.empty() || is_hmac_secret(text); });
}

notation<secret_string> notations::test_code() {
    return secret("as many digits as otp.length says",
                  [](std::string_view text) { return passcode::parse(text).has_value(); });
}

notation<std::vector<secret_string>> notations::hmac_secrets() {
    return list_of(secret({}, is_hmac_secret),
                   "at most 8 secrets of 32 to 1024 bytes each, 8 of them different, without "
                   "commas",
                   {.most = max_previous_secrets, .is_sorted = false, .may_repeat = true});
}

notation<std::vector<secret_string>> notations::signing_secrets() {
    auto secret_of = secret({}, {});
    secret_of.parse = parse_signing_secret;
    return list_of(secret_of,
                   "1 to 4 different secrets: whsec_ and base64 of 24 to 64 random bytes, 8 of "
                   "them different",
                   {.least = 1, .most = 4, .is_sorted = false});
}

notation<std::vector<secret_digest>> notations::token_digests() {
    auto const parse = [](std::string_view text) -> std::optional<secret_digest> {
        secret_digest digest{};
        if (!from_hex(text, digest)) return std::nullopt;
        return digest;
    };
    // An old token and its successor. check_tables() refuses equal ones.
    auto out = list_of(notation<secret_digest>{{value_kind::text, {}}, parse, {}},
                       "one or two different SHA-256 hashes in hexadecimal",
                       {.least = 1, .most = 2, .is_sorted = false, .may_repeat = true});
    out.show = [](std::vector<secret_digest> const& list) {
        return std::to_string(list.size()) + " set";
    };
    return out;
}

} // namespace otpd::app
