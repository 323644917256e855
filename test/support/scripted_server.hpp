#pragma once

/// A server that handles each connection as a test's script says: reads so many bytes, writes
/// these, closes, resets, hangs. It runs in its own thread, so the test's client does not influence
/// its timing.

#include "support/certificates.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <sys/ioctl.h>

#include <array>
#include <atomic>
#include <charconv>
#include <functional>
#include <linux/sockios.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace otpd::test {

/// An accepted connection, after its TLS handshake if it has one.
class scripted_connection : public std::enable_shared_from_this<scripted_connection> {
public:
    using socket = boost::asio::ip::tcp::socket;
    using tls_stream = boost::asio::ssl::stream<socket>;

    scripted_connection(socket accepted, boost::asio::ssl::context* tls, std::size_t index)
        : index_(index), hung_up_(accepted.get_executor()) {
        if (tls != nullptr) {
            tls_.emplace(std::move(accepted), *tls);
        } else {
            plain_.emplace(std::move(accepted));
        }
    }

    /// 0 for the server's first connection.
    [[nodiscard]] std::size_t index() const noexcept { return index_; }

    boost::asio::awaitable<bool> handshake() {
        if (!tls_) co_return true;
        auto [ec] = co_await tls_->async_handshake(boost::asio::ssl::stream_base::server, no_throw);
        resumed_ = !ec && SSL_session_reused(tls_->native_handle()) == 1;
        co_return !ec;
    }
    [[nodiscard]] bool resumed() const noexcept { return resumed_; }
    [[nodiscard]] std::string server_name() {
        auto const* name =
            tls_ ? SSL_get_servername(tls_->native_handle(), TLSEXT_NAMETYPE_host_name) : nullptr;
        return name != nullptr ? name : "";
    }

    /// Reads a request with Content-Length or without a body; returns an empty text if the peer
    /// ended first.
    boost::asio::awaitable<std::string> read_request() {
        for (;;) {
            auto const size = request_size();
            if (size) {
                auto request = buffered_.substr(0, *size);
                buffered_.erase(0, *size);
                co_return request;
            }
            auto const more = co_await read_some();
            if (more.empty()) co_return std::string();
            buffered_ += more;
        }
    }

    /// Reads exactly `size` bytes, or fewer if the peer ended first.
    boost::asio::awaitable<std::string> read_exactly(std::size_t size) {
        std::string bytes(size, '\0');
        std::size_t got = 0;
        while (got < size) {
            auto const buffer = boost::asio::buffer(bytes.data() + got, size - got);
            std::size_t n = 0;
            if (tls_) {
                auto [ec, count] = co_await tls_->async_read_some(buffer, no_throw);
                n = ec ? 0 : count;
            } else {
                auto [ec, count] = co_await plain_->async_read_some(buffer, no_throw);
                n = ec ? 0 : count;
            }
            if (n == 0) break;
            got += n;
        }
        bytes.resize(got);
        co_return bytes;
    }

    /// Reads available input; empty at the end.
    boost::asio::awaitable<std::string> read_some() {
        std::array<char, 4096> bytes;
        if (tls_) {
            auto [ec, n] = co_await tls_->async_read_some(boost::asio::buffer(bytes), no_throw);
            co_return std::string(bytes.data(), ec ? 0 : n);
        }
        auto [ec, n] = co_await plain_->async_read_some(boost::asio::buffer(bytes), no_throw);
        co_return std::string(bytes.data(), ec ? 0 : n);
    }

    boost::asio::awaitable<bool> write(std::string bytes) {
        if (tls_) {
            auto [ec, n] =
                co_await boost::asio::async_write(*tls_, boost::asio::buffer(bytes), no_throw);
            co_return !ec;
        }
        auto [ec, n] =
            co_await boost::asio::async_write(*plain_, boost::asio::buffer(bytes), no_throw);
        co_return !ec;
    }

    /// Sends a TLS close_notify without waiting for the peer's. Do not read or write afterwards.
    void send_close_notify() {
        if (tls_) tls_->async_shutdown([self = shared_from_this()](boost::system::error_code) {});
    }
    void close() {
        boost::system::error_code ignored;
        raw().close(ignored);
    }
    void reset() {
        boost::system::error_code ignored;
        raw().set_option(boost::asio::socket_base::linger(true, 0), ignored);
        raw().close(ignored);
    }
    void shut_down_sending() {
        boost::system::error_code ignored;
        raw().shutdown(socket::shutdown_send, ignored);
    }
    /// Waits until the peer's kernel has received everything including a FIN, or has reset the
    /// connection; after a reset the queue keeps unacknowledged data forever.
    boost::asio::awaitable<void> everything_arrived() {
        int const handle = raw().native_handle();
        int queued = 1;
        pollfd gone{handle, 0, 0}; // errors are always reported
        while (::ioctl(handle, SIOCOUTQ, &queued) == 0 && queued != 0 && ::poll(&gone, 1, 0) == 0)
            co_await pause(std::chrono::milliseconds(1));
    }
    /// Waits until the server ends.
    boost::asio::awaitable<void> hang() {
        hung_up_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await hung_up_.async_wait(no_throw);
    }
    /// Waits for `time`.
    boost::asio::awaitable<void> pause(std::chrono::milliseconds time) {
        hung_up_.expires_after(time);
        co_await hung_up_.async_wait(no_throw);
    }

private:
    static constexpr auto no_throw = boost::asio::as_tuple(boost::asio::deferred);

