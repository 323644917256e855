#include "delivery/delivery_tracker_impl.hpp"

#include <algorithm>

namespace otpd::otp {

namespace asio = boost::asio;
using bridgexapi::delivery_page;
using bridgexapi::delivery_query;
using bridgexapi::delivery_report;
using bridgexapi::reason;
using namespace std::chrono_literals;

namespace {

constexpr auto lost_interval = 5s;
constexpr auto lost_interval_later = 10s;

} // namespace

// --- single questions ----------------------------------------------------------------------------

asio::awaitable<void> delivery_tracker::impl::ask_singly() {
    auto const spent = std::min(pages_read_ / 2, singles_max - 1);
    auto const which = who_is_asked_for(singles_max - spent);
    for (auto const each : which) {
        bool const answered = co_await ask_for(each);
        if (!answered || stopped_) co_return;
    }
}

/// Those whose turn was longest ago.
std::vector<open_messages::id> delivery_tracker::impl::who_is_asked_for(std::size_t count) {
    auto const at = now().steady;
    std::vector<std::pair<steady_time, id>> due;
    for (auto const& [which, message] : messages_.all())
        if (message.ask_at <= at && (message.lost || message.missed >= missed_max))
            due.emplace_back(message.ask_at, which);
    count = std::min(count, due.size());
    std::ranges::partial_sort(due, due.begin() + static_cast<std::ptrdiff_t>(count));
    std::vector<id> chosen;
    for (std::size_t i = 0; i < count; ++i)
        chosen.push_back(due[i].second);
    return chosen;
}

/// False: the upstream does not answer.
asio::awaitable<bool> delivery_tracker::impl::ask_for(id which) {
    auto* const message = messages_.find(which);
    if (message == nullptr) co_return true;
    message->ask_at = next_question(*message);
    if (message->lost) co_return co_await ask_by_number(which);
    if (message->what.told.bx_message_id.empty()) co_return co_await ask_by_order(which);
    co_return co_await ask_by_id(which);
}

steady_time delivery_tracker::impl::next_question(open_message const& message) const {
    auto const at = now().steady;
    if (!message.lost) return at; // whenever it is its turn again
    return at + (message.missed < absences_min ? lost_interval : lost_interval_later);
}

asio::awaitable<bool> delivery_tracker::impl::ask_by_number(id which) {
    auto const number = messages_.find(which)->what.to->digits();
    delivery_query query;
    query.limit = page_min;
    query.msisdn = number;
    auto answer = co_await list(query);
    if (!heard(answer, to_one)) co_return false;
    if (!answer) co_return true;
    list_scan scan;
    scan.add(*answer, query.limit);
    // Reports on others: it does not look at the number, and what it lists says nothing.
    auto const of_another = [&number](delivery_report const& each) {
        return digits_of(each.msisdn) != number;
    };
    bool const filtered = !std::ranges::any_of(answer->reports, of_another);
    candidates_.erase(which);
    co_await take(std::move(answer->reports), shown_by::question);
    auto const* const message = messages_.find(which);
    if (message == nullptr || !message->lost) co_return true;
    auto const since = message->what.asked_at - options_.clock_tolerance;
    co_await judge(which, filtered && scan.covers(since));
    co_return true;
}

asio::awaitable<bool> delivery_tracker::impl::ask_by_order(id which) {
    auto const order = messages_.find(which)->what.told.order_id;
    bool const goes_on = co_await pace();
    if (!goes_on) co_return false;
    asking_ = true;
    auto answer = co_await uses_.gateway.list_order_deliveries(order, page_min, 0,
                                                               deadline::in(options_.timeout));
    asking_ = false;
    if (!heard(answer, to_one)) co_return false;
    if (!answer) co_return true;
    for (auto& each : answer->reports)
        each.order_id = order;
    co_await take(std::move(answer->reports), shown_by::question);
    co_return true;
}

asio::awaitable<bool> delivery_tracker::impl::ask_by_id(id which) {
    auto const name = messages_.find(which)->what.told.bx_message_id;
    bool const goes_on = co_await pace();
    if (!goes_on) co_return false;
    asking_ = true;
    auto answer = co_await uses_.gateway.get_delivery(name, deadline::in(options_.timeout));
    asking_ = false;
    if (!heard(answer, to_one)) co_return false;
    if (!answer) co_return true;
    std::vector<delivery_report> reports;
    reports.push_back(*std::move(answer));
    co_await take(std::move(reports), shown_by::question);
    co_return true;
}

} // namespace otpd::otp
