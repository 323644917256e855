#pragma once

/// For servers that cannot take port 0 and say which one they got.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>

namespace otpd::test {

/// A port of 127.0.0.1 that is free at this moment.
inline std::uint16_t free_port() {
    namespace asio = boost::asio;
    asio::io_context context;
    asio::ip::tcp::acceptor const probe(context, {asio::ip::address_v4::loopback(), 0});
    return probe.local_endpoint().port();
}

} // namespace otpd::test
