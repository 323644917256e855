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

constexpr std::size_t pages_most = 64;
/// With more pages than this a look takes so long that deliveries would be seen late.
constexpr std::size_t pages_of_a_short_look = 4;
/// Of the delivered messages; and requests from one look at them to the next.
constexpr std::size_t delivered_pages_max = 7;
/// Between two long looks only delivered messages are listed.
constexpr auto long_look_interval = 15s;

bool is_delivered(delivery_report const& report) noexcept {
    return state_of(report.status) == store::delivery::delivered;
}

} // namespace

bool delivery_tracker::impl::is_sought(open_message const& message, wanted const& who) {
    return !message.lost && (who.all || message.missed < missed_max);
}

/// A message that earlier looks did not show is too deep in the list, or not in it: few of those are asked
/// for singly and not looked for; many are still looked for.
delivery_tracker::impl::wanted delivery_tracker::impl::who_is_wanted(steady_time at) const {
    wanted who;
    std::size_t missed = 0;
    for (auto const& [which, message] : messages_.all()) {
        if (message.first_look > at) break;
        if (message.lost) {
            ++who.lost;
            who.lost_since = std::min(who.lost_since, message.what.asked_at);
        } else if (message.missed >= missed_max) {
            ++missed;
        } else {
            ++who.by_id;
        }
    }
    who.all = missed > singles_max;
    if (who.all) who.by_id += missed;
    return who;
}

std::size_t delivery_tracker::impl::not_shown_yet(wanted const& who, steady_time at) const {
    std::size_t count = 0;
    for (auto const& [which, message] : messages_.all()) {
        if (message.first_look > at) break;
        if (is_sought(message, who) && message.seen_in != look_) ++count;
    }
    return count;
}

std::int64_t delivery_tracker::impl::first_limit(wanted const& who) const {
    auto const count = static_cast<std::int64_t>(who.by_id + who.lost);
    return std::clamp(count + count / 8 + 10, std::min(page_min, page_size_), page_size_);
}

std::size_t delivery_tracker::impl::page_budget() const {
    return std::min(2 * open_.load() / static_cast<std::size_t>(page_size_) + 2, pages_most);
}

/// False: that is not why it failed.
bool delivery_tracker::impl::lower_page_size(bridgexapi::failure const& why) {
    // A reply that is too long for us cannot be told from other nonsense: only what goes on.
    bool const too_long = why.why == reason::protocol_error && ++unreadable_ > 1;
    if (page_size_ <= page_min || (why.why != reason::invalid_request && !too_long)) return false;
    page_size_ = std::max(page_min, page_size_ / 2);
    unreadable_ = 0;
    uses_.log.warn("delivery_page_lowered", {{"limit", page_size_}});
    return true;
}

/// False: it was not read as far as it should be.
asio::awaitable<bool> delivery_tracker::impl::read_list(steady_time began) {
    auto const who = who_is_wanted(began);
    bool const seeks_lost = who.lost > singles_max; // fewer are asked for by their numbers
    if (who.by_id == 0 && !seeks_lost) co_return true;
    last_long_look_ = began;
    delivered_pages_ = 0;
    auto const lost_since = who.lost_since - options_.clock_tolerance;
    auto const budget = page_budget();
    list_scan scan;
    bool goes_on = true;
    for (std::size_t since_delivered = 0; goes_on; ++since_delivered) {
        if (filter_is_worth_it() && since_delivered >= pages_between()) {
            bool const answered = co_await read_delivered();
            if (!answered) co_return false;
            since_delivered = 0;
        }
        delivery_query query;
        query.limit = scan.pages() == 0 ? first_limit(who) : page_size_;
        query.skip = scan.seen();
        auto answer = co_await list(query);
        if (!answer && lower_page_size(answer.error())) continue;
        if (!heard(answer, to_everything)) co_return false;
        scan.add(*answer, query.limit);
        if (scan.cap()) page_size_ = std::min(page_size_, *scan.cap());
        co_await take(std::move(answer->reports), shown_by::list);
        if (stopped_) co_return false;
        bool const more = not_shown_yet(who, began) > 0 || (seeks_lost && !scan.covers(lost_since));
        goes_on = more && !scan.exhausted() && scan.pages() < budget;
    }
    pages_read_ += scan.pages();
    long_look_pages_ = scan.pages();
    co_await judge_lost(scan, began);
    count_missed(who, began);
    co_return true;
}

/// The list showed what a question about their numbers would show.
asio::awaitable<void> delivery_tracker::impl::judge_lost(list_scan const& scan, steady_time began) {
    std::vector<id> shown;
    for (auto const& [which, message] : messages_.all())
        if (message.lost && message.first_look <= began &&
            scan.covers(message.what.asked_at - options_.clock_tolerance))
            shown.push_back(which);
    for (auto const which : shown)
        co_await judge(which, true);
}

void delivery_tracker::impl::count_missed(wanted const& who, steady_time began) {
    for (auto& [which, message] : messages_.all())
        if (is_sought(message, who) && message.first_look <= began && message.seen_in != look_)
            ++message.missed;
}

// --- only those that were delivered --------------------------------------------------------------

/// Most of a long list are messages of which there is nothing new, and while it is read from its beginning
/// to its end others are delivered at its beginning.
bool delivery_tracker::impl::filter_is_worth_it() const {
    return can_filter_ && long_look_pages_ > pages_of_a_short_look &&
           delivered_pages_ < std::min(long_look_pages_, delivered_pages_max);
}

std::size_t delivery_tracker::impl::pages_between() const {
    return std::clamp<std::size_t>(delivered_pages_max - delivered_pages_, 1,
                                   pages_of_a_short_look);
}

bool delivery_tracker::impl::delivered_suffice() const {
    return filter_is_worth_it() && now().steady < last_long_look_ + long_look_interval;
}

asio::awaitable<bool> delivery_tracker::impl::read_delivered() {
    auto const& all = messages_.all();
    if (all.empty()) co_return true;
    auto const oldest = all.begin()->second.what.asked_at - options_.clock_tolerance;
    list_scan scan;
    bool goes_on = true;
    while (goes_on) {
        delivery_query query;
        query.limit = page_size_;
        query.skip = scan.seen();
        query.status = delivered_word_;
        auto answer = co_await list(query);
        if (!answer && answer.error().why == reason::invalid_request) {
            can_filter_ = false;
            co_return true;
        }
        if (!heard(answer, to_everything)) co_return false;
        scan.add(*answer, query.limit);
        // It lists others as well, or none though there are some: it does not know this filter.
        if (!std::ranges::all_of(answer->reports, is_delivered) ||
            (scan.seen() == 0 && saw_delivered_))
            can_filter_ = false;
        auto const learned = co_await take(std::move(answer->reports), shown_by::question);
        if (stopped_) co_return false;
        bool const deep_enough =
            scan.exhausted() || scan.covers(oldest) || scan.pages() >= delivered_pages_max;
        goes_on = can_filter_ && !deep_enough && (learned > 0 || scan.is_ordered());
    }
    pages_read_ += scan.pages();
    delivered_pages_ = scan.pages();
    co_return true;
}

} // namespace otpd::otp
