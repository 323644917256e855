#pragma once

/// Values that must never be printed, logged or left in memory.

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace otpd {

/// Overwrites `bytes` in a way that the compiler may not remove (OPENSSL_cleanse).
void wipe(std::span<std::byte> bytes) noexcept;

/// Compares in time that depends on the lengths only (OWASP ASVS 11.2.4). Values of different
/// lengths are unequal.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

/// SHA-256. Secrets are long and random, so a plain hash reveals nothing about them.
using secret_digest = std::array<std::byte, 32>;
[[nodiscard]] secret_digest digest_of(std::string_view text);

/// A string that its destructor wipes, without an output operator. `reveal()` is the only access to
/// the text, so a search for it finds every use of a secret.
class secret_string {
public:
    secret_string() = default;
    explicit secret_string(std::string text) noexcept : text_(std::move(text)) {}
    secret_string(secret_string const&) = default;
    secret_string(secret_string&& other) noexcept;
    secret_string& operator=(secret_string const& other);
    secret_string& operator=(secret_string&& other) noexcept;
    ~secret_string();

    [[nodiscard]] std::string const& reveal() const noexcept { return text_; }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
    [[nodiscard]] secret_digest digest() const { return digest_of(text_); }

    /// Compares digests, so timing reveals digests at most.
    friend bool operator==(secret_string const& a, secret_string const& b) {
        return a.digest() == b.digest();
    }

private:
    std::string text_;
};

} // namespace otpd
