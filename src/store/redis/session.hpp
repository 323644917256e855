#pragma once

/// One connection to the server, kept up: connected, greeted, watched, and connected again when it is
/// lost. Commands of many requests are on their way at once (Boost.Redis pipelines them).
///
/// Boost.Redis could reconnect by itself; it is not left to do so, because between connecting and the
/// first command it has to be known which server this is and whether it may be used at all.

#include "otpd/core/clock.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/store/location.hpp"
#include "otpd/store/store.hpp"
#include "scripts.hpp"
#include "server_info.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/redis/connection.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::store::redis {

struct session_options {
    location where;
    std::string ca_file;           ///< PEM; empty: the system's
    duration timeout{250};         ///< of one command
    std::uint32_t replicas = 0;    ///< see call()
    std::size_t in_flight_max = 0; ///< commands; more are refused
};

/// How the first attempt to connect ended.
struct first_attempt {
    bool usable_later = true; ///< connected, or not reachable for now
    std::string why;          ///< not empty unless connected
};

/// Called on the session's strand.
struct session_events {
    std::function<void(server_info const&)> ready;
    std::function<void(bool was_ready, std::string const& why)> lost;
};

class session {
public:
    /// Throws boost::system::system_error when `ca_file` cannot be used.
    session(boost::asio::any_io_executor const& executor, session_options options,
            session_events events);

    [[nodiscard]] net::strand executor() const noexcept { return strand_; }
    /// From any thread.
    [[nodiscard]] bool ready() const noexcept { return ready_; }

    // The rest runs on executor().

    /// Runs a script. An answer that begins with the word `once_replicated` counts only if as many replicas
    /// as the options say have it. The answer's fields, never none; or a fault: then it is not known
    /// whether the script ran, unless the session was not ready. Never throws for what a server or a
    /// network does.
    boost::asio::awaitable<result<fields>> call(script which, fields keys, fields arguments,
                                                std::string_view once_replicated = {});

    /// Keeps the connection up until stop(). To be called once.
    boost::asio::awaitable<void> run();
    void stop();

    /// Waits for the end of the first attempt to connect.
    boost::asio::awaitable<first_attempt> first();

    /// Changes with each server that is spoken to, a restarted one included.
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }

private:
    struct reply {
        std::optional<fault> failed;
        std::string error; ///< what the server said instead of an answer
        fields answer;
    };

    boost::asio::awaitable<reply> execute(script which, fields const& keys, fields const& arguments,
                                          std::string_view once_replicated);
    boost::asio::awaitable<bool> load(script which);
    boost::asio::awaitable<void> greet();
    boost::asio::awaitable<std::string> introduce();
    boost::asio::awaitable<void> connect_once();
    void greeted(server_info server);
    void give_up(std::string why);
    void lose(std::string why);
    void decide(bool usable_later, std::string why);

    net::strand strand_;
    session_options const options_;
    session_events const events_;
    boost::redis::config const config_;
    std::string said_; ///< Boost.Redis's last complaint
    boost::redis::connection connection_;
    boost::asio::steady_timer pause_;
    boost::asio::steady_timer greeting_;
    boost::asio::steady_timer decided_;
    std::atomic<bool> ready_{false};
    std::array<std::string, all_scripts.size()> digests_;
    std::size_t in_flight_ = 0;
    std::uint64_t epoch_ = 0;
    std::string run_id_;
    std::string refusal_; ///< why this connection is given up, or has ended
    std::optional<first_attempt> first_;
    bool greeting_done_ = true;
    bool stopped_ = false;
};

} // namespace otpd::store::redis
