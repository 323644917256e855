#include "session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace bridgexapi_stub {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp::socket>;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t header_bytes_max = 64U << 10U;

template <class Stream>
constexpr bool is_tls = std::is_same_v<Stream, tls_stream>;

bool is_established(int descriptor) {
    tcp_info info{};
    socklen_t length = sizeof info;
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
           info.tcpi_state == TCP_ESTABLISHED;
}

template <class Stream>
class session final : public session_base, public std::enable_shared_from_this<session<Stream>> {
public:
    session(Stream stream, connection_info connection, std::shared_ptr<session_shared> shared)
        : shared_{std::move(shared)}, stream_{std::move(stream)}, timer_{stream_.get_executor()},
          connection_{std::move(connection)} {}

    void run(service::welcome how) {
        auto whole = [self = this->shared_from_this(), how]() { return self->serve(how); };
        auto done = [self = this->shared_from_this()](std::exception_ptr const& error) {
            self->finished();
            if (error) std::rethrow_exception(error); // a bug
        };
        asio::co_spawn(stream_.get_executor(), std::move(whole), std::move(done));
    }

    void close() override {
        asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
            self->stopping_ = true;
            self->timer_.cancel();
            self->close_socket();
        });
    }

private:
    using parser_type = http::request_parser<http::string_body>;

    tcp::socket& socket() {
        if constexpr (is_tls<Stream>)
            return stream_.next_layer();
        else
            return stream_;
    }

    void close_socket() {
        error_code ignored;
        socket().close(ignored);
    }

    void finished() {
        close_socket();
        shared_->sessions.remove(connection_.number);
        shared_->backend.connection_closed(buffer_.size() + bytes_unfinished_);
    }

    asio::awaitable<void> serve(service::welcome how) {
        if (how == service::welcome::stall) co_await wait_for_peer();
        if (how == service::welcome::refuse_reset) reset();
        if (how != service::welcome::serve) co_return;
        bool going_on = co_await shake_hands();
        while (going_on)
            going_on = co_await serve_one();
    }

    asio::awaitable<bool> shake_hands() {
        if constexpr (is_tls<Stream>) {
            auto [error] =
                co_await stream_.async_handshake(asio::ssl::stream_base::server, as_result);
            auto* native = stream_.native_handle();
            connection_.tls_resumed = !error && SSL_session_reused(native) == 1;
            if (!error) connection_.tls_version = SSL_get_version(native);
            shared_->backend.tls_finished(!error, connection_.tls_resumed);
            co_return !error;
        }
        co_return true;
    }

    // Handles one request and its reply. Returns false when the connection is finished.
    asio::awaitable<bool> serve_one() {
        parser_type parser;
        parser.header_limit(header_bytes_max);
        parser.body_limit(shared_->body_bytes_max);
        auto [error, bytes] = co_await http::async_read_header(stream_, buffer_, parser, as_result);
        bytes_unfinished_ = bytes;
        if (!error && !parser.is_done()) {
            if (parser.get()[http::field::expect] == "100-continue")
                co_await write_now(continue_line());
            auto [body_error, body_bytes] =
                co_await http::async_read(stream_, buffer_, parser, as_result);
            bytes_unfinished_ += body_bytes;
            error = body_error;
        }
        auto answer = decide(error, parser);
        if (!answer) co_return false;
        co_return co_await send(std::move(*answer));
    }

    static std::string continue_line() { return "HTTP/1.1 100 Continue\r\n\r\n"; }

    std::optional<exchange> decide(error_code const& error, parser_type& parser) {
        if (!error) return shared_->backend.handle(take_request(parser));
        if (error == http::error::body_limit)
            return shared_->backend.too_large(take_request(parser));
        bool const client_left =
            error == http::error::end_of_stream ||
            error.category() != make_error_code(http::error::end_of_stream).category();
        if (client_left) return std::nullopt;
        return shared_->backend.unparsable(connection_, error.message());
    }

    incoming take_request(parser_type& parser) {
        auto message = parser.release();
        incoming out;
        out.method = message.method_string();
        out.target = message.target();
        out.version = message.version();
        for (auto const& field : message)
            out.headers.emplace_back(field.name_string(), field.value());
        out.keep_alive = message.keep_alive();
        out.body = std::move(message.body());
        out.wire_bytes = std::exchange(bytes_unfinished_, 0);
        out.connection = connection_;
        return out;
    }

    asio::awaitable<bool> send(exchange answer) {
        if (answer.delay.count() > 0) co_await pause(answer.delay);
        auto const step = answer.drip_bytes == 0 ? answer.bytes.size() : answer.drip_bytes;
        for (std::size_t at = 0; at < answer.bytes.size(); at += step) {
            if (at > 0) co_await pause(answer.drip_pause);
            auto const piece =
                asio::buffer(answer.bytes.data() + at, std::min(step, answer.bytes.size() - at));
            auto [error, bytes] = co_await asio::async_write(stream_, piece, as_result);
            if (error || stopping_) co_return false;
        }
        if (answer.end == ending::keep) co_return !stopping_;
        co_await end_connection(answer.end);
        co_return false;
    }

    asio::awaitable<void> end_connection(ending how) {
        if (how == ending::hold) co_await wait_for_peer();
        if (how == ending::reset) reset();
        if (how == ending::close) co_await say_goodbye();
        error_code ignored;
        if (socket().is_open()) socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

    asio::awaitable<void> say_goodbye() {
        if constexpr (is_tls<Stream>) {
            // Pretends that the peer's close_notify has arrived: ours is sent without waiting for
            // it.
            SSL_set_shutdown(stream_.native_handle(), SSL_RECEIVED_SHUTDOWN);
            co_await stream_.async_shutdown(as_result);
        }
        co_return;
    }

    void reset() {
        error_code ignored;
        socket().set_option(asio::socket_base::linger{true, 0}, ignored);
        close_socket();
    }

    // Waits until the client closes or stop(). Input stays unread meanwhile, and a read would not
    // see a FIN behind it. So this polls the state of the connection.
    asio::awaitable<void> wait_for_peer() {
        constexpr std::chrono::milliseconds between_looks{25};
        while (!stopping_ && is_established(socket().native_handle()))
            co_await pause(between_looks);
    }

    asio::awaitable<void> pause(std::chrono::milliseconds length) {
        timer_.expires_after(length);
        if (!stopping_) co_await timer_.async_wait(as_result);
    }

    asio::awaitable<void> write_now(std::string bytes) {
        co_await asio::async_write(stream_, asio::buffer(bytes), as_result);
    }

    std::shared_ptr<session_shared> shared_;
    Stream stream_;
    asio::steady_timer timer_;
    connection_info connection_;
    boost::beast::flat_buffer buffer_;
    std::uint64_t bytes_unfinished_ = 0; // of the request being read
    bool stopping_ = false;
};

