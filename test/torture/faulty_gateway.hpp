#pragma once

/// An upstream that counts its sends, and whose n-th send from now on fails.

#include "support/fake_gateway.hpp"
#include "support/unread_gateway.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace otpd::test {

struct upstream_failure {
    std::optional<bridgexapi::send_outcome> said; ///< empty: it throws, which is a bug
    bool has_sent = false;                        ///< the SMS was sent nevertheless
};

class faulty_gateway final : public unread_gateway {
public:
    /// Call between requests.
    void fail(unsigned nth, upstream_failure how) {
        std::scoped_lock const lock(mutex_);
        left_ = nth;
        how_ = std::move(how);
        reached_ = false;
    }
    /// Refuses every send before the n-th one, so that plans continue.
    void refuse_before(bool refuses) {
        std::scoped_lock const lock(mutex_);
        refuses_before_ = refuses;
    }
    /// Ends the fault. Returns whether the n-th send was reached.
    bool disarm() {
        std::scoped_lock const lock(mutex_);
        left_ = 0;
        refuses_before_ = false;
        return reached_;
    }
    [[nodiscard]] std::size_t sent_to(std::string const& number) const {
        std::scoped_lock const lock(mutex_);
        auto const found = sent_.find(number);
        return found == sent_.end() ? 0 : found->second.count;
    }
    /// The code in the last SMS: the last run of digits of its text.
    [[nodiscard]] std::string last_code(std::string const& number) const {
        std::scoped_lock const lock(mutex_);
        auto const text = sent_.at(number).last;
        auto const end = text.find_last_of("0123456789") + 1;
        auto const before = text.find_last_not_of("0123456789", end - 1);
        return text.substr(before + 1, end - before - 1);
    }

    boost::asio::awaitable<bridgexapi::send_outcome> send_sms(bridgexapi::sms message,
                                                              deadline) override {
        // A real upstream suspends.
        co_await boost::asio::post(co_await boost::asio::this_coro::executor,
                                   boost::asio::use_awaitable);
        co_return answer(message);
    }

private:
    struct inbox {
        std::size_t count = 0;
        std::string last;
    };

    bridgexapi::send_outcome answer(bridgexapi::sms const& message) {
        std::scoped_lock const lock(mutex_);
        bool const now = left_ > 0 && --left_ == 0;
        if (!now && left_ > 0 && refuses_before_)
            return bridgexapi::rejected{bridgexapi::reason::vendor_failed};
        if (!now || how_.has_sent) {
            auto& to = sent_[std::string(message.to.digits())];
            to.last = message.text.reveal(); // may throw, and then nothing was sent
            ++to.count;
        }
        if (!now) return fake_gateway::default_receipt();
        reached_ = true;
        if (!how_.said) throw std::runtime_error("a bug of an upstream client");
        return *how_.said;
    }

    mutable std::mutex mutex_;
    std::map<std::string, inbox> sent_;
    unsigned left_ = 0;
    bool refuses_before_ = false;
    bool reached_ = false;
    upstream_failure how_;
};

} // namespace otpd::test
