#include "attackers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancel_after.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <exception>
#include <utility>

namespace otpd::fuzz {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr auto with_error = asio::as_tuple(asio::deferred);

/// An address of 127.0.1.0/24: closed connections keep their port for a while, and one address has
/// too few ports.
tcp::endpoint source_of(std::uint64_t number) {
    constexpr std::uint32_t first = 0x7f000101;
    constexpr std::uint32_t count = 250;
    return {asio::ip::address_v4(first + static_cast<std::uint32_t>(number % count)), 0};
}

void end_early(tcp::socket& socket, bool reset) {
    error_code ignored;
    if (reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

} // namespace

void attackers::note(std::string fault, std::uint64_t number) {
    if (fault.empty() || !fault_.empty()) return;
    fault_ = "connection " + std::to_string(number) + ": " + std::move(fault);
}

void attackers::run() {
    asio::io_context context(1);
    for (std::size_t i = 0; i < plan_.workers; ++i)
        asio::co_spawn(context, work(), [this](std::exception_ptr failure) {
            try {
                if (failure) std::rethrow_exception(failure);
            } catch (std::exception const& what) {
                if (fault_.empty()) fault_ = what.what();
            }
        });
    context.run();
}

asio::awaitable<void> attackers::work() {
    constexpr std::uint64_t connections_per_probe = 16;
    while (goes_on()) {
        auto const number = next_++;
        auto what = make_attack(plan_.seed, number, plan_.token);
        bool const may_be_bodyless = what.may_be_bodyless;
        requests_ += what.requests;
        in_flight_.insert(number);
        auto const got = co_await exchange(std::move(what), number);
        note(got.fault, number);
        note(check_replies(got.bytes, got.cut_off, may_be_bodyless, replies_).value_or(""), number);
        if (number % connections_per_probe == 0) co_await probe(number);
        if (fault_.empty()) in_flight_.erase(number);
    }
}

asio::awaitable<attackers::received> attackers::exchange(attack what, std::uint64_t number) {
    received got;
    tcp::socket socket(co_await asio::this_coro::executor);
    socket.open(tcp::v4());
    socket.set_option(asio::socket_base::reuse_address(true));
    socket.bind(source_of(number));
    auto [refused] =
        co_await socket.async_connect(server_, asio::cancel_after(plan_.patience, with_error));
    if (refused) {
        got.fault = "cannot connect: " + refused.message();
        co_return got;
    }
    socket.set_option(tcp::no_delay(true));
    for (auto const& packet : what.packets) {
        auto [gone, size] = co_await asio::async_write(
            socket, asio::buffer(packet), asio::cancel_after(plan_.patience, with_error));
        if (gone == asio::error::operation_aborted) got.fault = "the server takes no more bytes";
        if (gone) break; // it has answered and closed, and its answer can still be read
    }
    if (what.end != ending::half_close) {
        end_early(socket, what.end == ending::reset);
        co_return got;
    }
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    co_await read_to_end(socket, got);
    co_return got;
}

asio::awaitable<void> attackers::read_to_end(tcp::socket& socket, received& to) {
    std::array<char, 16384> some;
    for (;;) {
        auto const asked = std::chrono::steady_clock::now();
        auto [ec, size] = co_await socket.async_read_some(
            asio::buffer(some), asio::cancel_after(plan_.patience, with_error));
        auto const silence = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - asked);
        longest_ = std::max(longest_, silence);
        to.bytes.append(some.data(), size);
        if (!ec) continue;
        if (ec == asio::error::operation_aborted)
            to.fault = "silent for " + std::to_string(silence.count()) + " ms";
        to.cut_off = ec != asio::error::eof;
        co_return;
    }
}

/// Checks that a good request on a fresh connection is answered, whatever was sent before.
asio::awaitable<void> attackers::probe(std::uint64_t number) {
    attack good;
    good.packets = {"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"};
    auto const got = co_await exchange(std::move(good), number);
    note(got.fault, number);
    if (got.fault.empty() && !got.bytes.starts_with("HTTP/1.1 200 "))
        note("a good request got: " + got.bytes, number);
}

} // namespace otpd::fuzz
