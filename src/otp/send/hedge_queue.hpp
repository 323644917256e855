#pragma once

/// Messages that wait for their report, by the time at which they are hedged. Without I/O.

#include "otpd/core/clock.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace otpd::otp {

template <class Message>
class hedge_queue {
public:
    explicit hedge_queue(std::size_t most) noexcept : most_(most) {}

    /// Returns false if it is full. The id is that of its verification; one with the same id is
    /// replaced.
    bool add(std::string const& id, steady_time due, Message message) {
        drop(id);
        if (by_due_.size() >= most_) return false;
        by_id_.emplace(id, by_due_.emplace(due, std::pair(id, std::move(message))));
        return true;
    }
    void drop(std::string const& id) {
        auto const found = by_id_.find(id);
        if (found == by_id_.end()) return;
        by_due_.erase(found->second);
        by_id_.erase(found);
    }
    void clear() noexcept {
        by_due_.clear();
        by_id_.clear();
    }
    [[nodiscard]] std::optional<steady_time> next_due() const {
        if (by_due_.empty()) return std::nullopt;
        return by_due_.begin()->first;
    }
    /// Removes and returns the message that is due first; nothing if none is due yet.
    [[nodiscard]] std::optional<Message> take(steady_time now) {
        if (by_due_.empty() || by_due_.begin()->first > now) return std::nullopt;
        auto const first = by_due_.begin();
        auto message = std::move(first->second.second);
        by_id_.erase(first->second.first);
        by_due_.erase(first);
        return message;
    }
    [[nodiscard]] std::size_t size() const noexcept { return by_due_.size(); }

private:
    using list = std::multimap<steady_time, std::pair<std::string, Message>>;

    std::size_t most_;
    list by_due_;
    std::unordered_map<std::string, typename list::iterator> by_id_;
};

} // namespace otpd::otp
