#include "otpd/core/encoding.hpp"
#include "otpd/webhook/webhooks.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace otpd::webhook {

namespace {

unsigned char const* bytes(std::string_view text) {
    return reinterpret_cast<unsigned char const*>(text.data());
}

std::string signature_of(secret_string const& key, std::string_view content) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    auto const& text = key.reveal();
    if (HMAC(EVP_sha256(), text.data(), static_cast<int>(text.size()), bytes(content),
             content.size(), mac.data(), &size) == nullptr)
        throw std::runtime_error("OpenSSL cannot compute an HMAC-SHA-256");
    return "v1," + to_base64({mac.data(), size});
}

} // namespace

std::string sign(std::vector<secret_string> const& secrets, std::string_view id,
                 std::int64_t timestamp, std::string_view payload) {
    std::string content(id);
    content += '.';
    content += std::to_string(timestamp);
    content += '.';
    content += payload;
    std::string signatures;
    for (auto const& secret : secrets) {
        if (!signatures.empty()) signatures += ' ';
        signatures += signature_of(secret, content);
    }
    return signatures;
}

} // namespace otpd::webhook
