#include "otpd/net/tls_context.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>

#include <stdexcept>

namespace otpd::net {

namespace {

/// The ex-data slot of an SSL object that points to its connection's `newest`.
int session_slot() {
    static int const index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

/// Called while the connection reads: a TLS 1.3 server sends sessions after the handshake.
int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* newest = static_cast<tls_session*>(SSL_get_ex_data(ssl, session_slot()));
    if (newest == nullptr) return 0;
    newest->reset(session);
    return 1; // takes ownership of the reference
}

/// The TLS 1.2 suites with forward secrecy (RFC 9325 4.1), authenticated encryption first. All
/// suites of TLS 1.3 have forward secrecy.
constexpr char const* forward_secret_suites = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!AESCCM:!SHA1";

bool expect_host(X509_VERIFY_PARAM* parameters, std::string const& host, bool host_is_address) {
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (host_is_address) return X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
    return X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size()) == 1;
}

} // namespace

// Uses tls_client: tlsv12_client would also forbid TLS 1.3.
tls_context::tls_context(std::string const& ca_file)
    : context_(boost::asio::ssl::context::tls_client) {
    auto* native = context_.native_handle();
    if (session_slot() < 0 || SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(native, forward_secret_suites) != 1)
        throw std::runtime_error("OpenSSL cannot be set up for TLS 1.2 or later");
    context_.set_options(SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    context_.set_verify_mode(boost::asio::ssl::verify_peer);
    if (ca_file.empty()) {
        context_.set_default_verify_paths();
    } else {
        boost::system::error_code error;
        context_.load_verify_file(ca_file, error);
        if (error)
            throw boost::system::system_error(error, "cannot read certificates from " + ca_file);
    }
    // Connections keep their own sessions. OpenSSL's cache is meant for servers and takes a lock.
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(native, keep_session);
}

void tls_context::expect_host(std::string const& host, bool host_is_address) {
    auto* expected = SSL_CTX_get0_param(context_.native_handle());
    if (!net::expect_host(expected, host, host_is_address))
        throw std::runtime_error("OpenSSL cannot be set up to verify " + host);
}

bool tls_context::prepare_client(SSL* ssl, std::string const& host, bool host_is_address,
                                 SSL_SESSION* resume, tls_session& newest) {
    // Without SSL_set_session a full handshake follows; with it, the server decides.
    if (resume != nullptr && SSL_set_session(ssl, resume) != 1) return false;
    if (SSL_set_ex_data(ssl, session_slot(), &newest) != 1) return false;
    // Checks the name as part of the chain verification, unlike asio::ssl::host_name_verification.
    // The error then distinguishes a wrong name from a bad chain, and names that it accepts beyond
    // RFC 9525 can be refused.
    return net::expect_host(SSL_get0_param(ssl), host, host_is_address) &&
           (host_is_address || SSL_set_tlsext_host_name(ssl, host.c_str()) == 1);
}

} // namespace otpd::net
