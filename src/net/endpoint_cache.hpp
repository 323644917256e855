#pragma once

/// The addresses of one host. A look-up cannot be cancelled once the system's resolver has it (it
/// runs in a thread of Asio's), so no request waits on one itself: look-ups run in the background,
/// and requests use the last good answer while a newer one is fetched. Only while there is none yet
/// does a request wait, and no longer than its own deadline.
///
/// Safe to use from any executor; the state lives on a strand of its own.

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

/// Looks one host up and calls back once, from any thread, with every address found.
using looked_up_handler = std::function<void(boost::system::error_code, endpoints)>;
using look_up_function =
    std::function<void(std::string const& host, std::uint16_t port, looked_up_handler)>;

/// The system's own: what getaddrinfo says, asked in a thread of Asio's.
look_up_function system_resolver(boost::asio::any_io_executor const& executor);

struct endpoint_cache_options {
    /// An answer older than this is refreshed in the background. The system's resolver does not say
    /// how long one is valid.
    std::chrono::milliseconds refresh_after{30'000};
    /// The least time between two look-ups when the last one failed.
    std::chrono::milliseconds retry_after{1'000};
};

/// Owned by a shared_ptr: a look-up under way keeps it alive.
class endpoint_cache : public std::enable_shared_from_this<endpoint_cache> {
public:
    /// `host` may be an address; then nothing is ever looked up.
    endpoint_cache(boost::asio::any_io_executor const& executor, std::string host,
                   std::uint16_t port, look_up_function look_up,
                   endpoint_cache_options options = endpoint_cache_options());

    /// Every known address in the resolver's order; empty when there is none by `until`.
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

    // On strand_ only.
    endpoints known_;
    bool looking_up_ = false;
    steady_time next_look_up_{};
    wait_queue<std::monostate> waiting_;
};

} // namespace otpd::net
