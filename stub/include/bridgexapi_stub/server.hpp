// bridgexapi-stub as a server: HTTPS if it has a certificate, else HTTP. It runs on its own threads
// or on a given io_context; each connection is a coroutine on its own strand. start() and stop()
// may alternate, and the port stays the same. The served data and the record are in state() and
// survive a stop.
#pragma once

#include "bridgexapi_stub/service.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace bridgexapi_stub {

enum class tls_version { v1_0, v1_1, v1_2, v1_3 };

struct server_options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0; // 0: a free one

    // PEM text; both or neither. Versions below 1.2 are offered at OpenSSL's security level 0,
    // where they still work.
    std::string certificate_pem;
    std::string key_pem;
    tls_version tls_min = tls_version::v1_2;
    tls_version tls_max = tls_version::v1_3;

    std::size_t body_bytes_max = std::size_t{8} << 20U;
    unsigned threads = 1; // only with its own threads
    service_options service;
};

std::string read_file(std::string const& path); // throws std::runtime_error, which names the path

class server {
public:
    explicit server(server_options options = {});
    server(boost::asio::io_context& context, server_options options);
    ~server(); // calls stop()
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    void start(); // throws boost::system::system_error if it cannot listen
    void stop();  // closes the listener and all connections; waits for its own threads

    std::uint16_t port() const;
    std::string authority() const; // "127.0.0.1:8443"
    std::string url() const;       // "https://127.0.0.1:8443"
    bool tls() const;

    service& state();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace bridgexapi_stub
