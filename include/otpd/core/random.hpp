#pragma once

/// The source of all unguessable values: codes, verification ids, temporary secrets.

#include <cstddef>
#include <cstdint>
#include <span>

namespace otpd {

/// Thread-safe.
class random_source {
public:
    virtual ~random_source() = default;
    /// Fills `out` with unpredictable bytes. Throws std::runtime_error when the source fails: the
    /// service must not continue without randomness.
    virtual void fill(std::span<std::byte> out) = 0;

    /// Returns a uniform value in [0, bound), by rejection sampling: a plain remainder favours low
    /// values (NIST SP 800-63B-4 3.2.12). bound >= 1.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

/// OpenSSL's DRBG (RAND_bytes), seeded by the kernel.
class openssl_random final : public random_source {
public:
    void fill(std::span<std::byte> out) override;
};

} // namespace otpd
