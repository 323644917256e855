#pragma once

/// HMAC-SHA-256 (RFC 2104) with the key schedule computed once.

#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

namespace otpd::otp {

/// Immutable and thread-safe. Throws std::runtime_error when OpenSSL fails.
///
/// It keeps the two hash states of RFC 2104 after the key's block and continues from copies.
/// OpenSSL 3's EVP_MAC computes the same, but allocates and frees contexts for each MAC.
class hmac_sha256 {
public:
    using digest = std::array<std::byte, SHA256_DIGEST_LENGTH>;

    explicit hmac_sha256(std::span<std::byte const> key);
    hmac_sha256(hmac_sha256 const&) = default;
    hmac_sha256& operator=(hmac_sha256 const&) = default;
    ~hmac_sha256();

    /// Returns the MAC over the fields, each preceded by its length, so that different lists of
    /// fields never give the same bytes ("ab","c" and "a","bc").
    [[nodiscard]] digest operator()(std::initializer_list<std::string_view> fields) const;

private:
    SHA256_CTX inner_{}; ///< after the key's block xor ipad
    SHA256_CTX outer_{}; ///< after the key's block xor opad
};

} // namespace otpd::otp
