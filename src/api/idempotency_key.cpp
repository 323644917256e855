#include "idempotency_key.hpp"

#include "otpd/api/authenticator.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <stdexcept>

namespace otpd::api {

namespace {

constexpr std::string_view field_name = "Idempotency-Key";

bool is_visible(char c) noexcept {
    return c > 0x20 && c < 0x7f;
}

/// Returns the text between the quotes; nullopt unless the whole text is a quoted string.
std::optional<std::string> unquote(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
    text = text.substr(1, text.size() - 2);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '"' || (c != ' ' && !is_visible(c))) return std::nullopt;
        if (c == '\\') {
            if (++i == text.size() || (text[i] != '"' && text[i] != '\\')) return std::nullopt;
            c = text[i];
        }
        out += c;
    }
    return out;
}

std::optional<std::string> read_key(std::string_view text) {
    bool const quoted = text.starts_with('"');
    bool const bare = std::ranges::all_of(text, [](char c) { return is_visible(c) && c != '"'; });
    std::optional<std::string> key;
    if (quoted)
        key = unquote(text);
    else if (bare)
        key = std::string(text);
    if (!key || key->empty() || key->size() > otp::idempotency_key::max_key_length)
        return std::nullopt;
    return key;
}

} // namespace

http::problem to_problem(bad_idempotency_key) {
    return {.status = 400,
            .code = "idempotency_key_invalid",
            .detail = "Send one Idempotency-Key of 1 to 255 visible ASCII characters."};
}

void throw_exception_from_error(bad_idempotency_key, boost::source_location const&) {
    throw std::logic_error("a faulty idempotency key was used as a key");
}

boost::system::result<std::optional<otp::idempotency_key>, bad_idempotency_key>
read_idempotency_key(http::request const& request) {
    bool const given = std::ranges::any_of(request.fields(), [](http::field_view const& field) {
        return boost::beast::iequals(field.name, field_name);
    });
    if (!given) return std::optional<otp::idempotency_key>();
    // nullopt if the field is repeated
    auto const field = request.header(field_name);
    auto key = field ? read_key(*field) : std::nullopt;
    if (!key) return bad_idempotency_key();
    otp::idempotency_key idempotency;
    idempotency.key = *std::move(key);
    auto const digest = digest_of(request.body());
    std::copy_n(digest.begin(), idempotency.fingerprint.size(), idempotency.fingerprint.begin());
    return std::optional(std::move(idempotency));
}

} // namespace otpd::api
