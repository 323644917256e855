#pragma once

/// An upstream that answers every read with not_found. Derived classes implement send_sms().

#include "otpd/bridgexapi/gateway.hpp"

#include <string>
#include <vector>

namespace otpd::test {

class unread_gateway : public bridgexapi::gateway {
public:
    template <class T>
    using reply = boost::asio::awaitable<bridgexapi::answer<T>>;
    reply<bridgexapi::estimate> estimate_cost(bridgexapi::sms, deadline) override {
        return none<bridgexapi::estimate>();
    }
    reply<bridgexapi::balance> get_balance(deadline) override {
        return none<bridgexapi::balance>();
    }
    reply<std::vector<bridgexapi::route>> list_routes(deadline) override {
        return none<std::vector<bridgexapi::route>>();
    }
    reply<std::vector<bridgexapi::price>> get_pricing(int, deadline) override {
        return none<std::vector<bridgexapi::price>>();
    }
    reply<bridgexapi::delivery_report> get_delivery(std::string, deadline) override {
        return none<bridgexapi::delivery_report>();
    }
    reply<bridgexapi::delivery_page> list_deliveries(bridgexapi::delivery_query,
                                                     deadline) override {
        return none<bridgexapi::delivery_page>();
    }
    reply<bridgexapi::delivery_page> list_order_deliveries(std::string, std::int64_t, std::int64_t,
                                                           deadline) override {
        return none<bridgexapi::delivery_page>();
    }

private:
    template <class T>
    reply<T> none() {
        co_return bridgexapi::failure{bridgexapi::reason::not_found, 404};
    }
};

} // namespace otpd::test
