#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

namespace otpd::otp {

/// The most recently added keys, each with a value. The oldest is dropped first.
template <class Value>
class recent {
public:
    explicit recent(std::size_t size_max) : size_max_(size_max) {}

    /// Returns false if the key existed; its value is replaced.
    bool put(std::string key, Value value) {
        auto const [place, is_new] = values_.insert_or_assign(std::move(key), std::move(value));
        if (is_new) oldest_first_.push_back(&place->first); // the key's address is stable
        if (values_.size() > size_max_) {
            values_.erase(values_.find(*oldest_first_.front()));
            oldest_first_.pop_front();
        }
        return is_new;
    }
    [[nodiscard]] bool contains(std::string const& key) const { return values_.contains(key); }
    [[nodiscard]] Value const* find(std::string const& key) const {
        auto const found = values_.find(key);
        return found == values_.end() ? nullptr : &found->second;
    }

private:
    std::size_t size_max_;
    std::unordered_map<std::string, Value> values_;
    std::deque<std::string const*> oldest_first_;
};

} // namespace otpd::otp
