#pragma once

/// The upstream as the domain sees it. The interface lets tests run the domain without sockets.
///
/// Every call may be awaited from any executor and resumes on the caller's. No call throws for a
/// failure of the network or the upstream. Each call ends by `until`.

#include "otpd/bridgexapi/types.hpp"
#include "otpd/core/deadline.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include <stdexcept>

namespace otpd::bridgexapi {

template <class T>
using answer = boost::system::result<T, failure>;

class sms_sender {
public:
    virtual ~sms_sender() = default;

    /// Sends one SMS, and never twice. BridgeXAPI has no idempotency key, so the call retries only
    /// while no byte can have reached the upstream.
    virtual boost::asio::awaitable<send_outcome> send_sms(sms message, deadline until) = 0;
};

/// Answers questions (reads). Each is repeated once on a fresh connection when a pooled one turns
/// out to be dead.
class reader {
public:
    virtual ~reader() = default;

    virtual boost::asio::awaitable<answer<estimate>> estimate_cost(sms message, deadline until) = 0;
    virtual boost::asio::awaitable<answer<balance>> get_balance(deadline until) = 0;
    virtual boost::asio::awaitable<answer<std::vector<route>>> list_routes(deadline until) = 0;
    virtual boost::asio::awaitable<answer<std::vector<price>>> get_pricing(int route_id,
                                                                           deadline until) = 0;
    virtual boost::asio::awaitable<answer<delivery_report>> get_delivery(std::string bx_message_id,
                                                                         deadline until) = 0;
    virtual boost::asio::awaitable<answer<delivery_page>> list_deliveries(delivery_query query,
                                                                          deadline until) = 0;
    virtual boost::asio::awaitable<answer<delivery_page>>
    list_order_deliveries(std::string order_id, std::int64_t limit, std::int64_t skip,
                          deadline until) = 0;
};

class gateway : public sms_sender, public reader {};

/// Needed by boost::system::result: using a failure as an answer is a bug.
[[noreturn]] inline void throw_exception_from_error(failure const&, boost::source_location const&) {
    throw std::logic_error("a failed answer of the upstream was used as a good one");
}

} // namespace otpd::bridgexapi
