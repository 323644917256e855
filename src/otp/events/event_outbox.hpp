#pragma once

#include "otpd/core/random.hpp"
#include "otpd/otp/journal.hpp"
#include "otpd/otp/verification_event.hpp"

#include <boost/asio/awaitable.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace otpd::otp {

/// The place of the event that an operation may cause.
struct outbox_place {
    std::optional<journal_slot> slot = {};
    std::array<std::byte, 16> id{}; ///< of the webhook
    bool is_written = false;        ///< by the last step, if it was committed
    bool is_doubtful = false;       ///< nobody knows whether a step was committed
    wall_time at{};                 ///< of the event that was written
};

/// Events that webhooks must not miss: the step of the store that causes one also writes it, as an
/// entry of the journal. Thread-safe.
class event_outbox {
public:
    /// All arguments must outlive it. Without a journal or webhooks it does nothing.
    event_outbox(journal* kept_in, outbox_observer const* webhooks, random_source& random)
        : journal_(webhooks == nullptr ? nullptr : kept_in), webhooks_(webhooks), random_(random) {}

    [[nodiscard]] bool wants(event_type type) const noexcept {
        return journal_ != nullptr && webhooks_->wants(type);
    }
    /// Takes a slot, unless the place has one. What has one needs end().
    boost::asio::awaitable<void> reserve(outbox_place& place) const;
    /// What the next step writes; null without a slot, or without memory, for which no step fails.
    /// `event_of` returns the event of an answer, or nothing. It is used, and the place changed,
    /// until the step has ended.
    template <class Answer, class EventOf>
    [[nodiscard]] store::outbox_for<Answer> entry(outbox_place& place,
                                                  EventOf const& event_of) const noexcept;
    /// Before the event is passed on: the webhooks own the entry then, if there is one.
    static void hand_over(outbox_place& place, verification_event& event) noexcept;
    /// Ends what was not handed over.
    void end(outbox_place& place) const noexcept;
    /// The step has no answer. If it was committed, its webhooks are sent.
    void read_back(outbox_place& place) const noexcept;

private:
    [[nodiscard]] std::string text_of(outbox_place& place,
                                      std::optional<verification_event> event) const;

    journal* journal_;
    outbox_observer const* webhooks_;
    random_source& random_;
};

template <class Answer, class EventOf>
store::outbox_for<Answer> event_outbox::entry(outbox_place& place,
                                              EventOf const& event_of) const noexcept try {
    if (!place.slot) return nullptr;
    store::outbox_entry<Answer> entry;
    entry.at = place.slot->at;
    entry.id = place.id;
    entry.retention = webhooks_kept_for;
    entry.text_of = [this, &place, event_of](Answer const& answer) {
        place.is_written = false;
        try {
            return text_of(place, event_of(answer));
        } catch (std::exception const&) { // no memory for it
            return std::string();
        }
    };
    return std::make_shared<store::outbox_entry<Answer> const>(std::move(entry));
} catch (std::exception const&) {
    return nullptr;
}

} // namespace otpd::otp
