#pragma once

/// The open messages, the lookup of a report's message, and the last reports on messages no longer
/// followed.

#include "delivery/recent.hpp"
#include "otpd/otp/delivery.hpp"

#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace otpd::otp {

struct moment {
    steady_time steady;
    wall_time wall;
};

struct open_message {
    followed_message what;
    steady_time since;      ///< when following began
    steady_time first_look; ///< not polled before
    steady_time drop_at;
    /// The outcome of its send is unknown. It has no id, so it is searched by its number.
    bool lost = false;
    /// The upstream's last word. This value is that of every response to a send.
    std::string status = "QUEUED";
    std::optional<delivery_view> view{}; ///< the last report
    std::uint64_t seen_in = 0;           ///< number of the last poll whose list showed it
    /// Complete polls since then; for a lost message: polls that did not show it.
    unsigned missed = 0;
    steady_time ask_at{}; ///< when it may be requested singly again
    /// The store did not say whether it made an update. If it already knows that state next time,
    /// it did.
    bool unsure = false;

    /// A lost message counts as not sent after this many polls without it.
    static constexpr unsigned absences_min = 3;
    void ask_again(steady_time now);
};

class open_messages {
public:
    /// Ascending in the order of their arrival.
    using id = std::uint64_t;
    using list = std::map<id, open_message>;

    explicit open_messages(tracker_options const& options);

    /// Returns false if the message is already followed, or has neither an id nor a number and can
    /// never be found. One lost message too many takes the place of the oldest lost one: an
    /// upstream that shows none must not leave others without room.
    bool add(followed_message message, moment now);
    [[nodiscard]] list& all() noexcept { return list_; }
    [[nodiscard]] list const& all() const noexcept { return list_; }
    [[nodiscard]] open_message* find(id which);
    /// Returns the messages that a report is about, by its id or order.
    [[nodiscard]] std::vector<id> about(bridgexapi::delivery_report const& report) const;
    /// Returns the lost messages to the number of a report.
    [[nodiscard]] std::vector<id> lost_to(std::string_view msisdn) const;

    /// Returns the report of a lost message among the reports on its number: the earliest that
    /// belongs to no other message and was made while its send was running.
    [[nodiscard]] std::optional<bridgexapi::delivery_report>
    sent_as(open_message const& lost, std::span<bridgexapi::delivery_report const> reports) const;

    /// Gives a lost message the ids of the report.
    void identify(id which, bridgexapi::delivery_report const& report);
    /// No lost message is the one with this id.
    void exclude(std::string const& bx_message_id) { known_.put(bx_message_id, true); }
    /// Its last report is kept for a while.
    void erase(id which);
    /// Erases the messages of the journal, whose entries others have now.
    void forget_journal();
    /// Returns the journal's tickets of the messages that were erased since the last call.
    [[nodiscard]] std::vector<std::uint64_t> take_ended() { return std::exchange(ended_, {}); }
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
    std::chrono::seconds send_max_;
    std::size_t lost_max_;
    id next_ = 1;
    list list_;
    std::set<id> lost_;
    /// The key by which reports identify a message: its id, else its order, else its number.
    std::unordered_multimap<std::string, id> index_;
    recent<delivery_view> reports_; ///< of messages that ended
    recent<bool> known_;            ///< ids that cannot be a lost message
    std::vector<std::uint64_t> ended_;
};

/// Returns the digits only, which is how the upstream spells a number.
[[nodiscard]] std::string digits_of(std::string_view msisdn);

} // namespace otpd::otp
