#pragma once

/// The addresses of one host. A look-up cannot be cancelled once the system's resolver runs it (in
/// one of Asio's threads), so requests do not wait for look-ups. Look-ups run in the background,
/// and requests use the last good answer meanwhile. A request waits only if there is no answer yet,
/// and not longer than its own deadline.
///
/// Safe to use from any executor; the state has a strand of its own.

#include "otpd/core/deadline.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/net/wait_queue.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace otpd::net {

using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// Receives every address of a host. Called once, on any thread.
using looked_up_handler = std::function<void(boost::system::error_code, endpoints)>;
using look_up_function =
    std::function<void(std::string const& host, std::uint16_t port, looked_up_handler)>;

/// The system's resolver: calls getaddrinfo in one of Asio's threads.
look_up_function system_resolver(boost::asio::any_io_executor const& executor);

struct endpoint_cache_options {
    /// An answer older than this is refreshed in the background. The system's resolver does not
    /// report a time to live.
    std::chrono::milliseconds refresh_after{30'000};
    /// The minimum time between two look-ups after a failed one.
    std::chrono::milliseconds retry_after{1'000};
};

/// Owned by a shared_ptr; a running look-up keeps it alive.
class endpoint_cache : public std::enable_shared_from_this<endpoint_cache> {
public:
    /// `host` may be an address, which is never looked up.
    endpoint_cache(boost::asio::any_io_executor const& executor, std::string host,
                   std::uint16_t port, look_up_function look_up,
                   endpoint_cache_options options = endpoint_cache_options());

    /// Returns every known address in the resolver's order; none if there is no answer by `until`.
    boost::asio::awaitable<endpoints> get(deadline until);

private:
    boost::asio::awaitable<endpoints> get_here(std::shared_ptr<endpoint_cache> self,
                                               deadline until);
    void look_up_if_due();
    void looked_up(boost::system::error_code ec, endpoints found);

    strand strand_;
    look_up_function look_up_;
    std::string host_;
    std::uint16_t port_;
    endpoint_cache_options options_;
    bool fixed_ = false; ///< the host is an address; known_ never changes

    // Used on strand_ only.
    endpoints known_;
    bool looking_up_ = false;
    steady_time next_look_up_{};
    wait_queue<std::monostate> waiting_;
};

} // namespace otpd::net
