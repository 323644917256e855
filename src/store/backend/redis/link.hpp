#pragma once

/// One connection to the server. The link connects, greets and watches it, and reconnects when it
/// is lost. Calls run concurrently (Boost.Redis pipelines them).
///
/// Boost.Redis does not reconnect by itself here: between the connect and the first call, the link
/// must find out which server this is and whether it is usable.

#include "backend/redis/commit_script.hpp"
#include "backend/redis/server_info.hpp"
#include "backend/server_parts.hpp"
#include "otpd/store/redis_store.hpp"

#include <boost/redis/connection.hpp>

#include <functional>
#include <string>
#include <vector>

namespace otpd::store {

/// The reply to a script call or a command.
struct redis_reply {
    enum class kind : std::uint8_t {
        answered,
        refused, ///< by the server, with `text`: nothing was done
        lost     ///< the outcome is unknown
    };
    kind type = kind::lost;
    std::string text;                ///< of the script
    bool is_replicated = true;       ///< enough replicas have confirmed it
    std::vector<std::string> values; ///< of a command, in order
    steady_time sent, received;      ///< the server executed it between these times
};

class redis_link {
public:
    struct events {
        /// With the reply of the probe.
        std::function<void(redis_server_info const&, redis_reply const&)> ready;
        std::function<void(bool was_ready, std::string const& why)> lost;
    };

    /// Runs on `guard`. Throws boost::system::system_error if a file named in the options is
    /// unusable.
    redis_link(net::strand guard, redis_options const& options, std::string probe_lane,
               events events);

    [[nodiscard]] bool is_ready() const noexcept { return is_ready_; }
    [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

    // Only while the link is ready. These never throw because of a server or a network. `call` must
    // live until the end.

    boost::asio::awaitable<redis_reply> call(redis_call const& call, duration timeout);
    boost::asio::awaitable<redis_reply> ask(std::vector<std::string> command, duration timeout);
    /// Writes, so that a read-only server does not count as usable.
    boost::asio::awaitable<redis_reply> probe(duration timeout);

    /// Keeps the connection up until stop(). Call once.
    boost::asio::awaitable<void> run();
    void stop();
    /// Waits for the end of the first attempt to connect; see first_attempt.
    boost::asio::awaitable<std::optional<std::string>> first() { return first_attempt_.wait(); }

private:
    boost::asio::awaitable<redis_reply> execute(redis_call const& call, duration timeout,
                                                std::string_view command, std::string_view script);
    boost::asio::awaitable<void> connect_once();
    boost::asio::awaitable<void> greet();
    boost::asio::awaitable<std::string> find_refused_command(std::string why);
    void refuse(redis_reply const& reply);
    void refuse(bool is_usable_later, std::string why);
    void give_up(std::string why);
    /// Nothing more is sent over this connection.
    void set_unready() noexcept { was_ready_ = std::exchange(is_ready_, false) || was_ready_; }

    net::strand guard_;
    std::string const probe_lane_;
    events const events_;
    boost::redis::config const config_;
    std::string server_name_; ///< for TLS
    std::string last_error_;  ///< of Boost.Redis
    boost::redis::connection connection_;
    retry_pause pause_;
    boost::asio::steady_timer greeting_ended_; ///< cancelled when it ends
    first_attempt first_attempt_;
    std::uint64_t probes_ = 0;
    std::size_t in_flight_ = 0;
    std::string refusal_; ///< why this connection was given up, or has ended
    bool is_greeting_over_ = true;
    bool is_ready_ = false;
    bool was_ready_ = false; ///< of the connection that ends
    bool stopped_ = false;
};

} // namespace otpd::store
