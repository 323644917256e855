#pragma once

/// Common settings of all TLS client connections: trusted authorities, minimum version, and cipher
/// suites, which all have forward secrecy (RFC 9325 4.1).
///
/// A certificate matches a host by its subject alternative names only: the common name (RFC 9525 2)
/// and partial wildcards are ignored. Revocation is not checked.

#include <boost/asio/ssl/context.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace otpd::net {

struct tls_session_deleter {
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
/// What a later connection needs to resume a TLS session.
using tls_session = std::unique_ptr<SSL_SESSION, tls_session_deleter>;

/// Immutable after setup, so connections on different strands share it.
class tls_context {
public:
    /// `ca_file` holds trusted certificates in PEM; empty: the system's. Throws
    /// boost::system::system_error, which names the file, when they are unusable.
    explicit tls_context(std::string const& ca_file);

    [[nodiscard]] boost::asio::ssl::context& native() noexcept { return context_; }

    /// Accepts only the certificate of `host` on every connection. It is for connections that
    /// prepare_client() does not prepare. Call it before the first connection. Throws
    /// std::runtime_error.
    void expect_host(std::string const& host, bool host_is_address);

    /// Prepares `ssl` as a client of `host`: verifies the chain and the host name, sends SNI unless
    /// the host is an address, and offers `resume` for resumption if it is not null. Each session
    /// that the server issues is stored in `newest`, which must outlive `ssl`. Returns false when
    /// OpenSSL fails; then `ssl` must not be used.
    [[nodiscard]] static bool prepare_client(SSL* ssl, std::string const& host,
                                             bool host_is_address, SSL_SESSION* resume,
                                             tls_session& newest);

private:
    boost::asio::ssl::context context_;
};

} // namespace otpd::net
