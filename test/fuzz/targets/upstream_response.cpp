/// HTTP replies of the upstream on the wire: they must be read within their limits, with the same
/// result however they are split into packets.

#include "net/response_reader.hpp"
#include "target.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>

#include <exception>
#include <optional>
#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
using otpd::fuzz::must;
using namespace otpd::net;

namespace {

constexpr std::size_t header_bytes_max = 512;
constexpr std::size_t body_bytes_max = 256;

struct reading {
    bool failed = false;
    exchange_error why{};
    unsigned status = 0;
    std::string body;
    std::optional<std::chrono::seconds> retry_after;
    bool keep_alive = false;

    friend bool operator==(reading const&, reading const&) = default;
};

/// Returns nothing if the reader waits for more bytes.
std::optional<reading> read(std::string_view bytes, std::size_t packet) {
    asio::io_context context;
    beast::test::stream stream(context);
    auto peer = beast::test::connect(stream);
    peer.write_size(packet);
    stream.read_size(packet);
    stream.append(bytes);
    peer.close();
    beast::flat_buffer buffer(header_bytes_max + body_bytes_max + read_slack_bytes);
    std::optional<reading> out;
    auto const work = [&]() -> asio::awaitable<void> {
        auto made = co_await read_response(stream, buffer, header_bytes_max, body_bytes_max);
        out.emplace(bool(made.error), made.error ? made.why : exchange_error{}, 0U, std::string(),
                    std::nullopt, false);
        if (made.error) co_return;
        out->status = made.response.status;
        out->body = std::move(made.response.body);
        out->retry_after = made.response.retry_after;
        out->keep_alive = made.keep_alive;
    };
    asio::co_spawn(context, work, [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
    context.run();
    return out;
}

} // namespace

OTPD_FUZZ_TARGET(upstream_response) {
    auto const whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
    must(whole.has_value(), "reading ends when the connection does");
    for (auto const packet : {std::size_t{1}, 2 + bytes.size() % 13})
        must(read(bytes, packet) == whole, "packets do not change what a reply is");
    if (whole->failed) {
        must(whole->why == exchange_error::malformed_reply ||
                 whole->why == exchange_error::connection_lost,
             "a reply is broken off or malformed");
        return;
    }
    must(whole->status >= 200 && whole->status <= 999, "a reply is a final one");
    must(whole->body.size() <= body_bytes_max, "a body is bounded");
    must(bytes.find(whole->body.substr(0, 1)) != std::string_view::npos, "a body is what came");
    if (whole->retry_after)
        must(whole->retry_after->count() >= 0 && whole->retry_after->count() <= 86400,
             "a wait is a day at most");
}
