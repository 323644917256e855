#include "delivery/delivery_updates.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/otp/timeline.hpp"

#include <utility>

namespace otpd::otp {

using bridgexapi::delivery_report;
using store::update_outcome;
using why = store_update::reason;

namespace {

/// Updates run concurrently, because a store may take long for each but commits many at once.
constexpr std::size_t under_way_max = 32;
/// Most characters of the upstream's texts, so that the details keep room for the rest.
constexpr std::size_t text_max = 100;

bool is_final(store::delivery state) noexcept {
    return state == store::delivery::delivered || state == store::delivery::failed;
}

/// Another word than the last one, without regard to case.
bool is_news(open_message const& message, delivery_report const& report) {
    return !equal_ignoring_case(message.status, report.status);
}

std::string_view cut(std::string_view text) noexcept {
    return text.substr(0, text_max);
}

store::receipt receipt_of(open_message const& message, delivery_report const& report) {
    auto const& event = message.what.event;
    return {.route_id = report.route_id.value_or(event.route_id),
            .order_id = report.order_id.value_or(event.order_id),
            .bx_message_id = report.bx_message_id,
            .cost = event.cost};
}

void refund(followed_message const& message, store::delivery_update& update) {
    for (auto const& budget : message.booked) {
        store::adjustment refund;
        refund.budget = budget;
        refund.change = -message.expected.micros();
        update.adjustments.push_back(std::move(refund));
    }
}

event_type event_of(store::delivery state) noexcept {
    if (state == store::delivery::delivered) return event_type::delivered;
    return state == store::delivery::failed ? event_type::failed : event_type::delivery;
}

/// Returns the update and its event, without details.
store_update begin_update(open_message const& message, delivery_report report, moment now) {
    auto const passed = std::chrono::floor<std::chrono::milliseconds>(now.steady - message.since);
    store_update made;
    made.update.address = message.what.address;
    made.update.is_hedge = message.what.is_hedge;
    made.event = message.what.event;
    made.event.at = now.wall; // until the store says when; its scores count in this hour
    made.event.attempted = false;
    made.event.status = report.status;
    made.event.reason.clear();
    made.event.since_accepted += passed;
    made.event.since_admitted += passed;
    if (!report.bx_message_id.empty()) made.event.bx_message_id = report.bx_message_id;
    if (report.order_id) made.event.order_id = *report.order_id;
    made.report = std::move(report);
    return made;
}

details_writer describe(open_message const& message, store_update& made) {
    details_writer details;
    auto const& report = made.report;
    if (made.why == why::not_sent) {
        made.update.message = store::delivery::failed;
        refund(message.what, made.update);
        made.event.type = event_type::failed;
        made.event.reason = made.event.error = "not_sent";
        return details.add("reason", "not_sent");
    }
    auto& score = made.update.score.emplace();
    score.slot = {made.event.country, store::score_hour(made.event.at)};
    score.route_id = made.event.route_id;
    score.took = made.event.since_accepted;
    details.add("status", cut(report.status));
    bool const is_new = message.what.event.bx_message_id.empty() && !report.bx_message_id.empty();
    if (is_new) made.update.sent = receipt_of(message, report);
    if (made.why == why::found) {
        made.update.message = store::delivery::accepted;
        made.event.type = event_type::delivery;
        details.add("order_id", cut(made.event.order_id));
        return details.add("bx_message_id", cut(report.bx_message_id));
    }
    made.update.message = state_of(report.status);
    made.event.type = event_of(made.update.message);
    if (made.event.type == event_type::failed) {
        made.event.reason = "delivery_failed";
        made.event.error = report.error ? cut(*report.error) : made.event.reason;
    }
    if (is_final(made.update.message)) {
        auto const seconds = std::chrono::floor<std::chrono::seconds>(made.event.since_accepted);
        details.add("seconds", static_cast<std::int64_t>(seconds.count()));
    }
    if (report.error) details.add("error", cut(*report.error));
    return details;
}

} // namespace

std::size_t delivery_updates::take(std::vector<delivery_report> reports,
                                   std::optional<std::uint64_t> look, wall_time now) {
    auto const before = news_.size();
    for (auto const& report : reports) {
        auto const about = messages_.about(report);
        for (auto const which : about) {
            auto& message = *messages_.find(which);
            message.view = view_of(report, now);
            if (look) {
                message.seen_in = *look;
                message.missed = 0;
            }
            if (is_news(message, report)) news_.push_back({which, why::report, report});
        }
        if (is_delivered(report)) {
            saw_delivered_ = true;
            delivered_word_ = report.status;
        }
        if (about.empty())
            for (auto const lost : messages_.lost_to(report.msisdn))
                candidates_[lost].push_back(report);
    }
    return news_.size() - before;
}

void delivery_updates::judge(open_messages::id lost, bool shown_all, steady_time now) {
    auto* const message = messages_.find(lost);
    if (message == nullptr || !message->lost) return;
    if (auto report = messages_.sent_as(*message, candidates_[lost])) {
        news_.push_back({lost, why::found, *std::move(report)});
        return;
    }
    if (!shown_all) return;
    message->ask_again(now);
    bool const is_long_ago = now - message->since >= absent_after_;
    if (++message->missed >= open_message::absences_min && is_long_ago)
        news_.push_back({lost, why::not_sent});
}

std::optional<store_update> delivery_updates::next(moment now) {
    while (true) {
        if (news_.empty()) {
            if (under_way_ > 0 || unjudged_.empty()) return std::nullopt;
            auto const [lost, shown_all] = unjudged_.front();
            unjudged_.pop_front();
            judge(lost, shown_all, now.steady);
            continue;
        }
        if (under_way_ == under_way_max) return std::nullopt;
        // From the end: the upstream lists the newest first, but the oldest is reported first.
        auto next = std::move(news_.back());
        news_.pop_back();
        auto const* const message = messages_.find(next.which);
        bool const is_old = message == nullptr || // or the pages of one poll contained it twice
                            (next.why == why::report && !is_news(*message, next.report));
        if (is_old) continue;
        auto made = begin_update(*message, std::move(next.report), now);
        made.which = next.which;
        made.why = next.why;
        made.update.details = made.event.details = describe(*message, made).text();
        ++under_way_;
        return made;
    }
}

void delivery_updates::on_answer(store_update const& update, store::result<update_outcome> answer,
                                 wall_time now) {
    --under_way_;
    if (!answer && !is_store_failing_) reports_.not_stored();
    is_store_failing_ = !answer;
    auto* const message = messages_.find(update.which);
    if (message == nullptr) return;
    bool const is_unsure =
        message->what.is_adopted ||
        (!answer && (message->unsure || answer.error() == store::fault::unknown));
    bool const was_unsure = std::exchange(message->unsure, is_unsure);
    if (!answer) return;
    if (*answer == update_outcome::taken) return messages_.exclude(update.report.bx_message_id);
    if (*answer == update_outcome::in_flight) return; // the next poll asks again
    auto const state = state_of(update.report.status);
    bool const is_end = update.why == why::not_sent || *answer == update_outcome::absent ||
                        (update.why == why::report && is_final(state));
    // The other message of the verification decides what its delivery is.
    bool const is_recorded = *answer == update_outcome::recorded;
    bool const is_ours = *answer == update_outcome::updated || is_recorded ||
                         (was_unsure && *answer == update_outcome::known);
    if (update.why != why::not_sent) messages_.identify(update.which, update.report);
    if (update.why == why::found) message->view = view_of(update.report, now);
    if (is_ours) {
        if (is_end)
            reports_.ended(update.why == why::not_sent ? "absent" : to_string(state),
                           message->what.event.route_id);
        auto event = update.event;
        event.at = answer->at;
        if (is_recorded) event.type = event_type::delivery;
        reports_.changed(event);
    }
    if (is_end)
        messages_.erase(update.which);
    else if (is_final(state)) // found: another update will report its end
        news_.push_back({update.which, why::report, update.report});
    else
        message->status = update.report.status;
}

} // namespace otpd::otp
