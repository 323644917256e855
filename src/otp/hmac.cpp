#include "hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace otpd::otp {

namespace {

void require(bool done) {
    if (!done) throw std::runtime_error("OpenSSL cannot compute an HMAC-SHA-256");
}

unsigned char const* bytes(void const* data) {
    return static_cast<unsigned char const*>(data);
}

} // namespace

hmac_sha256::hmac_sha256(std::span<std::byte const> key) {
    // Fetched here and not for each MAC: a fetch costs more than the MAC (OpenSSL 3).
    struct free_mac {
        void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
    };
    std::unique_ptr<EVP_MAC, free_mac> const mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    require(mac != nullptr);
    keyed_.reset(EVP_MAC_CTX_new(mac.get()));
    require(keyed_ != nullptr);
    std::array<char, 7> digest_name{"SHA256"};
    std::array const parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name.data(), 0),
        OSSL_PARAM_construct_end()};
    require(EVP_MAC_init(keyed_.get(), bytes(key.data()), key.size(), parameters.data()) == 1);
}

hmac_sha256::digest hmac_sha256::operator()(std::initializer_list<std::string_view> fields) const {
    context_ptr const context(EVP_MAC_CTX_dup(keyed_.get()));
    require(context != nullptr);
    for (std::string_view field : fields) {
        auto const size = static_cast<std::uint32_t>(field.size());
        require(field.size() <= std::numeric_limits<std::uint32_t>::max());
        std::array<unsigned char, 4> const length{
            static_cast<unsigned char>(size >> 24), static_cast<unsigned char>(size >> 16),
            static_cast<unsigned char>(size >> 8), static_cast<unsigned char>(size)};
        require(EVP_MAC_update(context.get(), length.data(), length.size()) == 1);
        require(EVP_MAC_update(context.get(), bytes(field.data()), field.size()) == 1);
    }
    digest out;
    std::size_t written = 0;
    require(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(out.data()), &written,
                          out.size()) == 1 &&
            written == out.size());
    return out;
}

} // namespace otpd::otp
