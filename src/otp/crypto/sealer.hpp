#pragma once

/// Authenticated encryption of what the store keeps for an instance.

#include "otpd/core/random.hpp"
#include "otpd/core/secret.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::otp {

/// AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits. Each id has a key of its own, by
/// HKDF-SHA-256 (RFC 5869) from the secret, so the nonces of one key are few; the id is also the
/// associated data. Thread-safe. Throws std::runtime_error when OpenSSL fails.
class sealer {
public:
    using id = std::array<std::byte, 16>;

    explicit sealer(secret_string secret);
    ~sealer();
    sealer(sealer&&) noexcept;
    sealer& operator=(sealer&&) noexcept;

    /// Returns nonce, ciphertext and tag.
    [[nodiscard]] std::string seal(id const& of, std::string_view text,
                                   random_source& random) const;
    /// Returns nullopt unless seal() made it, of the same id and under the same secret.
    [[nodiscard]] std::optional<std::string> open(id const& of, std::string_view sealed) const;

private:
    struct kdf;
    class key;
    secret_string secret_;
    std::unique_ptr<kdf> kdf_;
};

} // namespace otpd::otp
