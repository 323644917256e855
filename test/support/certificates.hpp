#pragma once

/// Certificates generated at run time, valid and invalid, so that no test depends on a file that
/// expires.

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace otpd::test {

struct openssl_deleter {
    void operator()(X509* p) const noexcept { X509_free(p); }
    void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
    void operator()(BIO* p) const noexcept { BIO_free(p); }
    void operator()(X509_EXTENSION* p) const noexcept { X509_EXTENSION_free(p); }
};
template <class T>
using openssl_ptr = std::unique_ptr<T, openssl_deleter>;

inline void require_openssl(bool ok, char const* what) {
    if (!ok) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

/// The contents of a certificate. The defaults give a valid one for loopback.
struct certificate_profile {
    std::string common_name = "localhost";
    std::string alternative_names = "DNS:localhost,IP:127.0.0.1,IP:::1"; ///< empty: none
    std::chrono::seconds valid_from{-3600};                              ///< from now
    std::chrono::seconds valid_until{24 * 3600};
    bool authority = false;
    bool rsa = false; ///< an RSA key, for suites without forward secrecy
};

/// A P-256 or RSA key and its certificate.
class identity {
public:
    /// Self-signed.
    explicit identity(certificate_profile const& profile) : identity(profile, nullptr) {}
    /// Signed by `issuer`.
    identity(certificate_profile const& profile, identity const& issuer)
        : identity(profile, &issuer) {}

    [[nodiscard]] std::string certificate_pem() const {
        openssl_ptr<BIO> out(BIO_new(BIO_s_mem()));
        require_openssl(out && PEM_write_bio_X509(out.get(), certificate_.get()) == 1, "write");
        return contents(*out);
    }
    [[nodiscard]] std::string key_pem() const {
        openssl_ptr<BIO> out(BIO_new(BIO_s_mem()));
        require_openssl(out && PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0,
                                                        nullptr, nullptr) == 1,
                        "write key");
        return contents(*out);
    }

private:
    identity(certificate_profile const& profile, identity const* issuer)
        : key_(profile.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256")), certificate_(X509_new()) {
        require_openssl(key_ && certificate_, "allocate");
        auto* x = certificate_.get();
        std::int64_t serial = 0;
        require_openssl(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1,
                        "random");
        require_openssl(
            X509_set_version(x, X509_VERSION_3) == 1 &&
                ASN1_INTEGER_set_int64(X509_get_serialNumber(x), serial & INT32_MAX) == 1 &&
                X509_gmtime_adj(X509_getm_notBefore(x), profile.valid_from.count()) != nullptr &&
                X509_gmtime_adj(X509_getm_notAfter(x), profile.valid_until.count()) != nullptr &&
                X509_set_pubkey(x, key_.get()) == 1,
            "fill");
        auto const* name = reinterpret_cast<unsigned char const*>(profile.common_name.c_str());
        require_openssl(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                                   name, -1, -1, 0) == 1,
                        "name");
        auto* signer = issuer != nullptr ? issuer->certificate_.get() : x;
        require_openssl(X509_set_issuer_name(x, X509_get_subject_name(signer)) == 1, "issuer");
        add_extension(*signer, NID_basic_constraints,
                      profile.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
        if (!profile.alternative_names.empty())
            add_extension(*signer, NID_subject_alt_name, profile.alternative_names);
        auto* signing_key = issuer != nullptr ? issuer->key_.get() : key_.get();
        require_openssl(X509_sign(x, signing_key, EVP_sha256()) != 0, "sign");
    }

    void add_extension(X509& issuer, int nid, std::string const& value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, &issuer, certificate_.get(), nullptr, nullptr, 0);
        openssl_ptr<X509_EXTENSION> extension(
            X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
        require_openssl(extension && X509_add_ext(certificate_.get(), extension.get(), -1) == 1,
                        "extension");
    }

    static std::string contents(BIO& from) {
        char* data = nullptr;
        auto const size = BIO_get_mem_data(&from, &data);
        return {data, static_cast<std::size_t>(size)};
    }

    openssl_ptr<EVP_PKEY> key_;
    openssl_ptr<X509> certificate_;
};

/// Creates an authority that a test's client trusts.
inline identity make_authority() {
    certificate_profile profile;
    profile.common_name = "otpd test authority";
    profile.alternative_names.clear();
    profile.authority = true;
    return identity(profile);
}

} // namespace otpd::test
