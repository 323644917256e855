#pragma once

/// A bulkhead between the reads of requests and those of otpd's own loops. Sends have a separate
/// client and never come here.
///
/// At most `concurrency_max` reads of requests are with the upstream at a time; equal ones share
/// one call (single_flight.hpp). Further reads wait in a bounded first-come, first-served queue for
/// `wait_max`, then fail with pool_exhausted. A read ends after `timeout`, even if callers still
/// wait for it.
///
/// Delivery lists bypass the bulkhead: only the delivery tracker reads them, one at a time.

#include "otpd/bridgexapi/gateway.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace otpd::bridgexapi {

struct read_bulkhead_options {
    std::size_t concurrency_max = 5;
    std::size_t queue_max = 64;
    std::chrono::milliseconds wait_max{1'000};
    std::chrono::milliseconds timeout{5'000}; ///< of a read, including its wait
};

/// Thread-safe. Must outlive the calls on it.
class read_bulkhead final : public reader {
public:
    /// `behind` must outlive it.
    read_bulkhead(boost::asio::any_io_executor executor, reader& behind,
                  read_bulkhead_options options);
    ~read_bulkhead() override;

    boost::asio::awaitable<answer<estimate>> estimate_cost(sms message, deadline until) override;
    boost::asio::awaitable<answer<balance>> get_balance(deadline until) override;
    boost::asio::awaitable<answer<std::vector<route>>> list_routes(deadline until) override;
    boost::asio::awaitable<answer<std::vector<price>>> get_pricing(int route_id,
                                                                   deadline until) override;
    boost::asio::awaitable<answer<delivery_report>> get_delivery(std::string bx_message_id,
                                                                 deadline until) override;
    boost::asio::awaitable<answer<delivery_page>> list_deliveries(delivery_query query,
                                                                  deadline until) override;
    boost::asio::awaitable<answer<delivery_page>> list_order_deliveries(std::string order_id,
                                                                        std::int64_t limit,
                                                                        std::int64_t skip,
                                                                        deadline until) override;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::bridgexapi
