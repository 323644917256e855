#pragma once

#include "delivery/delivery_look.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace otpd::otp {

/// Makes the calls that a delivery_poller's actions describe. Thread-safe.
class delivery_calls {
public:
    /// Both must outlive this object. `timeout` is that of a request to the upstream.
    delivery_calls(store::store& store, bridgexapi::reader& upstream,
                   std::chrono::milliseconds timeout)
        : store_(store), upstream_(upstream), timeout_(timeout) {}

    boost::asio::awaitable<delivery_reply> ask(delivery_question asked) const;
    boost::asio::awaitable<store::result<store::update_outcome>>
    update(store::delivery_update update) const {
        return store_.update(std::move(update));
    }

private:
    store::store& store_;
    bridgexapi::reader& upstream_;
    std::chrono::milliseconds const timeout_;
};

} // namespace otpd::otp
