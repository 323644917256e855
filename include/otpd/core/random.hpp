#pragma once

/// The source of everything that nobody may guess: codes, verification ids, throw-away secrets.

#include <cstddef>
#include <cstdint>
#include <span>

namespace otpd {

/// Safe to call from any thread.
class random_source {
public:
    virtual ~random_source() = default;
    /// Fills `out` with unpredictable bytes. Throws std::runtime_error when the source fails: a
    /// service without randomness must not go on.
    virtual void fill(std::span<std::byte> out) = 0;

    /// A uniform value in [0, bound) by rejection: no value is likelier than another
    /// (NIST SP 800-63B-4 3.2.12; a plain remainder favours low digits). 1 <= bound.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

/// OpenSSL's DRBG (RAND_bytes), seeded by the kernel.
class openssl_random final : public random_source {
public:
    void fill(std::span<std::byte> out) override;
};

} // namespace otpd
