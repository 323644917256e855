#pragma once

/// Decides what to ask the upstream about open messages, when, and what follows from its answers.
/// It has no I/O, clock or thread: its owner asks for the next action, carries it out and hands
/// back the result.

#include "delivery/delivery_look.hpp"

#include <variant>

namespace otpd::otp {

class delivery_poller {
public:
    /// All must outlive it.
    struct dependencies {
        random_source& random;
        observer& events;
        telemetry::logger& log;
        telemetry::metrics& metrics;
    };
    /// Nothing to do until then, or until a message is added or an update answered.
    struct rest {
        steady_time until = steady_time::max();
    };
    /// After a question nothing is asked before its reply; several updates may be under way.
    using action = std::variant<rest, delivery_question, store_update>;

    delivery_poller(tracker_options const& options, dependencies deps)
        : options_(options), random_(deps.random), log_(deps.log), messages_(options),
          updates_(messages_, options, deps.events, deps.log, deps.metrics),
          list_(options, messages_, updates_, deps.log), singles_(options, messages_, updates_) {}

    /// False: it is followed already, or can never be found.
    bool add(followed_message message, moment now) {
        return messages_.add(std::move(message), now);
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
    /// An action could not be carried out: a new look begins after a pause.
    void abandon_look(steady_time now);

private:
    /// A look at everything that is open reads the list first.
    enum class stage : std::uint8_t { list, singles, over };

    [[nodiscard]] steady_time next_look() const;
    void subscribe(steady_time now);
    [[nodiscard]] std::optional<delivery_question> next_question(steady_time now);
    void back_off(bridgexapi::failure const& why, steady_time now);
    [[nodiscard]] steady_time::duration jittered(std::chrono::milliseconds pause);

    tracker_options const options_;
    random_source& random_;
    telemetry::logger& log_;
    open_messages messages_;
    delivery_updates updates_;
    list_reader list_;
    single_questions singles_;
    stage stage_ = stage::over;
    std::optional<delivery_question> question_; ///< waits for its time
    steady_time next_look_{};
    steady_time next_request_{};
    unsigned failures_ = 0; ///< of the upstream, in a row
};

} // namespace otpd::otp