std::string to_text(tcp::endpoint const& endpoint) {
    return endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

template <class Stream>
void run_session(Stream stream, connection_info connection, service::welcome how,
                 std::shared_ptr<session_shared> const& shared) {
    auto const number = connection.number;
    auto one = std::make_shared<session<Stream>>(std::move(stream), std::move(connection), shared);
    shared->sessions.add(number, one);
    one->run(how);
}

} // namespace

void session_registry::open() {
    std::lock_guard const lock{mutex_};
    closed_ = false;
}

void session_registry::close_all() {
    std::lock_guard const lock{mutex_};
    closed_ = true;
    for (auto const& [connection, session] : sessions_)
        if (auto const alive = session.lock()) alive->close();
}

void session_registry::add(std::uint64_t connection, std::weak_ptr<session_base> session) {
    std::lock_guard const lock{mutex_};
    if (closed_)
        if (auto const alive = session.lock()) alive->close();
    sessions_.emplace(connection, std::move(session));
}

void session_registry::remove(std::uint64_t connection) {
    std::lock_guard const lock{mutex_};
    sessions_.erase(connection);
}

void start_session(tcp::socket socket, std::shared_ptr<session_shared> const& shared) {
    error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    auto const admitted = shared->backend.connection_opened();
    connection_info connection;
    connection.number = admitted.connection;
    connection.peer = to_text(socket.remote_endpoint(ignored));
    if (shared->tls)
        run_session(tls_stream{std::move(socket), *shared->tls}, std::move(connection),
                    admitted.how, shared);
    else
        run_session(std::move(socket), std::move(connection), admitted.how, shared);
}

} // namespace bridgexapi_stub
