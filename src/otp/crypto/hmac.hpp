#pragma once

/// HMAC-SHA-256 (RFC 2104) with the key schedule done once.

#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

namespace otpd::otp {

/// Immutable; may be used from any thread. Throws std::runtime_error when OpenSSL fails.
///
/// Keeps the two hashes of RFC 2104 as they stand after the key's block and goes on from copies.
/// OpenSSL 3's EVP_MAC does the same sums, but makes and frees its contexts for each MAC.
class hmac_sha256 {
public:
    using digest = std::array<std::byte, SHA256_DIGEST_LENGTH>;

    explicit hmac_sha256(std::span<std::byte const> key);
    hmac_sha256(hmac_sha256 const&) = default;
    hmac_sha256& operator=(hmac_sha256 const&) = default;
    ~hmac_sha256();

    /// The MAC over the fields, each preceded by its length, so that no two lists of fields are the
    /// same bytes ("ab","c" and "a","bc").
    [[nodiscard]] digest operator()(std::initializer_list<std::string_view> fields) const;

private:
    SHA256_CTX inner_{}; ///< has seen the key's block xor ipad
    SHA256_CTX outer_{}; ///< has seen the key's block xor opad
};

} // namespace otpd::otp
