#pragma once

/// What every TLS connection to a server has in common: whom to trust, from which version on, and
/// with which suites: only those with forward secrecy (RFC 9325 4.1).
///
/// A certificate is for a host when a subject alternative name says so; the subject's common name
/// counts for nothing (RFC 9525 2), nor do partial wildcards. Revocation is not checked.

#include <boost/asio/ssl/context.hpp>

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace otpd::net {

struct tls_session_deleter {
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
/// What a later connection needs to resume this one's TLS session.
using tls_session = std::unique_ptr<SSL_SESSION, tls_session_deleter>;

/// Immutable once set up, so connections on different strands share it.
class tls_context {
public:
    /// `ca_file`: PEM certificates to trust instead of the system's; empty: the system's.
    /// Throws boost::system::system_error, which names the file, when that cannot be used.
    explicit tls_context(std::string const& ca_file);

    [[nodiscard]] boost::asio::ssl::context& native() noexcept { return context_; }

    /// Every connection is to one host, and only its certificate is taken; for those that are not
    /// prepared by prepare_client(). Throws std::runtime_error. Before the first connection.
    void expect_host(std::string const& host, bool host_is_address);

    /// Makes `ssl` a client of `host`: verifies the chain and that the certificate is for `host`,
    /// names it by SNI unless it is an address, offers `resume` if there is one, and puts every
    /// session that the server hands out into `newest`, which must outlive `ssl`.
    /// False when OpenSSL refuses one of them; then `ssl` must not be used.
    [[nodiscard]] static bool prepare_client(SSL* ssl, std::string const& host,
                                             bool host_is_address, SSL_SESSION* resume,
                                             tls_session& newest);

private:
    boost::asio::ssl::context context_;
};

} // namespace otpd::net
