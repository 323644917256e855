#pragma once

/// HMAC-SHA-256 (RFC 2104) with the key schedule done once.

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

namespace otpd::otp {

/// Immutable; may be used from any thread. Throws std::runtime_error when OpenSSL fails.
class hmac_sha256 {
public:
    using digest = std::array<std::byte, 32>;

    explicit hmac_sha256(std::span<std::byte const> key);

    /// The MAC over the fields, each preceded by its length, so that no two lists of fields are the
    /// same bytes ("ab","c" and "a","bc").
    [[nodiscard]] digest operator()(std::initializer_list<std::string_view> fields) const;

private:
    struct free_context {
        void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
    };
    using context_ptr = std::unique_ptr<EVP_MAC_CTX, free_context>;

    context_ptr keyed_; // never updated: each MAC starts from a copy
};

} // namespace otpd::otp
