#pragma once

/// The books of the delivery tracker, without any I/O: which messages are open, how a report finds its
/// message, and the last reports on those that are not followed any more. For one strand.

#include "otpd/otp/delivery.hpp"

#include <deque>
#include <map>
#include <span>
#include <unordered_map>
#include <unordered_set>

namespace otpd::otp {

struct moment {
    steady_time steady;
    wall_time wall;
};

struct open_message {
    followed_message what;
    steady_time since;      ///< when it was told of
    steady_time first_look; ///< not looked for before
    steady_time drop_at;
    /// The outcome of its send is unknown: no id, so it is looked for by its number.
    bool lost = false;
    std::string status =
        "QUEUED"; ///< the upstream's last word; this one is what every reply to a send says
    std::optional<delivery_view> view; ///< of the last report
    std::uint64_t seen_in = 0;         ///< the number of the last look whose list showed it
    unsigned missed = 0;  ///< complete looks since then; or, lost, that did not show it
    steady_time ask_at{}; ///< when it may be asked for singly again
    /// The store did not say whether it took an update: if it knows it next time, that was ours.
    bool unsure = false;
};

class open_messages {
public:
    /// In the order in which they were told of.
    using id = std::uint64_t;
    using list = std::map<id, open_message>;
    struct options {
        std::size_t reports_max;   ///< last reports of messages that ended
        std::size_t known_ids_max; ///< ids that are no candidates for a lost message
        std::chrono::milliseconds first_look;
        std::chrono::seconds clock_tolerance;
    };

    explicit open_messages(options how) : options_(how) {}

    /// False: it is followed already, or has no id nor a number to look for and can never be found.
    bool add(followed_message what, moment now);
    [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
    [[nodiscard]] list& all() noexcept { return list_; }
    [[nodiscard]] list const& all() const noexcept { return list_; }
    [[nodiscard]] open_message* find(id which);
    /// Those that a report is about, by its id or its order.
    [[nodiscard]] std::vector<id> about(bridgexapi::delivery_report const& report) const;
    /// Lost ones to the number of a report.
    [[nodiscard]] std::vector<id> lost_to(std::string_view msisdn) const;

    /// Which of the reports on its number is that of a lost message: the earliest of those that nobody else
    /// has and that were made while its send was under way.
    [[nodiscard]] std::optional<bridgexapi::delivery_report>
    sent_as(open_message const& lost, std::span<bridgexapi::delivery_report const> reports) const;

    /// From now on it is known by the report's ids.
    void identify(id which, bridgexapi::delivery_report const& report);
    /// Its last report is kept for a while.
    void erase(id which);

    [[nodiscard]] std::optional<delivery_view> last_report(std::string const& bx_message_id) const;

private:
    using index = std::unordered_multimap<std::string, id>;

    [[nodiscard]] bool is_open(followed_message const& what) const;
    void know(std::string const& bx_message_id);
    void keep(delivery_view view);
    [[nodiscard]] bool is_known(std::string const& bx_message_id) const;
    [[nodiscard]] bool may_be(open_message const& lost,
                              bridgexapi::delivery_report const& report) const;
    static void remove(index& from, std::string const& key, id which);

    options options_;
    id next_ = 1;
    list list_;
    index by_bx_;
    index by_order_;  ///< those without an id only
    index by_number_; ///< lost ones only
    std::unordered_map<std::string, delivery_view> reports_;
    std::deque<std::string> reports_in_order_;
    std::unordered_set<std::string> known_;
    std::deque<std::string> known_in_order_;
};

/// Digits alone: the upstream's spelling of a number.
[[nodiscard]] std::string digits_of(std::string_view msisdn);

} // namespace otpd::otp
