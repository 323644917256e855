// A blocking client that shows the bytes that the stub writes and how its connections end, over TCP
// or TLS.
#pragma once

#include "bridgexapi_stub/server.hpp"

#include <boost/json/value.hpp>

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace stub_test {

// A new certificate for each run. The servers below use it, and the clients accept nothing else.
bridgexapi_stub::server_options tls_options();
bridgexapi_stub::server_options options_for(bool tls);

std::string const& good_order();
std::string request_text(std::string_view method, std::string_view target,
                         std::string_view body = "", std::string_view more_headers = "");

enum class end_of_stream {
    in_order,  // FIN; over TLS with a close_notify before it
    truncated, // over TLS: FIN without close_notify
    reset,     // RST
};
std::ostream& operator<<(std::ostream& out, end_of_stream how);

struct reply_text {
    std::string head;
    std::string body;
    unsigned status() const;
    boost::json::value json() const; // null if the body is not JSON
};

struct tls_choice {
    int max_version = 0; // TLS1_2_VERSION ...; 0: any
};

class wire_client {
public:
    // Connects, with a handshake if the server uses TLS. Throws boost::system::system_error.
    explicit wire_client(bridgexapi_stub::server const& to, tls_choice choice = {});
    // TCP only, even if the server uses TLS.
    static wire_client without_tls(bridgexapi_stub::server const& to);
    ~wire_client();
    wire_client(wire_client&&) noexcept;

    void write(std::string_view bytes);
    reply_text read_reply(); // one reply with a Content-Length
    std::string read_bytes(std::size_t count);
    std::string read_to_end(); // afterwards ended() is how
    end_of_stream ended() const;
    bool has_something_to_read(); // or its end; does not wait

    // For TLS: keeps the session for the next client (call it after a reply, because TLS 1.3 sends
    // tickets late).
    void keep_session();
    bool resumed() const;
    static void forget_session();

private:
    class impl;
    explicit wire_client(std::unique_ptr<impl> inside);
    std::unique_ptr<impl> impl_;
};

// Makes one request on its own connection.
reply_text ask(bridgexapi_stub::server const& of, std::string_view method, std::string_view target,
               std::string_view body = "");

} // namespace stub_test
