// One connection: reads requests with Beast, asks the service, writes exactly the bytes that it
// says, and ends the way it says. No timeouts on purpose: the stub shows what the client does when
// the upstream does nothing.
#pragma once

#include "bridgexapi_stub/service.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace bridgexapi_stub {

class session_base {
public:
    virtual ~session_base() = default;
    virtual void close() = 0; // from any thread; at once, whatever the session is doing
};

// The open connections, so that stop() can close them. Any thread.
class session_registry {
public:
    void open();
    void close_all(); // and every session that is added later, until open()
    void add(std::uint64_t connection, std::weak_ptr<session_base> session);
    void remove(std::uint64_t connection);

private:
    std::mutex mutex_;
    bool closed_ = false;
    std::unordered_map<std::uint64_t, std::weak_ptr<session_base>> sessions_;
};

// What all connections of a server share; the sessions keep it alive.
struct session_shared {
    explicit session_shared(service_options const& options) : backend{options} {}

    service backend;
    std::shared_ptr<boost::asio::ssl::context> tls; // none: plain HTTP
    std::size_t body_bytes_max = 0;
    session_registry sessions;
};

// `socket` runs on a strand of its own.
void start_session(boost::asio::ip::tcp::socket socket,
                   std::shared_ptr<session_shared> const& shared);

} // namespace bridgexapi_stub
