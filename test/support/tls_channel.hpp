#pragma once

/// A blocking TLS connection for the tests' own use. It supports all versions and verifies nothing,
/// because it must reach servers with bad certificates.

#include <boost/algorithm/string/case_conv.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace otpd::test {

class tls_channel {
public:
    explicit tls_channel(std::uint16_t port)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        timeval const hang_limit{60, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &hang_limit, sizeof hang_limit);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_security_level(context_.get(), 0); // otherwise OpenSSL 3 disables TLS 1.1
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
        SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0");
        session_.reset(SSL_new(context_.get()));
        SSL_set_fd(session_.get(), socket_);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 ||
            SSL_connect(session_.get()) != 1) {
            ::close(socket_);
            throw std::runtime_error("no TLS connection");
        }
    }
    ~tls_channel() {
        SSL_shutdown(session_.get());
        ::close(socket_);
    }
    tls_channel(tls_channel const&) = delete;
    tls_channel& operator=(tls_channel const&) = delete;

    void write(std::string_view bytes) {
        if (SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0)
            throw std::runtime_error("cannot write");
    }
    /// Returns the body of the next reply, whatever its status. It must have a Content-Length.
    std::string read_body() {
        constexpr std::string_view length_field = "\r\ncontent-length:";
        std::size_t end = 0;
        while ((end = input_.find("\r\n\r\n")) == std::string::npos)
            receive();
        auto const head = boost::to_lower_copy(input_.substr(0, end));
        auto const at = head.find(length_field);
        if (at == std::string::npos) throw std::runtime_error("a reply without a length: " + head);
        auto const length = std::stoul(head.substr(at + length_field.size()));
        input_.erase(0, end + 4);
        while (input_.size() < length)
            receive();
        auto body = input_.substr(0, length);
        input_.erase(0, length);
        return body;
    }

private:
    void receive() {
        std::array<char, 16384> bytes;
        int const size = SSL_read(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
        if (size <= 0) throw std::runtime_error("no reply");
        input_.append(bytes.data(), static_cast<std::size_t>(size));
    }

    struct deleter {
        void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
        void operator()(SSL* p) const noexcept { SSL_free(p); }
    };
    int socket_;
    std::unique_ptr<SSL_CTX, deleter> context_;
    std::unique_ptr<SSL, deleter> session_;
    std::string input_;
};

} // namespace otpd::test
