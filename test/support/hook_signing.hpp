#pragma once

/// Signs the requests of identity providers as they do, with code of the tests' own.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace otpd::test {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// The body in test/hooks/NAME.json. HOOK_BODIES is that directory.
inline std::string recorded_hook(std::string const& directory, std::string const& name) {
    std::ifstream file(directory + '/' + name + ".json");
    if (!file) throw std::runtime_error("no recorded body " + name);
    std::string body{std::istreambuf_iterator<char>(file), {}};
    while (body.ends_with('\n'))
        body.pop_back();
    return body;
}

inline std::string hmac_sha256(std::string const& key, std::string const& content) {
    std::array<unsigned char, 32> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<unsigned char const*>(content.data()), content.size(), mac.data(), &size);
    return {mac.begin(), mac.end()};
}

inline std::string hex_of(std::string const& bytes) {
    std::string hex;
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

inline std::string base64_of(std::string const& bytes) {
    std::vector<unsigned char> text(4 * ((bytes.size() + 2) / 3) + 1);
    auto const size =
        EVP_EncodeBlock(text.data(), reinterpret_cast<unsigned char const*>(bytes.data()),
                        static_cast<int>(bytes.size()));
    return {text.begin(), text.begin() + size};
}

/// Seconds since 1970.
inline std::int64_t present() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// `key`: the bytes of the secret.
inline header_list standard_webhook(std::string const& key, std::string const& body,
                                    std::string const& id, std::int64_t at) {
    auto const time = std::to_string(at);
    auto const mac = hmac_sha256(key, id + '.' + time + '.' + body);
    return {{"webhook-id", id},
            {"webhook-timestamp", time},
            {"webhook-signature", "v1," + base64_of(mac)}};
}

inline header_list zitadel_signature(std::string const& key, std::string const& body,
                                     std::int64_t at) {
    auto const time = std::to_string(at);
    return {
        {"ZITADEL-Signature", "t=" + time + ",v1=" + hex_of(hmac_sha256(key, time + '.' + body))}};
}

inline header_list authgear_signature(std::string const& key, std::string const& body) {
    return {{"x-authgear-body-signature", hex_of(hmac_sha256(key, body))}};
}

} // namespace otpd::test
