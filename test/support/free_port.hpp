#pragma once

/// For servers that cannot take port 0 and say which one they got, or that are to come back at the
/// same one.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>

namespace otpd::test {

/// A port of 127.0.0.1 that is nobody else's as long as this lives: bound, but not listened on. A
/// server that sets SO_REUSEADDR, as all of ours do, can listen there, again and again; the kernel
/// gives the port to nobody who asks for a free one, and connecting to it is refused while no
/// server listens.
class reserved_port {
public:
    reserved_port() : holder_(context_) {
        using tcp = boost::asio::ip::tcp;
        holder_.open(tcp::v4());
        holder_.set_option(tcp::acceptor::reuse_address(true));
        holder_.bind({boost::asio::ip::address_v4::loopback(), 0});
        number_ = holder_.local_endpoint().port();
    }

    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

private:
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor holder_;
    std::uint16_t number_ = 0;
};

} // namespace otpd::test
