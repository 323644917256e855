#include "delivery/delivery_look.hpp"

#include <utility>

namespace otpd::otp {

using bridgexapi::reason;
using about = delivery_question::about;
using namespace std::chrono_literals;

namespace {

/// Most requests about single messages per poll, so that they do not delay the list.
constexpr std::size_t singles_max = 4;
/// A message is requested singly after this many complete polls of the list without it.
constexpr unsigned missed_max = 2;
constexpr std::int64_t page_min = 50;
constexpr std::size_t pages_most = 64;
/// With more pages than this, a poll takes so long that deliveries would be noticed late.
constexpr std::size_t short_look_pages = 4;
/// Most pages of delivered messages in one read. It also bounds the requests between two reads.
constexpr std::size_t delivered_pages_max = 7;
/// Between two long polls only delivered messages are listed.
constexpr auto long_look_interval = 15s;

} // namespace

void list_reader::begin(steady_time now) {
    began_ = now;
    ++number_;
    list_ = {};
    pages_ = 0;
    requests_since_delivered_ = 0;
    stage_ = stage::over;
    if (is_filter_worth_it() && now < last_list_ + long_look_interval)
        begin_delivered(stage::over);
    else
        begin_list();
}

std::optional<delivery_question> list_reader::next() {
    auto const pages_between =
        std::clamp<std::size_t>(delivered_pages_max - delivered_pages_, 1, short_look_pages);
    if (stage_ == stage::list && is_filter_worth_it() && requests_since_delivered_ >= pages_between)
        begin_delivered(stage::list);
    if (stage_ == stage::over) return std::nullopt;
    return stage_ == stage::list ? ask_list() : ask_delivered();
}

bool list_reader::on_reply(delivery_question const& asked, delivery_reply answer, wall_time now) {
    if (answer) unreadable_ = 0;
    return asked.purpose == about::list ? on_list(asked, std::move(answer), now)
                                        : on_delivered(asked, std::move(answer), now);
}

// --- the whole list ------------------------------------------------------------------------------

/// A message that earlier polls did not show is deep in the list or not in it. If there are only a
/// few of these, they are requested singly and the list is not searched for them. If there are
/// many, it is.
list_reader::wanted list_reader::find_wanted() const {
    wanted wanted;
    std::size_t missed = 0;
    for (auto const& [which, message] : messages_.all()) {
        if (message.first_look > began_) break;
        if (message.lost) {
            ++wanted.lost;
            wanted.lost_since =
                std::min(wanted.lost_since, message.what.asked_at - clock_tolerance_);
        } else if (message.missed >= missed_max) {
            ++missed;
        } else {
            ++wanted.by_id;
        }
    }
    wanted.all = missed > singles_max;
    if (wanted.all) wanted.by_id += missed;
    wanted.many_lost = wanted.lost > singles_max; // fewer are requested by their numbers
    return wanted;
}

/// Returns whether a message is wanted and not shown yet.
bool list_reader::is_missing(open_message const& message) const {
    return message.first_look <= began_ && !message.lost && message.seen_in != number_ &&
           (wanted_.all || message.missed < missed_max);
}

void list_reader::begin_list() {
    wanted_ = find_wanted();
    if (wanted_.by_id == 0 && !wanted_.many_lost) return;
    stage_ = stage::list;
    last_list_ = began_;
    delivered_pages_ = 0;
    auto const open = messages_.all().size();
    pages_max_ = std::min(2 * open / static_cast<std::size_t>(page_size_) + 2, pages_most);
}

delivery_question list_reader::ask_list() const {
    auto const count = static_cast<std::int64_t>(wanted_.by_id + wanted_.lost);
    auto const enough =
        std::clamp(count + count / 8 + 10, std::min(page_min, page_size_), page_size_);
    delivery_question next;
    next.query.limit = list_.pages() == 0 ? enough : page_size_;
    next.query.skip = list_.seen();
    return next;
}

bool list_reader::on_list(delivery_question const& asked, delivery_reply answer, wall_time now) {
    ++requests_since_delivered_;
    if (!answer) return lower_page_size(answer.error());
    list_.add(*answer, asked.query.limit);
    if (list_.cap()) page_size_ = std::min(page_size_, *list_.cap());
    updates_.take(std::move(answer->reports), number_, now);
    if (!is_needed_further()) end_list();
    return true;
}

/// Returns false if the page size is not why the request failed.
bool list_reader::lower_page_size(bridgexapi::failure const& why) {
    // A response that is too long looks like any other invalid one, so only a repeated one counts.
    bool const is_too_long = why.why == reason::protocol_error && ++unreadable_ > 1;
    if (page_size_ <= page_min || (why.why != reason::invalid_request && !is_too_long))
        return false;
    page_size_ = std::max(page_min, page_size_ / 2);
    unreadable_ = 0;
    reports_.page_lowered(page_size_);
    return true;
}

bool list_reader::is_needed_further() const {
    if (list_.exhausted() || list_.pages() >= pages_max_) return false;
    if (wanted_.many_lost && !list_.covers(wanted_.lost_since)) return true;
    for (auto const& [which, message] : messages_.all()) {
        if (message.first_look > began_) break;
        if (is_missing(message)) return true;
    }
    return false;
}

void list_reader::end_list() {
    stage_ = stage::over;
    pages_ += list_.pages();
    list_pages_ = list_.pages();
    for (auto& [which, message] : messages_.all()) {
        if (message.first_look > began_) break;
        if (is_missing(message)) ++message.missed;
        // The list covered what a request for the number would have shown.
        if (message.lost && list_.covers(message.what.asked_at - clock_tolerance_))
            updates_.judge_later(which, true);
    }
}

// --- only delivered messages ---------------------------------------------------------------------

/// Most messages of a long list have no news. While it is read from beginning to end, others are
/// delivered at its beginning.
bool list_reader::is_filter_worth_it() const {
    return can_filter_ && list_pages_ > short_look_pages &&
           delivered_pages_ < std::min(list_pages_, delivered_pages_max);
}

void list_reader::begin_delivered(stage follow_up) {
    requests_since_delivered_ = 0;
    if (messages_.all().empty()) return;
    stage_ = stage::delivered;
    after_delivered_ = follow_up;
    delivered_ = {};
    delivered_since_ = messages_.all().begin()->second.what.asked_at - clock_tolerance_;
}

delivery_question list_reader::ask_delivered() const {
    delivery_question next;
    next.purpose = about::delivered_list;
    next.query.limit = page_size_;
    next.query.skip = delivered_.seen();
    next.query.status = updates_.delivered_word();
    return next;
}

bool list_reader::on_delivered(delivery_question const& asked, delivery_reply answer,
                               wall_time now) {
    if (!answer) {
        if (answer.error().why != reason::invalid_request) return false;
        can_filter_ = false;
        stage_ = after_delivered_;
        return true;
    }
    delivered_.add(*answer, asked.query.limit);
    // The upstream ignores the filter if it also lists other messages, or lists none although there
    // are some.
    if (!std::ranges::all_of(answer->reports, is_delivered) ||
        (delivered_.seen() == 0 && updates_.saw_delivered()))
        can_filter_ = false;
    bool const is_deep_enough = delivered_.exhausted() || delivered_.covers(delivered_since_) ||
                                delivered_.pages() >= delivered_pages_max;
    auto const learned = updates_.take(std::move(answer->reports), std::nullopt, now);
    bool const goes_on = can_filter_ && !is_deep_enough && (learned > 0 || delivered_.is_ordered());
    if (goes_on) return true;
    pages_ += delivered_.pages();
    delivered_pages_ = delivered_.pages();
    stage_ = after_delivered_;
    return true;
}

// --- single messages -----------------------------------------------------------------------------

/// Chooses the messages that were requested longest ago. It chooses fewer after a long list, so
/// that the next list is not late.
void single_questions::choose(std::size_t pages, steady_time now) {
    std::vector<std::pair<steady_time, open_messages::id>> due;
    for (auto const& [which, message] : messages_.all())
        if (message.ask_at <= now && (message.lost || message.missed >= missed_max))
            due.emplace_back(message.ask_at, which);
    std::ranges::sort(due);
    auto const count = std::min(due.size(), singles_max - std::min(pages / 2, singles_max - 1));
    chosen_.clear();
    for (auto i = count; i-- > 0;)
        chosen_.push_back(due[i].second);
}

std::optional<delivery_question> single_questions::next(steady_time now) {
    open_message* message = nullptr;
    delivery_question next;
    while (message == nullptr) {
        if (chosen_.empty()) return std::nullopt;
        next.which = chosen_.back();
        chosen_.pop_back();
        message = messages_.find(next.which);
    }
    message->ask_again(now);
    auto const& known = message->what.event;
    if (message->lost) {
        next.purpose = about::number;
        next.query.msisdn = message->what.to->digits();
    } else if (known.bx_message_id.empty()) {
        next.purpose = about::order;
        next.name = known.order_id;
    } else {
        next.purpose = about::message;
        next.name = known.bx_message_id;
    }
    return next;
}

bool single_questions::on_reply(delivery_question const& asked, delivery_reply answer,
                                wall_time now) {
    if (!answer) {
        auto const why = answer.error().why;
        return why == reason::not_found || why == reason::invalid_request;
    }
    if (asked.purpose == about::order)
        for (auto& report : answer->reports)
            report.order_id = asked.name;
    if (asked.purpose == about::number) judge(asked, *answer);
    updates_.take(std::move(answer->reports), std::nullopt, now);
    return true;
}

void single_questions::judge(delivery_question const& asked,
                             bridgexapi::delivery_page const& page) {
    updates_.forget_candidates(asked.which);
    auto const* const message = messages_.find(asked.which);
    if (message == nullptr) return;
    list_scan scan;
    scan.add(page, asked.query.limit);
    // Reports on other numbers mean that the filter is ignored, so the list proves nothing.
    bool const is_filtered = std::ranges::all_of(page.reports, [&](auto const& report) {
        return digits_of(report.msisdn) == asked.query.msisdn;
    });
    updates_.judge_later(asked.which,
                         is_filtered && scan.covers(message->what.asked_at - clock_tolerance_));
}

// --- both ---------------------------------------------------------------------------------------

void delivery_look::begin(steady_time now) {
    stage_ = stage::list;
    list_.begin(now);
}

std::optional<delivery_question> delivery_look::next(steady_time now) {
    if (stage_ == stage::list) {
        if (auto question = list_.next()) return question;
        singles_.choose(list_.pages(), now);
        stage_ = stage::singles;
    }
    auto question = singles_.next(now);
    if (!question) stage_ = stage::over;
    return question;
}

bool delivery_look::on_reply(delivery_question const& asked, delivery_reply answer, wall_time now) {
    if (stage_ == stage::list) return list_.on_reply(asked, std::move(answer), now);
    return singles_.on_reply(asked, std::move(answer), now);
}

} // namespace otpd::otp
