#include "bridgexapi_stub/ledger.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace bridgexapi_stub {

delivery_state sms::state_at(timestamp now) const {
    if (forced) return *forced;
    if (now < accepted_at + plan.sent_after) return {"QUEUED", std::nullopt};
    if (now < accepted_at + plan.final_after) return {"SENT", std::nullopt};
    return {plan.outcome, plan.error};
}

ledger::ledger(std::size_t messages_max)
    : messages_max_{messages_max}, random_{std::random_device{}()} {}

std::string ledger::make_id(std::int64_t order_id) {
    constexpr std::size_t digits = 16;
    std::array<char, digits> text{};
    auto* const end = std::to_chars(text.data(), text.data() + digits, random_(), 16).ptr;
    std::string hex{text.data(), end};
    hex.insert(0, digits - hex.size(), '0');
    return "BX-" + std::to_string(order_id) + "-" + hex;
}

sms const& ledger::add(sms message) {
    message.sequence = ++accepted_total_;
    by_id_.emplace(message.bx_message_id, message.sequence);
    messages_.push_back(std::move(message));
    shrink();
    return messages_.back();
}

sms const* ledger::find(std::string_view bx_message_id) const {
    auto const found = by_id_.find(std::string{bx_message_id});
    if (found == by_id_.end()) return nullptr;
    return &messages_[static_cast<std::size_t>(found->second - messages_.front().sequence)];
}

bool ledger::force(std::string_view bx_message_id, delivery_state state) {
    auto const found = by_id_.find(std::string{bx_message_id});
    if (found == by_id_.end()) return false;
    auto const index = static_cast<std::size_t>(found->second - messages_.front().sequence);
    messages_[index].forced = std::move(state);
    return true;
}

ledger::page ledger::list(filter const& accept, std::size_t skip, std::size_t limit) const {
    page out;
    for (auto message = messages_.rbegin(); message != messages_.rend(); ++message) {
        if (!accept(*message)) continue;
        if (out.total++ >= skip && out.messages.size() < limit) out.messages.push_back(&*message);
    }
    return out;
}

bool ledger::knows_order(std::int64_t order_id) const {
    // Order ids increase, so the messages are sorted by them.
    auto const found = std::lower_bound(
        messages_.begin(), messages_.end(), order_id,
        [](sms const& message, std::int64_t wanted) { return message.order_id < wanted; });
    return found != messages_.end() && found->order_id == order_id;
}

void ledger::set_messages_max(std::size_t count) {
    messages_max_ = std::max<std::size_t>(count, 1); // add() returns the newest message
    shrink();
}

void ledger::clear() {
    messages_.clear();
    by_id_.clear();
    accepted_total_ = 0;
}

void ledger::shrink() {
    while (messages_.size() > messages_max_) {
        by_id_.erase(messages_.front().bx_message_id);
        messages_.pop_front();
    }
}

} // namespace bridgexapi_stub
