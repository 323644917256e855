#include "delivery/delivery_poller.hpp"

#include <utility>

namespace otpd::otp {

delivery_poller::action delivery_poller::next_action(moment now) {
    while (true) {
        if (auto update = updates_.next(now)) return *std::move(update);
        if (updates_.are_under_way()) return rest{}; // their answers decide the next request
        if (question_) {
            if (now.steady < pace_.next_request()) return rest{pace_.next_request()};
            pace_.begin_request(now.steady);
            return *std::exchange(question_, std::nullopt);
        }
        if (look_.is_over()) {
            auto const due = next_look();
            if (now.steady < due) return rest{due};
            begin_look(now.steady);
        }
        question_ = look_.next(now.steady);
    }
}

void delivery_poller::on_reply(delivery_question const& asked, delivery_reply answer, moment now) {
    std::optional<bridgexapi::failure> failure;
    if (!answer) failure = answer.error();
    if (!look_.on_reply(asked, std::move(answer), now.wall)) {
        if (pace_.note_failure(*failure, now.steady)) reports_.unavailable(*failure, open());
        look_.end();
        return;
    }
    if (failure && look_.reads_list()) return; // another request replaces it
    if (pace_.note_success()) reports_.available();
}

void delivery_poller::abandon_look(steady_time now) {
    look_.end();
    question_.reset();
    pace_.abandon_look(now);
}

/// The first message has the earliest due time.
steady_time delivery_poller::next_look() const {
    auto const& all = messages_.all();
    if (all.empty()) return steady_time::max();
    return std::max(pace_.next_look(), all.begin()->second.first_look);
}

void delivery_poller::begin_look(steady_time now) {
    pace_.begin_look(now);
    messages_.drop_overdue(now);
    updates_.subscribe();
    look_.begin(now);
}

} // namespace otpd::otp
