#pragma once

/// Decides which requests about open messages to send to the upstream, when, and what follows from
/// the responses. It has no I/O, clock or thread: its owner gets the next action, performs it and
/// returns the result.

#include "delivery/delivery_look.hpp"
#include "delivery/look_pace.hpp"

#include <variant>

namespace otpd::otp {

class delivery_poller {
public:
    /// Nothing to do until `until`, until a message is added or until an update is answered.
    struct rest {
        steady_time until = steady_time::max();
    };
    /// At most one request to the upstream is open at a time; several updates may be.
    using action = std::variant<rest, delivery_question, store_update>;

    /// Both arguments must outlive it.
    delivery_poller(tracker_options const& options, random_source& random,
                    delivery_reports const& reports)
        : reports_(reports), messages_(options), updates_(messages_, options, reports),
          look_(options, messages_, updates_, reports), pace_(options, random) {}

    /// Returns false if the message is already followed or can never be found.
    bool add(followed_message message, moment now) {
        return messages_.add(std::move(message), now);
    }
    /// See open_messages.
    [[nodiscard]] std::vector<std::uint64_t> take_ended() { return messages_.take_ended(); }
    void forget_journal() { messages_.forget_journal(); }
    [[nodiscard]] open_message const* find(open_messages::id which) {
        return messages_.find(which);
    }
    [[nodiscard]] std::size_t open() const noexcept { return messages_.all().size(); }
    [[nodiscard]] std::optional<delivery_view> last_report(std::string const& id) const {
        return messages_.last_report(id);
    }

    [[nodiscard]] action next_action(moment now);
    void on_reply(delivery_question const& asked, delivery_reply answer, moment now);
    void on_update(store_update const& update, store::result<store::update_outcome> answer,
                   moment now) {
        updates_.on_answer(update, answer, now.wall);
    }
    /// An action could not be performed: a new poll begins after a pause.
    void abandon_look(steady_time now);

private:
    [[nodiscard]] steady_time next_look() const;
    void begin_look(steady_time now);

    delivery_reports const& reports_;
    open_messages messages_;
    delivery_updates updates_;
    delivery_look look_;
    look_pace pace_;
    std::optional<delivery_question> question_; ///< waits for its time
};

} // namespace otpd::otp
