// OpenSSL deprecates these functions in favour of EVP, whose callers can choose the hash. Here it
// is fixed.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hmac.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace otpd::otp {

namespace {

using block = std::array<std::byte, SHA256_CBLOCK>;

void require(bool done) {
    if (!done) throw std::runtime_error("OpenSSL cannot compute an HMAC-SHA-256");
}

void put(SHA256_CTX& hash, std::span<std::byte const> bytes) {
    require(SHA256_Update(&hash, bytes.data(), bytes.size()) == 1);
}

void finish(SHA256_CTX& hash, hmac_sha256::digest& out) {
    require(SHA256_Final(reinterpret_cast<unsigned char*>(out.data()), &hash) == 1);
}

/// RFC 2104 2: a key longer than a block is hashed first; a shorter one is padded with zeros.
block block_of(std::span<std::byte const> key) {
    block padded{};
    if (key.size() <= padded.size()) {
        std::ranges::copy(key, padded.begin());
        return padded;
    }
    SHA256_CTX hash;
    require(SHA256_Init(&hash) == 1);
    put(hash, key);
    hmac_sha256::digest digest;
    finish(hash, digest);
    std::ranges::copy(digest, padded.begin());
    OPENSSL_cleanse(digest.data(), digest.size());
    return padded;
}

void start(SHA256_CTX& hash, block key, std::byte pad) {
    for (auto& byte : key)
        byte ^= pad;
    require(SHA256_Init(&hash) == 1);
    put(hash, key);
    OPENSSL_cleanse(key.data(), key.size());
}

} // namespace

hmac_sha256::hmac_sha256(std::span<std::byte const> key) {
    auto padded = block_of(key);
    start(inner_, padded, std::byte{0x36});
    start(outer_, padded, std::byte{0x5c});
    OPENSSL_cleanse(padded.data(), padded.size());
}

hmac_sha256::~hmac_sha256() {
    OPENSSL_cleanse(&inner_, sizeof inner_);
    OPENSSL_cleanse(&outer_, sizeof outer_);
}

hmac_sha256::digest hmac_sha256::operator()(std::initializer_list<std::string_view> fields) const {
    auto hash = inner_;
    for (std::string_view field : fields) {
        require(field.size() <= std::numeric_limits<std::uint32_t>::max());
        auto const size = static_cast<std::uint32_t>(field.size());
        std::array const length{static_cast<std::byte>(size >> 24),
                                static_cast<std::byte>(size >> 16),
                                static_cast<std::byte>(size >> 8), static_cast<std::byte>(size)};
        put(hash, length);
        put(hash, std::as_bytes(std::span(field)));
    }
    digest out;
    finish(hash, out); // wipes its state, like the next one
    hash = outer_;
    put(hash, out);
    finish(hash, out);
    return out;
}

} // namespace otpd::otp
