#pragma once

/// For servers that cannot report the port they got for port 0, or that must restart on the same
/// port.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>

namespace otpd::test {

/// Reserves a port of 127.0.0.1 during its lifetime: the port is bound, but nobody listens on it. A
/// server that sets SO_REUSEADDR, as all of ours do, can listen there repeatedly. The kernel gives
/// the port to nobody else, and connections are refused while no server listens.
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
