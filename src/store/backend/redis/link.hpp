#pragma once

/// One connection to the server, kept up: connected, greeted, watched, and connected again when it is
/// lost. Calls are on their way at once (Boost.Redis pipelines them).
///
/// Boost.Redis could reconnect by itself; it is not left to do so, because between connecting and the
/// first call it has to be known which server this is and whether it may be used at all.

#include "backend/redis/commit_script.hpp"
#include "backend/redis/redis_backend.hpp"
#include "backend/redis/server_info.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace otpd::store {

/// How the first attempt to connect ended.
struct redis_attempt {
    bool usable_later = true; ///< connected, or not reachable for now
    std::string why;          ///< not empty unless connected
};

/// Of a call, or of a command.
struct redis_reply {
    enum class kind : std::uint8_t {
        answered,
        refused, ///< by the server, with `text`: nothing was done
        lost     ///< whether it was done is not known
    };
    kind what = kind::lost;
    std::string text;                ///< of the script
    bool is_replicated = true;       ///< so many replicas have it as were asked for
    std::vector<std::string> values; ///< of a command, in their order
    steady_time sent, received;      ///< what is answered was done between
};

class redis_link {
public:
    struct events {
        std::function<void(redis_server_info const&, redis_reply const&)> ready; ///< the probe's
        std::function<void(bool was_ready, std::string const& why)> lost;
    };

    /// Everything runs on `guard`. Throws boost::system::system_error when a file of the options cannot
    /// be used.
    redis_link(net::strand guard, redis_options const& options, std::string probe_lane,
               events tell);
    ~redis_link();

    [[nodiscard]] bool is_ready() const noexcept;
    [[nodiscard]] std::size_t in_flight() const noexcept;

    // Only while it is ready. Those never throw for what a server or a network does. `call` has to
    // stay.

    boost::asio::awaitable<redis_reply> call(redis_call const& what, duration timeout);
    boost::asio::awaitable<redis_reply> ask(std::vector<std::string> command, duration timeout);
    /// Writes, so that a server that is read-only does not pass for a good one.
    boost::asio::awaitable<redis_reply> probe(duration timeout);

    /// Keeps the connection up until stop(). To be called once.
    boost::asio::awaitable<void> run();
    void stop();
    /// Waits for the end of the first attempt to connect.
    boost::asio::awaitable<redis_attempt> first();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::store
