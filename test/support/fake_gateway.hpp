#pragma once

/// A fake upstream for tests of the domain: it gives configured answers and records the requests.

#include "unread_gateway.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace otpd::test {

class fake_gateway final : public unread_gateway {
public:
    /// Called for each send, on the thread of that send.
    std::function<bridgexapi::send_outcome(bridgexapi::sms const&)> on_send =
        [](bridgexapi::sms const&) { return bridgexapi::send_outcome(default_receipt()); };

    static bridgexapi::accepted default_receipt() {
        bridgexapi::accepted receipt;
        receipt.order_id = "22953";
        receipt.bx_message_id = "BX-22953-c5f4f53431ed22c2";
        receipt.cost = money::from_micros(87'000);
        return receipt;
    }

    boost::asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms message,
                                                              deadline) override {
        // A real upstream suspends. Without that, two sends could not race.
        co_await boost::asio::post(co_await boost::asio::this_coro::executor,
                                   boost::asio::use_awaitable);
        remember(message);
        co_return on_send(message);
    }

    [[nodiscard]] std::vector<bridgexapi::sms> sent() const {
        std::scoped_lock const lock(mutex_);
        return sent_;
    }
    /// Returns the code of the last SMS: the last run of digits in its text.
    [[nodiscard]] std::string last_code() const {
        auto const text = sent().back().text.reveal();
        auto const end = text.find_last_of("0123456789") + 1;
        auto const before = text.find_last_not_of("0123456789", end - 1);
        return text.substr(before + 1, end - before - 1);
    }

private:
    void remember(bridgexapi::sms const& message) {
        std::scoped_lock const lock(mutex_);
        sent_.push_back(message);
    }

    mutable std::mutex mutex_;
    std::vector<bridgexapi::sms> sent_;
};

} // namespace otpd::test
