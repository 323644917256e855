#pragma once

/// A proxy between a client and a server. It forwards everything, but sometimes closes a connection
/// instead of forwarding an answer.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>

namespace otpd::test {

class lossy_proxy {
public:
    /// Connects to the server on that socket file.
    explicit lossy_proxy(std::string socket)
        : socket_(std::move(socket)),
          acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
        boost::asio::co_spawn(context_, accept(), boost::asio::detached);
        thread_ = std::jthread([this] { context_.run(); });
    }
    ~lossy_proxy() { context_.stop(); }
    lossy_proxy(lossy_proxy const&) = delete;
    lossy_proxy& operator=(lossy_proxy const&) = delete;

    [[nodiscard]] std::string url() const {
        return "redis://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    /// Sets how many of a thousand answers are lost from now on.
    void lose(std::uint32_t per_thousand) noexcept { per_thousand_ = per_thousand; }
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

private:
    struct pair {
        explicit pair(boost::asio::io_context& on) : client(on), server(on) {}
        boost::asio::ip::tcp::socket client;
        boost::asio::local::stream_protocol::socket server;
        void close() {
            boost::system::error_code ignored;
            client.close(ignored);
            server.close(ignored);
        }
    };
    static constexpr auto no_throw = boost::asio::as_tuple(boost::asio::use_awaitable);

    boost::asio::awaitable<void> accept() {
        for (;;) {
            auto link = std::make_shared<pair>(context_);
            auto const [failed] = co_await acceptor_.async_accept(link->client, no_throw);
            if (failed) co_return;
            boost::system::error_code refused;
            link->server.connect(boost::asio::local::stream_protocol::endpoint(socket_), refused);
            if (refused) continue;
            boost::asio::co_spawn(context_, pass(link, link->client, link->server, false),
                                  boost::asio::detached);
            boost::asio::co_spawn(context_, pass(link, link->server, link->client, true),
                                  boost::asio::detached);
        }
    }
    template <class From, class To>
    boost::asio::awaitable<void> pass(std::shared_ptr<pair> link, From& from, To& to,
                                      bool are_answers) {
        std::array<char, 65536> bytes{};
        for (;;) {
            auto const [failed, size] =
                co_await from.async_read_some(boost::asio::buffer(bytes), no_throw);
            bool const loses = !failed && are_answers && chance_() % 1000 < per_thousand_;
            if (loses) ++lost_;
            if (failed || loses) break;
            auto const [unwritten, written] =
                co_await boost::asio::async_write(to, boost::asio::buffer(bytes, size), no_throw);
            if (unwritten) break;
        }
        link->close();
    }

    std::string const socket_;
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::mt19937 chance_{7};
    std::atomic<std::uint32_t> per_thousand_{0};
    std::atomic<std::uint64_t> lost_{0};
    std::jthread thread_;
};

} // namespace otpd::test
