#include "otpd/api/authenticator.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdexcept>
#include <string_view>

namespace otpd::api {

namespace {

std::array<std::byte, 32> sha256(std::string_view text) {
    std::array<std::byte, 32> digest;
    unsigned int size = 0;
    auto* const out = reinterpret_cast<unsigned char*>(digest.data());
    if (EVP_Digest(text.data(), text.size(), out, &size, EVP_sha256(), nullptr) != 1 ||
        size != digest.size())
        throw std::runtime_error("OpenSSL cannot compute a SHA-256");
    return digest;
}

http::problem unauthorized() {
    http::problem what;
    what.status = 401;
    what.code = "unauthorized";
    what.detail = "Unauthorized.";
    return what;
}

} // namespace

authenticator::authenticator(secret_string const& token) : open_(token.empty()) {
    if (!open_) expected_ = sha256(token.reveal());
}

std::optional<http::problem> authenticator::refusal(http::request const& request) const {
    constexpr std::string_view scheme = "Bearer ";
    if (open_) return std::nullopt;
    auto const field = request.header("Authorization").value_or("");
    if (!field.starts_with(scheme)) return unauthorized();
    auto const given = sha256(field.substr(scheme.size()));
    if (CRYPTO_memcmp(given.data(), expected_.data(), given.size()) != 0) return unauthorized();
    return std::nullopt;
}

} // namespace otpd::api
