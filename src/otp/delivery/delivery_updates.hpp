#pragma once

/// Turns the upstream's reports into updates of the store, and the store's answers into events.

#include "delivery/open_messages.hpp"
#include "otpd/store/store.hpp"

#include <algorithm>
#include <deque>

namespace otpd::otp {

/// An update of a message in the store.
struct store_update {
    enum class reason : std::uint8_t {
        report,
        found,   ///< a lost message turned out to have been sent
        not_sent ///< a lost message was not sent: its expected price is refunded
    };
    open_messages::id which = 0;
    reason why = reason::report;
    bridgexapi::delivery_report report{};
    store::delivery_update update{};
    verification_event event{}; ///< for the observers, once the update is stored
};

class delivery_updates {
public:
    /// All arguments must outlive it.
    delivery_updates(open_messages& messages, tracker_options const& options,
                     delivery_reports const& reports)
        : messages_(messages),
          absent_after_(std::max(options.absent_after, options.send_max + options.clock_tolerance)),
          reports_(reports) {}

    /// Takes reports from the list in the poll `look`, or about single messages if it is nullopt.
    /// Returns the number of messages with news.
    std::size_t take(std::vector<bridgexapi::delivery_report> reports,
                     std::optional<std::uint64_t> look, wall_time now);
    /// Looks for a lost message among the reports on its number in this poll, once the updates of
    /// other messages are stored. `shown_all`: the reports include everything that could be its
    /// report.
    void judge_later(open_messages::id lost, bool shown_all) {
        unjudged_.emplace_back(lost, shown_all);
    }
    void forget_candidates(open_messages::id lost) { candidates_.erase(lost); }
    void subscribe() {
        candidates_.clear();
        unjudged_.clear();
    }

    /// Returns nullopt if too many updates are running, if they decide the next one, or if none is
    /// left.
    [[nodiscard]] std::optional<store_update> next(moment now);
    [[nodiscard]] bool are_under_way() const noexcept { return under_way_ > 0; }
    void on_answer(store_update const& update, store::result<store::update_outcome> answer,
                   wall_time now);

    [[nodiscard]] bool saw_delivered() const noexcept { return saw_delivered_; }
    /// In the upstream's spelling.
    [[nodiscard]] std::string const& delivered_word() const noexcept { return delivered_word_; }

private:
    struct news {
        open_messages::id which;
        store_update::reason why;
        bridgexapi::delivery_report report{};
    };

    void judge(open_messages::id lost, bool shown_all, steady_time now);

    open_messages& messages_;
    std::chrono::seconds absent_after_;
    delivery_reports const& reports_;
    std::vector<news> news_; ///< in reverse order of reporting
    std::unordered_map<open_messages::id, std::vector<bridgexapi::delivery_report>> candidates_;
    std::deque<std::pair<open_messages::id, bool>> unjudged_;
    std::size_t under_way_ = 0;
    bool is_store_failing_ = false;
    bool saw_delivered_ = false;
    std::string delivered_word_ = "DELIVERED";
};

[[nodiscard]] inline bool is_delivered(bridgexapi::delivery_report const& report) noexcept {
    return state_of(report.status) == store::delivery::delivered;
}

} // namespace otpd::otp
