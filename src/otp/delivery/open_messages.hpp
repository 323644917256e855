#pragma once

/// Which messages are open, how a report finds its message, and the last reports on those that are
/// not followed any more.

#include "delivery/recent.hpp"
#include "otpd/otp/delivery.hpp"

#include <map>
#include <span>
#include <unordered_map>

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
    std::optional<delivery_view> view{}; ///< of the last report
    std::uint64_t seen_in = 0;           ///< the number of the last look whose list showed it
    unsigned missed = 0;  ///< complete looks since then; or, lost, that did not show it
    steady_time ask_at{}; ///< when it may be asked for singly again
    /// The store did not say whether it took an update: if it knows it next time, that was ours.
    bool unsure = false;

    /// Looks that have to show nothing before a send was none.
    static constexpr unsigned absences_min = 3;
    void ask_again(steady_time now);
};

class open_messages {
public:
    /// In the order in which they were told of.
    using id = std::uint64_t;
    using list = std::map<id, open_message>;

    explicit open_messages(tracker_options const& options);

    /// False: it is followed already, or has no id nor a number to look for and can never be found.
    bool add(followed_message message, moment now);
    [[nodiscard]] list& all() noexcept { return list_; }
    [[nodiscard]] list const& all() const noexcept { return list_; }
    [[nodiscard]] open_message* find(id which);
    /// Those that a report is about, by its id or its order.
    [[nodiscard]] std::vector<id> about(bridgexapi::delivery_report const& report) const;
    /// Lost ones to the number of a report.
    [[nodiscard]] std::vector<id> lost_to(std::string_view msisdn) const;

    /// Which of the reports on its number is that of a lost message: the earliest of those that
    /// nobody else has and that were made while its send was under way.
    [[nodiscard]] std::optional<bridgexapi::delivery_report>
    sent_as(open_message const& lost, std::span<bridgexapi::delivery_report const> reports) const;

    /// From now on it is known by the report's ids.
    void identify(id which, bridgexapi::delivery_report const& report);
    /// Its last report is kept for a while.
    void erase(id which);
    void drop_overdue(steady_time now);

    [[nodiscard]] std::optional<delivery_view> last_report(std::string const& bx_message_id) const;

private:
    void index(id which, open_message const& message);
    void unindex(id which, open_message const& message);
    [[nodiscard]] std::vector<id> at(std::string const& key) const;
    [[nodiscard]] bool may_be(open_message const& lost,
                              bridgexapi::delivery_report const& report) const;

    std::chrono::milliseconds first_look_;
    std::chrono::seconds clock_tolerance_;
    id next_ = 1;
    list list_;
    /// By what reports name it by: its id, else its order, else its number.
    std::unordered_multimap<std::string, id> index_;
    recent<delivery_view> reports_; ///< of messages that ended
    recent<bool> known_;            ///< ids that are no candidates for a lost message
};

/// Digits alone: the upstream's spelling of a number.
[[nodiscard]] std::string digits_of(std::string_view msisdn);

} // namespace otpd::otp
