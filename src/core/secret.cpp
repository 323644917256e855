#include "otpd/core/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdexcept>
#include <utility>

namespace otpd {

namespace {

void wipe(std::string& text) noexcept {
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

} // namespace

void wipe(std::span<std::byte> bytes) noexcept {
    OPENSSL_cleanse(bytes.data(), bytes.size());
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

secret_digest digest_of(std::string_view text) {
    secret_digest digest;
    unsigned int size = 0;
    auto* const out = reinterpret_cast<unsigned char*>(digest.data());
    if (EVP_Digest(text.data(), text.size(), out, &size, EVP_sha256(), nullptr) != 1 ||
        size != digest.size())
        throw std::runtime_error("OpenSSL cannot compute a SHA-256");
    return digest;
}

secret_string::secret_string(secret_string&& other) noexcept : text_(std::move(other.text_)) {
    wipe(other.text_); // a moved-from short string keeps its bytes
}

secret_string& secret_string::operator=(secret_string const& other) {
    if (this != &other) {
        wipe(text_);
        text_ = other.text_;
    }
    return *this;
}

secret_string& secret_string::operator=(secret_string&& other) noexcept {
    if (this != &other) {
        wipe(text_);
        text_ = std::move(other.text_);
        wipe(other.text_);
    }
    return *this;
}

secret_string::~secret_string() {
    wipe(text_);
}

} // namespace otpd
