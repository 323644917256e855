#include "exchange.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>

#include <optional>
#include <utility>

namespace otpd::otpctl {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using stream = asio::generic::stream_protocol::socket;

namespace {

/// More than any answer has.
constexpr std::uint64_t answer_bytes_max = 64 * 1024 * 1024;

std::string name_of(place const& at) {
    return at.socket.empty() ? at.authority : at.socket;
}

asio::awaitable<stream> connect(place at) {
    auto const executor = co_await asio::this_coro::executor;
    if (!at.socket.empty()) {
        asio::local::stream_protocol::socket connection(executor);
        asio::local::stream_protocol::endpoint const endpoint(at.socket);
        co_await connection.async_connect(endpoint, asio::use_awaitable);
        co_return stream(std::move(connection));
    }
    asio::ip::tcp::resolver resolver(executor);
    auto const found = co_await resolver.async_resolve(at.host, at.port, asio::use_awaitable);
    asio::ip::tcp::socket connection(executor);
    error_code last = asio::error::host_not_found;
    for (auto const& entry : found) {
        if (connection.is_open()) connection.close();
        co_await connection.async_connect(entry.endpoint(),
                                          asio::redirect_error(asio::use_awaitable, last));
        if (!last) break;
    }
    if (last) throw boost::system::system_error(last);
    co_return stream(std::move(connection));
}

http::request<http::string_body> request_of(place const& at, call const& what) {
    auto const verb = what.verb == "POST" ? http::verb::post : http::verb::get;
    http::request<http::string_body> request(verb, what.target, 11);
    request.set(http::field::host, at.socket.empty() ? at.authority : "localhost");
    request.set(http::field::connection, "close");
    if (!at.token.empty()) request.set(http::field::authorization, "Bearer " + at.token.reveal());
    if (!what.body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = what.body;
    request.prepare_payload();
    return request;
}

asio::awaitable<reply> ask(place at, call what) {
    auto connection = co_await connect(at);
    auto const request = request_of(at, what);
    co_await http::async_write(connection, request, asio::use_awaitable);
    boost::beast::flat_buffer input;
    http::response_parser<http::string_body> parser;
    parser.body_limit(answer_bytes_max);
    co_await http::async_read(connection, input, parser, asio::use_awaitable);
    reply answer;
    answer.status = parser.get().result_int();
    answer.body = std::move(parser.get().body());
    co_return answer;
}

std::string reason_of(place const& at, error_code const& why) {
    auto const name = name_of(at);
    bool const is_socket = !at.socket.empty();
    if (is_socket && why == boost::system::errc::no_such_file_or_directory)
        return name + " is not there: does otpd run, with admin.socket?";
    if (is_socket && why == asio::error::access_denied)
        return name + " may be opened by otpd's user and root alone: use sudo";
    if (why == asio::error::connection_refused) return "nobody listens on " + name;
    return name + ": " + why.message();
}

} // namespace

place place_of(std::string const& url) {
    auto const parsed = boost::urls::parse_uri(url);
    bool const is_good = parsed && parsed->scheme() == "http" && !parsed->host().empty() &&
                         !parsed->has_userinfo() && !parsed->has_query() &&
                         (parsed->path().empty() || parsed->path() == "/");
    if (!is_good) throw std::invalid_argument("--url takes http://HOST:PORT");
    place at;
    at.authority = parsed->encoded_host_and_port();
    at.host = parsed->host_address();
    at.port = parsed->has_port() ? std::string(parsed->port()) : "80";
    return at;
}

reply exchange(place const& at, call const& what) {
    asio::io_context context(1);
    std::optional<reply> answer;
    std::exception_ptr failure;
    auto const done = [&](std::exception_ptr thrown, reply given) {
        failure = thrown;
        answer = std::move(given);
    };
    asio::co_spawn(context, ask(at, what), done);
    context.run_for(at.timeout);
    if (!answer) throw no_answer(name_of(at) + " does not answer in time");
    try {
        if (failure) std::rethrow_exception(failure);
    } catch (boost::system::system_error const& why) {
        throw no_answer(reason_of(at, why.code()));
    }
    return *std::move(answer);
}

} // namespace otpd::otpctl
