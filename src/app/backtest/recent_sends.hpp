#pragma once

#include "backtest/upstream.hpp"
#include "otpd/core/clock.hpp"

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace otpd::app {

/// A send of the lines, and what the replay made of it.
struct replayed_send {
    std::string user;
    std::shared_ptr<line_flight> flight; ///< null: it has ended
    std::string sealed_id;               ///< empty: nothing was sent, or it was canceled
    std::string code;
    std::string refused_by;
};

/// The sends of the last hour by the ids of their verifications.
class recent_sends {
public:
    /// The oldest ones above this are forgotten.
    static constexpr std::size_t remembered_max = 1'000'000;

    void add(std::string const& id, std::string user, std::shared_ptr<line_flight> flight,
             wall_time now) {
        auto& send = by_id_[id];
        send.user = std::move(user);
        send.flight = std::move(flight);
        flight_order_.emplace_back(now, id);
        order_.emplace_back(now, id);
    }
    /// Returns null if the send is forgotten, or was never there.
    [[nodiscard]] replayed_send* find(std::string const& id) {
        auto const found = by_id_.find(id);
        return found == by_id_.end() ? nullptr : &found->second;
    }
    /// The replay sent a code, which is now the user's last one.
    void add_code(std::string const& id, std::string sealed_id, std::string code) {
        auto* const send = find(id);
        if (send == nullptr) return;
        send->sealed_id = std::move(sealed_id);
        send->code = std::move(code);
        last_of_[send->user] = id;
    }
    /// Returns the send of the user's last code, or null.
    [[nodiscard]] replayed_send const* last_of(std::string const& user) {
        auto const last = last_of_.find(user);
        return last == last_of_.end() ? nullptr : find(last->second);
    }
    void use_last_code(std::string const& user) { last_of_.erase(user); }
    /// Returns the flight, or null if it has ended before.
    std::shared_ptr<line_flight> end(std::string const& id) {
        auto* const send = find(id);
        if (send == nullptr || !send->flight) return nullptr;
        send->flight->has_ended = true;
        return std::exchange(send->flight, nullptr);
    }
    /// Forgets old sends. Returns the flights whose end the lines lack.
    std::vector<std::shared_ptr<line_flight>> forget_before(wall_time now) {
        constexpr std::chrono::minutes flight_max{2}; // no send takes longer
        constexpr std::chrono::hours remembered{1};   // much longer than a code lives
        std::vector<std::shared_ptr<line_flight>> lost;
        for (; is_old(flight_order_, now, flight_max); flight_order_.pop_front())
            if (auto flight = end(flight_order_.front().second)) lost.push_back(std::move(flight));
        for (; is_old(order_, now, remembered); order_.pop_front()) {
            auto const& id = order_.front().second;
            auto const* const send = find(id);
            if (send == nullptr) continue;
            if (auto flight = end(id)) lost.push_back(std::move(flight));
            auto const last = last_of_.find(send->user);
            if (last != last_of_.end() && last->second == id) last_of_.erase(last);
            by_id_.erase(id);
        }
        return lost;
    }

private:
    using by_time = std::deque<std::pair<wall_time, std::string>>;

    static bool is_old(by_time const& list, wall_time now, std::chrono::seconds age) {
        return !list.empty() && (list.front().first + age < now || list.size() > remembered_max);
    }

    std::unordered_map<std::string, replayed_send> by_id_;
    std::unordered_map<std::string, std::string> last_of_; ///< by user: the id
    by_time flight_order_;
    by_time order_;
};

} // namespace otpd::app
