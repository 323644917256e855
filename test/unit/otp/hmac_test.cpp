// HMAC-SHA-256 as defined in RFC 2104, compared with OpenSSL's.

#include "otp/crypto/hmac.hpp"

#include <boost/test/unit_test.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>
#include <vector>

namespace otpd::otp {
namespace {

std::vector<std::byte> bytes_of(std::string const& text) {
    auto const all = std::as_bytes(std::span(text));
    return {all.begin(), all.end()};
}

std::string with_length(std::string const& field) {
    return std::string{'\0', '\0', static_cast<char>(field.size() >> 8),
                       static_cast<char>(field.size() & 0xff)} +
           field;
}

hmac_sha256::digest by_openssl(std::string const& key, std::string const& text) {
    hmac_sha256::digest out;
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<unsigned char const*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(out.data()), &size);
    BOOST_REQUIRE(size == out.size());
    return out;
}

BOOST_AUTO_TEST_SUITE(hmac)

// A key of one block is used unchanged, a longer one is hashed first, so lengths of 63, 64 and 65
// bytes matter.
BOOST_AUTO_TEST_CASE(agrees_with_openssl_for_every_length_of_key_and_text) {
    for (std::size_t key_size = 1; key_size <= 130; ++key_size) {
        std::string const key(key_size, static_cast<char>(key_size));
        hmac_sha256 const mac(bytes_of(key));
        for (std::size_t size : {0U, 1U, 51U, 52U, 55U, 56U, 59U, 60U, 63U, 64U, 65U, 300U}) {
            std::string const text(size, static_cast<char>('a' + size % 26));
            BOOST_TEST_CONTEXT("key of " << key_size << " bytes, text of " << size)
            BOOST_TEST((mac({text}) == by_openssl(key, with_length(text))));
        }
    }
}

BOOST_AUTO_TEST_CASE(fields_are_distinguished_by_their_lengths) {
    std::string const key(32, 'k');
    hmac_sha256 const mac(bytes_of(key));
    BOOST_TEST((mac({"ab", "c"}) == by_openssl(key, with_length("ab") + with_length("c"))));
    BOOST_TEST((mac({"ab", "c"}) != mac({"a", "bc"})));
}

BOOST_AUTO_TEST_CASE(a_mac_leaves_nothing_behind_for_the_next) {
    hmac_sha256 const mac(bytes_of("key"));
    auto const first = mac({"one"});
    BOOST_TEST((mac({"two"}) != first));
    BOOST_TEST((mac({"one"}) == first));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace otpd::otp
