#include "delivery/delivery_poller.hpp"

#include "otpd/telemetry/log.hpp"

#include <utility>

namespace otpd::otp {

using namespace std::chrono_literals;

delivery_poller::action delivery_poller::next_action(moment now) {
    while (true) {
        if (auto update = updates_.next(now)) return *std::move(update);
        if (updates_.are_under_way()) return rest{}; // their answers decide what is asked next
        if (question_) {
            if (now.steady < next_request_) return rest{next_request_};
            next_request_ = now.steady + options_.request_spacing;
            return *std::exchange(question_, std::nullopt);
        }
        if (stage_ == stage::over) {
            auto const due = next_look();
            if (now.steady < due) return rest{due};
            subscribe(now.steady);
        }
        question_ = next_question(now.steady);
    }
}

void delivery_poller::on_reply(delivery_question const& asked, delivery_reply answer, moment now) {
    std::optional<bridgexapi::failure> failure;
    if (!answer) failure = answer.error();
    bool const goes_on = stage_ == stage::list
                             ? list_.on_reply(asked, std::move(answer), now.wall)
                             : singles_.on_reply(asked, std::move(answer), now.wall);
    if (!goes_on) return back_off(*failure, now.steady);
    if (failure && stage_ == stage::list) return; // it is asked otherwise
    if (failures_ > 0) log_.info("delivery_reports_available");
    failures_ = 0;
}

void delivery_poller::abandon_look(steady_time now) {
    stage_ = stage::over;
    question_.reset();
    next_look_ = now + options_.interval;
}

/// The first message is the one that is due first.
steady_time delivery_poller::next_look() const {
    auto const& all = messages_.all();
    if (all.empty()) return steady_time::max();
    return std::max(next_look_, all.begin()->second.first_look);
}

void delivery_poller::subscribe(steady_time now) {
    next_look_ = now + jittered(options_.interval);
    stage_ = stage::list;
    messages_.drop_overdue(now);
    updates_.subscribe();
    list_.begin(now);
}

/// Nothing yet: what was learned from the list comes first, or the look is over.
std::optional<delivery_question> delivery_poller::next_question(steady_time now) {
    if (stage_ == stage::list) {
        if (auto question = list_.next()) return question;
        singles_.choose(list_.pages(), now);
        stage_ = stage::singles;
    }
    auto question = singles_.next(now);
    if (!question) stage_ = stage::over;
    return question;
}

void delivery_poller::back_off(bridgexapi::failure const& why, steady_time now) {
    constexpr auto pause_max = std::chrono::milliseconds(30s);
    if (failures_ == 0)
        log_.warn("delivery_reports_unavailable", {{"reason", bridgexapi::to_string(why.why)},
                                                   {"status", why.http_status},
                                                   {"open", open()}});
    failures_ = std::min(failures_ + 1, 16U);
    auto pause = std::min(options_.interval * (1U << failures_), pause_max);
    if (why.retry_after) pause = std::max<std::chrono::milliseconds>(pause, *why.retry_after);
    next_look_ = now + jittered(std::min(pause, 2 * pause_max));
    stage_ = stage::over;
}

/// By up to a tenth.
steady_time::duration delivery_poller::jittered(std::chrono::milliseconds pause) {
    auto const tenth = static_cast<std::uint64_t>(std::max<std::int64_t>(pause.count() / 10, 0));
    auto const extra = static_cast<std::int64_t>(random_.below(2 * tenth + 1));
    return pause + std::chrono::milliseconds(extra - static_cast<std::int64_t>(tenth));
}

} // namespace otpd::otp
