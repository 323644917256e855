#pragma once

/// Proxies that make local servers look further away: requests pass immediately, and answers are
/// delayed. They run on their own thread, so that their cost can be excluded.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace otpd::bench {

class distant_servers {
public:
    using tcp = boost::asio::ip::tcp;

    distant_servers() = default;
    ~distant_servers() { context_.stop(); }
    distant_servers(distant_servers const&) = delete;
    distant_servers& operator=(distant_servers const&) = delete;

    /// Returns a port of 127.0.0.1 through which the server is reached. Call before start().
    std::uint16_t add(tcp::endpoint const& server, std::chrono::microseconds delay) {
        tcp::acceptor acceptor(context_, {boost::asio::ip::address_v4::loopback(), 0});
        auto const port = acceptor.local_endpoint().port();
        boost::asio::co_spawn(context_, serve(std::move(acceptor), server, delay), rethrow);
        return port;
    }

    void start() {
        thread_ = std::jthread([this] {
            ::prctl(PR_SET_TIMERSLACK, 1UL); // the kernel's default is 50 us
            context_.run();
        });
    }

    /// The CPU time of its thread so far.
    [[nodiscard]] std::chrono::nanoseconds cpu_time() {
        clockid_t id{};
        timespec ran{};
        if (thread_.joinable() && ::pthread_getcpuclockid(thread_.native_handle(), &id) == 0)
            ::clock_gettime(id, &ran);
        return std::chrono::seconds(ran.tv_sec) + std::chrono::nanoseconds(ran.tv_nsec);
    }

private:
    using clock = std::chrono::steady_clock;
    static constexpr auto no_throw = boost::asio::as_tuple(boost::asio::deferred);

    struct piece {
        clock::time_point due;
        std::string bytes;
    };

    /// Both ends, and the delayed data between them.
    struct link {
        link(tcp::socket from, boost::asio::io_context& context)
            : client(std::move(from)), server(context), change(context) {}

        void end() {
            boost::system::error_code ignored;
            client.close(ignored);
            server.close(ignored);
            change.cancel();
        }

        tcp::socket client;
        tcp::socket server;
        std::deque<piece> held;
        boost::asio::steady_timer change; ///< cancelled when more data is delayed
    };

    static void rethrow(std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    }

    boost::asio::awaitable<void> serve(tcp::acceptor acceptor, tcp::endpoint server,
                                       std::chrono::microseconds delay) {
        for (;;) {
            auto client = co_await acceptor.async_accept(boost::asio::deferred);
            auto const made = std::make_shared<link>(std::move(client), context_);
            auto const [ec] = co_await made->server.async_connect(server, no_throw);
            if (ec) continue;
            made->client.set_option(tcp::no_delay(true));
            made->server.set_option(tcp::no_delay(true));
            boost::asio::co_spawn(context_, pass_on(made), rethrow);
            boost::asio::co_spawn(context_, hold(made, delay), rethrow);
            boost::asio::co_spawn(context_, deliver(made), rethrow);
        }
    }

    static boost::asio::awaitable<void> pass_on(std::shared_ptr<link> over) {
        std::array<char, 65536> bytes;
        for (;;) {
            auto const [read_failed, size] =
                co_await over->client.async_read_some(boost::asio::buffer(bytes), no_throw);
            if (read_failed) break;
            auto const [write_failed, written] = co_await boost::asio::async_write(
                over->server, boost::asio::buffer(bytes.data(), size), no_throw);
            if (write_failed) break;
        }
        over->end();
    }

    static boost::asio::awaitable<void> hold(std::shared_ptr<link> over,
                                             std::chrono::microseconds delay) {
        std::array<char, 65536> bytes;
        for (;;) {
            auto const [ec, size] =
                co_await over->server.async_read_some(boost::asio::buffer(bytes), no_throw);
            if (ec) break;
            over->held.push_back({clock::now() + delay, std::string(bytes.data(), size)});
            if (over->held.size() == 1) over->change.cancel();
        }
        over->end();
    }

    static boost::asio::awaitable<void> deliver(std::shared_ptr<link> over) {
        while (over->client.is_open()) {
            bool const is_idle = over->held.empty();
            over->change.expires_at(is_idle ? clock::time_point::max() : over->held.front().due);
            co_await over->change.async_wait(no_throw);
            if (is_idle) continue;
            auto const next = std::move(over->held.front());
            over->held.pop_front();
            auto const [ec, size] = co_await boost::asio::async_write(
                over->client, boost::asio::buffer(next.bytes), no_throw);
            if (ec) over->end();
        }
    }

    boost::asio::io_context context_{1};
    std::jthread thread_;
};

} // namespace otpd::bench
