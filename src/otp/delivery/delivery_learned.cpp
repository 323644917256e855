#include "delivery/delivery_tracker_impl.hpp"

namespace otpd::otp {

namespace asio = boost::asio;
using bridgexapi::delivery_page;
using bridgexapi::delivery_query;
using bridgexapi::delivery_report;
using bridgexapi::reason;
using namespace std::chrono_literals;

// --- what is learned -----------------------------------------------------------------------------

/// How many messages there was something new of.
asio::awaitable<std::size_t> delivery_tracker::impl::take(std::vector<delivery_report> reports,
                                                          shown_by how) {
    all_news changed;
    std::vector<id> of_news;
    auto const at = now().wall;
    for (auto& report : reports) {
        auto const about = messages_.about(report);
        of_news.clear();
        for (auto const which : about) {
            auto& message = *messages_.find(which);
            message.view = view_of(report, at);
            if (how == shown_by::list) {
                message.seen_in = look_;
                message.missed = 0;
            }
            if (is_news(message, report)) of_news.push_back(which);
        }
        if (state_of(report.status) == store::delivery::delivered) {
            saw_delivered_ = true;
            delivered_word_ = report.status;
        }
        if (about.empty())
            for (auto const lost : messages_.lost_to(report.msisdn))
                candidates_[lost].push_back(report);
        for (std::size_t i = 0; i < of_news.size(); ++i) // mostly one, which needs no copy
            changed.push_back(i + 1 < of_news.size() ? news{of_news[i], report}
                                                     : news{of_news[i], std::move(report)});
    }
    auto const count = changed.size();
    if (count > 0) co_await tell_all(std::move(changed));
    co_return count;
}

asio::awaitable<void> delivery_tracker::impl::learn(id which, delivery_report report) {
    auto* message = messages_.find(which);
    if (message == nullptr || !is_news(*message, report))
        co_return; // twice in the pages of one look
    auto what = update_of(*message, report, now());
    auto details = what.details;
    bool const was_unsure = message->unsure;
    auto const answer = co_await update(which, std::move(what));
    message = messages_.find(which);
    if (!answer || message == nullptr) co_return;
    messages_.identify(which, report);
    message->status = report.status;
    auto const state = state_of(report.status);
    bool const ours = *answer == store::update_outcome::updated ||
                      (was_unsure && *answer == store::update_outcome::known);
    if (ours) {
        if (is_final(state))
            uses_.metrics.message_ended(to_string(state), message->what.told.route_id);
        uses_.tell.happened(occurrence_of(*message, report, now(), std::move(details)));
    }
    if (is_final(state) || *answer == store::update_outcome::absent) end(which);
}

/// `shown_all`: nothing that would be its report was left out.
asio::awaitable<void> delivery_tracker::impl::judge(id which, bool shown_all) {
    auto* const message = messages_.find(which);
    if (message == nullptr || !message->lost) co_return;
    auto const candidates = candidates_.find(which);
    if (candidates != candidates_.end()) {
        auto report = messages_.sent_as(*message, candidates->second);
        if (report) {
            co_await found(which, *std::move(report));
            co_return;
        }
    }
    if (!shown_all) co_return;
    message->ask_at = next_question(*message);
    bool const long_ago = now().steady - message->since >= options_.absent_after;
    if (++message->missed >= absences_min && long_ago) co_await give_up(which);
}

asio::awaitable<void> delivery_tracker::impl::found(id which, delivery_report report) {
    auto what = found_update(*messages_.find(which), report);
    auto details = what.details;
    bool const was_unsure = messages_.find(which)->unsure;
    auto const answer = co_await update(which, std::move(what));
    auto* const message = messages_.find(which);
    if (!answer || message == nullptr) co_return;
    messages_.identify(which, report);
    message->view = view_of(report, now().wall);
    if (*answer == store::update_outcome::absent) {
        end(which);
        co_return;
    }
    if (*answer == store::update_outcome::updated || was_unsure) {
        auto told = occurrence_of(*message, report, now(), std::move(details));
        told.what = occurrence_kind::delivery;
        uses_.tell.happened(told);
    }
    if (is_final(state_of(report.status)))
        co_await learn(which, std::move(report));
    else
        message->status = report.status;
}

asio::awaitable<void> delivery_tracker::impl::give_up(id which) {
    auto what = absent_update(*messages_.find(which));
    auto details = what.details;
    bool const was_unsure = messages_.find(which)->unsure;
    auto const answer = co_await update(which, std::move(what));
    auto const* const message = messages_.find(which);
    if (!answer || message == nullptr) co_return;
    bool const ours = *answer == store::update_outcome::updated ||
                      (was_unsure && *answer == store::update_outcome::known);
    if (ours) {
        uses_.metrics.message_ended("absent", message->what.told.route_id);
        uses_.tell.happened(absent_occurrence(*message, now(), std::move(details)));
    }
    end(which);
}

asio::awaitable<store::result<store::update_outcome>>
delivery_tracker::impl::update(id which, store::delivery_update what) {
    auto const answer = co_await uses_.store.update(std::move(what));
    auto* const message = messages_.find(which);
    if (message != nullptr)
        message->unsure = !answer && (message->unsure || answer.error() == store::fault::unknown);
    if (!answer && !store_failing_) uses_.log.warn("delivery_not_stored");
    store_failing_ = !answer;
    co_return answer;
}

} // namespace otpd::otp
