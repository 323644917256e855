#include "client_address.hpp"
#include "connection.hpp"
#include "framing_fault.hpp"
#include "proxy_header.hpp"

#include <utility>

namespace otpd::http {

namespace asio = boost::asio;

void connection::set_peer(asio::ip::address address) {
    peer_ = unmapped(address);
    believed_ = {};
    auto const& trusted = options().trusted_proxies;
    if (is_trusted(peer_, trusted)) believed_ = trusted;
}

bool connection::is_from_trusted_proxy() {
    if (!believed_.empty()) return true;
    services_->events.framing_rejected(options().name, kind(proxy_fault::untrusted_peer));
    return false;
}

asio::awaitable<bool> connection::receive_proxy_header() {
    if (!is_from_trusted_proxy()) co_return false;
    // One deadline for the wait and the header: it is the proxy that speaks, without being asked.
    bool some = co_await wait_for_input(options().header_timeout);
    phase_ = phase::input;
    auto header = parse_proxy_header(input());
    while (some && header.made == proxy_header::progress::need_more) {
        some = co_await read_some();
        header = parse_proxy_header(input());
    }
    if (!some) {
        // Also a balancer's check, which connects and leaves: no fault of anybody.
        if (refuse_if_late(framing_fault::header_timeout) == received::refused)
            services_->events.framing_rejected(options().name, kind(fault_));
        co_return false;
    }
    if (header.made == proxy_header::progress::rejected) {
        services_->events.framing_rejected(options().name, kind(header.fault));
        co_return false;
    }
    input_.consume(header.size);
    if (header.source)
        set_peer(*header.source);
    else
        believed_ = {};
    co_return true;
}

} // namespace otpd::http
