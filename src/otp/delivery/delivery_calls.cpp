#include "delivery/delivery_calls.hpp"

#include <utility>

namespace otpd::otp {

boost::asio::awaitable<delivery_reply> delivery_calls::ask(delivery_question asked) const {
    auto const until = deadline::in(timeout_);
    if (asked.purpose == delivery_question::about::order)
        co_return co_await upstream_.list_order_deliveries(asked.name, asked.query.limit,
                                                           asked.query.skip, until);
    if (asked.purpose != delivery_question::about::message)
        co_return co_await upstream_.list_deliveries(asked.query, until);
    auto report = co_await upstream_.get_delivery(asked.name, until);
    if (!report) co_return report.error();
    bridgexapi::delivery_page page{};
    page.reports.push_back(*std::move(report));
    co_return page;
}

} // namespace otpd::otp
