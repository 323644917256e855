#include "crypto/sealer.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <span>
#include <stdexcept>
#include <utility>

namespace otpd::otp {

namespace {

constexpr std::size_t sealing_key_size = 32;
constexpr std::size_t sealed_nonce_size = 12;
constexpr std::size_t sealed_tag_size = 16;
constexpr std::string_view purpose_of_keys = "otpd journal v1";

void must_seal(bool done) {
    if (!done) throw std::runtime_error("OpenSSL cannot seal a text");
}

unsigned char const* octets(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}
unsigned char* octets(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}
std::string_view text_of(sealer::id const& id) {
    return {reinterpret_cast<char const*>(id.data()), id.size()};
}

struct cipher_deleter {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using cipher = std::unique_ptr<EVP_CIPHER_CTX, cipher_deleter>;

cipher make_cipher() {
    cipher made(EVP_CIPHER_CTX_new());
    must_seal(made != nullptr);
    return made;
}

OSSL_PARAM octet_parameter(char const* name, std::string_view value) {
    // OpenSSL only reads it.
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
}

} // namespace

struct sealer::kdf {
    EVP_KDF* algorithm = EVP_KDF_fetch(nullptr, "HKDF", nullptr);

    kdf() { must_seal(algorithm != nullptr); }
    ~kdf() { EVP_KDF_free(algorithm); }
    kdf(kdf const&) = delete;
    kdf& operator=(kdf const&) = delete;
};

/// The key of one id, wiped at its end.
class sealer::key {
public:
    key(kdf const& by, secret_string const& secret, id const& of) {
        std::unique_ptr<EVP_KDF_CTX, void (*)(EVP_KDF_CTX*)> const context(
            EVP_KDF_CTX_new(by.algorithm), &EVP_KDF_CTX_free);
        must_seal(context != nullptr);
        std::string const info = std::string(purpose_of_keys).append(text_of(of));
        std::string digest = "SHA256";
        OSSL_PARAM const parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
            octet_parameter(OSSL_KDF_PARAM_KEY, secret.reveal()),
            octet_parameter(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
        must_seal(EVP_KDF_derive(context.get(), data(), bytes_.size(), parameters) == 1);
    }
    ~key() { wipe(bytes_); }
    key(key const&) = delete;
    key& operator=(key const&) = delete;

    [[nodiscard]] unsigned char* data() noexcept {
        return reinterpret_cast<unsigned char*>(bytes_.data());
    }

private:
    std::array<std::byte, sealing_key_size> bytes_{};
};

sealer::sealer(secret_string secret) : secret_(std::move(secret)), kdf_(std::make_unique<kdf>()) {}
sealer::~sealer() = default;
sealer::sealer(sealer&&) noexcept = default;
sealer& sealer::operator=(sealer&&) noexcept = default;

std::string sealer::seal(id const& of, std::string_view text, random_source& random) const {
    std::string sealed(sealed_nonce_size + text.size() + sealed_tag_size, '\0');
    random.fill(std::as_writable_bytes(std::span(sealed.data(), sealed_nonce_size)));
    key used(*kdf_, secret_, of);
    auto const context = make_cipher();
    int size = 0;
    auto* const out = octets(sealed);
    must_seal(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, used.data(), out) == 1);
    must_seal(EVP_EncryptUpdate(context.get(), nullptr, &size, octets(text_of(of)),
                                static_cast<int>(of.size())) == 1);
    must_seal(EVP_EncryptUpdate(context.get(), out + sealed_nonce_size, &size, octets(text),
                                static_cast<int>(text.size())) == 1);
    must_seal(EVP_EncryptFinal_ex(context.get(), out + sealed_nonce_size + size, &size) == 1);
    must_seal(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, sealed_tag_size,
                                  out + sealed_nonce_size + text.size()) == 1);
    return sealed;
}

std::optional<std::string> sealer::open(id const& of, std::string_view sealed) const {
    if (sealed.size() < sealed_nonce_size + sealed_tag_size) return std::nullopt;
    auto const nonce = sealed.substr(0, sealed_nonce_size);
    auto const covered =
        sealed.substr(sealed_nonce_size, sealed.size() - sealed_nonce_size - sealed_tag_size);
    std::string tag(sealed.substr(sealed.size() - sealed_tag_size));
    std::string text(covered.size(), '\0');
    key used(*kdf_, secret_, of);
    auto const context = make_cipher();
    int size = 0;
    must_seal(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, used.data(),
                                 octets(nonce)) == 1);
    must_seal(EVP_DecryptUpdate(context.get(), nullptr, &size, octets(text_of(of)),
                                static_cast<int>(of.size())) == 1);
    must_seal(EVP_DecryptUpdate(context.get(), octets(text), &size, octets(covered),
                                static_cast<int>(covered.size())) == 1);
    must_seal(
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, sealed_tag_size, tag.data()) == 1);
    if (EVP_DecryptFinal_ex(context.get(), octets(text) + size, &size) != 1) return std::nullopt;
    return text;
}

} // namespace otpd::otp
