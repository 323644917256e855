#pragma once

/// A bulkhead between the questions (reads) of requests and those of otpd's own loops. Sends have a
/// client of their own, and never come here.
///
/// Of the questions that requests have, `concurrency_max` are with
/// the upstream at a time; equal ones are one (single_flight.hpp). What is over it waits in a
/// bounded first-come queue for `wait_max`, then fails with pool_exhausted. A question is over
/// after `timeout`, whoever still waits for it.
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

/// Safe to use from any executor. Must outlive the calls on it.
class read_bulkhead final : public reader {
public:
    /// `behind` must outlive it.
    read_bulkhead(boost::asio::any_io_executor executor, reader& behind,
                  read_bulkhead_options options);
    ~read_bulkhead() override;

    boost::asio::awaitable<answer<estimate>> estimate_cost(sms message, deadline until) override;
    boost::asio::awaitable<answer<balance>> get_balance(deadline until) override;
    boost::asio::awaitable<answer<std::vector<route>>> list_routes(deadline until) override;
    boost::asio::awaitable<answer<route>> get_route(int route_id, deadline until) override;
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
