// One connection: reads requests with Beast, calls the service, writes exactly the bytes it
// returns, and ends as it says. It has no timeouts on purpose: the stub shows what the client does
// when the upstream does nothing.
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
    virtual void close() = 0; // thread-safe; immediate, whatever the session is doing
};

// The open connections, for stop(). Thread-safe.
class session_registry {
public:
    void open();
    void close_all(); // also closes every session that is added until open()
    void add(std::uint64_t connection, std::weak_ptr<session_base> session);
    void remove(std::uint64_t connection);

private:
    std::mutex mutex_;
    bool closed_ = false;
    std::unordered_map<std::uint64_t, std::weak_ptr<session_base>> sessions_;
};

// State shared by all connections of a server. The sessions keep it alive.
struct session_shared {
    explicit session_shared(service_options const& options) : backend{options} {}

    service backend;
    std::shared_ptr<boost::asio::ssl::context> tls; // null: plain HTTP
    std::size_t body_bytes_max = 0;
    session_registry sessions;
};

// `socket` must run on its own strand.
void start_session(boost::asio::ip::tcp::socket socket,
                   std::shared_ptr<session_shared> const& shared);

} // namespace bridgexapi_stub