    socket& raw() { return tls_ ? tls_->next_layer() : *plain_; }

    [[nodiscard]] std::optional<std::size_t> request_size() const {
        auto const end = buffered_.find("\r\n\r\n");
        if (end == std::string::npos) return std::nullopt;
        constexpr std::string_view field = "Content-Length: ";
        std::size_t body = 0;
        auto const at = buffered_.find(field);
        if (at < end)
            std::from_chars(buffered_.data() + at + field.size(), buffered_.data() + end, body);
        auto const size = end + 4 + body;
        return buffered_.size() >= size ? std::optional(size) : std::nullopt;
    }

    std::size_t index_;
    std::optional<socket> plain_;
    std::optional<tls_stream> tls_;
    boost::asio::steady_timer hung_up_;
    std::string buffered_;
    bool resumed_ = false;
};

class scripted_server {
public:
    using script =
        std::function<boost::asio::awaitable<void>(scripted_server&, scripted_connection&)>;
    using configure_tls = std::function<void(boost::asio::ssl::context&)>;

    /// A server without TLS.
    explicit scripted_server(script play) : play_(std::move(play)) { start(); }

    /// A TLS server with the certificate of `who`.
    scripted_server(identity const& who, script play, configure_tls const& configure = {})
        : tls_(std::in_place, boost::asio::ssl::context::tls_server), play_(std::move(play)) {
        tls_->use_certificate(boost::asio::buffer(who.certificate_pem()),
                              boost::asio::ssl::context::pem);
        tls_->use_private_key(boost::asio::buffer(who.key_pem()), boost::asio::ssl::context::pem);
        constexpr std::array<unsigned char, 4> id{'o', 't', 'p', 'd'};
        SSL_CTX_set_session_id_context(tls_->native_handle(), id.data(), id.size());
        if (configure) configure(*tls_);
        start();
    }

    ~scripted_server() {
        context_.stop();
        thread_.join();
    }
    scripted_server(scripted_server const&) = delete;
    scripted_server& operator=(scripted_server const&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::size_t connections() const noexcept { return connections_; }
    /// Of these connections: successful TLS handshakes.
    [[nodiscard]] std::size_t handshakes() const noexcept { return handshakes_; }
    [[nodiscard]] std::size_t resumed() const noexcept { return resumed_; }
    /// The most connections open at one time.
    [[nodiscard]] std::size_t connections_peak() const noexcept { return peak_; }

    /// Records a text of a script, in order.
    void note(std::string text) {
        std::lock_guard const lock(mutex_);
        notes_.push_back(std::move(text));
    }
    [[nodiscard]] std::vector<std::string> notes() const {
        std::lock_guard const lock(mutex_);
        return notes_;
    }

private:
    using tcp = boost::asio::ip::tcp;

    void start() {
        acceptor_.open(tcp::v4());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        acceptor_.bind(tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
        acceptor_.listen();
        port_ = acceptor_.local_endpoint().port();
        boost::asio::co_spawn(context_, accept(), rethrow);
        thread_ = std::thread([this] { context_.run(); });
    }

    static void rethrow(std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    }

    boost::asio::awaitable<void> accept() {
        for (;;) {
            auto [ec, socket] =
                co_await acceptor_.async_accept(boost::asio::as_tuple(boost::asio::deferred));
            if (ec) co_return;
            boost::asio::co_spawn(context_, serve(std::move(socket)), rethrow);
        }
    }

    boost::asio::awaitable<void> serve(tcp::socket accepted) {
        accepted.set_option(tcp::no_delay(true));
        auto const connection = std::make_shared<scripted_connection>(
            std::move(accepted), tls_ ? &*tls_ : nullptr, connections_++);
        peak_ = std::max(peak_.load(), ++open_);
        auto const greeted = co_await connection->handshake();
        if (greeted) {
            if (tls_) ++handshakes_;
            if (connection->resumed()) ++resumed_;
            co_await play_(*this, *connection);
        }
        connection->close();
        --open_;
    }

    std::optional<boost::asio::ssl::context> tls_;
    script play_;
    std::atomic<std::size_t> connections_ = 0;
    std::atomic<std::size_t> handshakes_ = 0;
    std::atomic<std::size_t> resumed_ = 0;
    std::atomic<std::size_t> peak_ = 0;
    std::size_t open_ = 0;
    mutable std::mutex mutex_;
    std::vector<std::string> notes_;
    // The last members, so that the context and its coroutines are destroyed first.
    boost::asio::io_context context_{1};
    tcp::acceptor acceptor_{context_};
    std::uint16_t port_ = 0;
    std::thread thread_;
};

/// Returns a reply with a body and, unless `extra` says otherwise, keep-alive.
inline std::string http_reply(unsigned status, std::string_view body, std::string_view extra = {}) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
           std::string(extra) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}

} // namespace otpd::test
