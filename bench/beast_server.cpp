// A reference for comparison, written like a good Boost.Beast example: one thread, a coroutine per
// connection, requests read into a string_body, and the same JSON as the answer to all of them.
// Ends on SIGTERM.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using request_type = http::request<http::string_body>;
using response_type = http::response<http::string_body>;

constexpr std::chrono::seconds idle_max{30};
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

response_type answer_to(request_type const& request, std::string const& json) {
    response_type reply(http::status::ok, request.version());
    reply.set(http::field::server, "beast");
    reply.set(http::field::content_type, "application/json");
    reply.keep_alive(request.keep_alive());
    reply.body() = json;
    reply.prepare_payload();
    return reply;
}

asio::awaitable<void> serve(tcp::socket socket, std::string json) {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    for (bool going_on = true; going_on;) {
        stream.expires_after(idle_max);
        request_type request;
        auto [failed, received] = co_await http::async_read(stream, buffer, request, as_result);
        if (failed) co_return; // the client has disconnected
        auto reply = answer_to(request, json);
        going_on = reply.keep_alive();
        auto [not_sent, sent] = co_await http::async_write(stream, reply, as_result);
        if (not_sent) co_return;
    }
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void rethrow(std::exception_ptr const& thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

asio::awaitable<void> accept(tcp::acceptor acceptor, std::string json) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        auto executor = acceptor.get_executor();
        asio::co_spawn(executor, serve(std::move(socket), json), rethrow);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("bench_beast JSON: answers every request with this JSON, on a free port\n",
                   stderr);
        return 2;
    }
    std::string json = argv[1];
    asio::io_context context(1);
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](boost::system::error_code, int) { context.stop(); });
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    std::printf(R"({"event":"listening","listener":"beast","address":"127.0.0.1:%d"})"
                "\n",
                acceptor.local_endpoint().port());
    std::fflush(stdout);
    asio::co_spawn(context, accept(std::move(acceptor), std::move(json)), rethrow);
    context.run();
    return EXIT_SUCCESS;
}
