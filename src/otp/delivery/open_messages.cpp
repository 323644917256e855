#include "delivery/open_messages.hpp"

#include "delivery/upstream_list.hpp"
#include "otpd/core/encoding.hpp"

#include <algorithm>

namespace otpd::otp {

using namespace std::chrono_literals;

namespace {

constexpr auto lost_interval = 5s;
constexpr auto lost_interval_later = 10s;
/// After this time, the upstream does not answer or has no filter.
constexpr auto lost_patience = 10min;
constexpr auto lost_interval_at_last = 60s;
/// Of all messages that may be open, one in so many may be lost.
constexpr std::size_t lost_share = 10;

std::chrono::milliseconds passed(wall_time since, wall_time now) {
    return std::max(0ms, std::chrono::floor<std::chrono::milliseconds>(now - since));
}

std::string key_of_id(std::string_view id) {
    return std::string("i").append(id);
}
std::string key_of_order(std::string_view order) {
    return std::string("o").append(order);
}
std::string key_of_number(std::string_view digits) {
    return std::string("n").append(digits);
}
std::string key_of(open_message const& message) {
    auto const& event = message.what.event;
    if (message.lost) return key_of_number(message.what.to->digits());
    return event.bx_message_id.empty() ? key_of_order(event.order_id)
                                       : key_of_id(event.bx_message_id);
}

} // namespace

std::string digits_of(std::string_view msisdn) {
    std::string digits;
    std::ranges::copy_if(msisdn, std::back_inserter(digits), is_ascii_digit);
    return digits;
}

/// An identified message may be requested at any time, a lost one only after a pause.
void open_message::ask_again(steady_time now) {
    ask_at = now;
    if (!lost) return;
    if (now - since >= lost_patience)
        ask_at += lost_interval_at_last;
    else
        ask_at += missed < absences_min ? lost_interval : lost_interval_later;
}

open_messages::open_messages(tracker_options const& options)
    : first_look_(options.first_look), clock_tolerance_(options.clock_tolerance),
      send_max_(options.send_max),
      lost_max_(std::max<std::size_t>(1, options.open_max / lost_share)),
      reports_(options.reports_max), known_(options.open_max + options.reports_max) {}

bool open_messages::add(followed_message followed, moment now) {
    auto& event = followed.event;
    event.since_accepted = passed(event.at, now.wall);
    bool const stated = event.since_admitted > 0ms; // not after a restart
    event.since_admitted = stated ? event.since_admitted + event.since_accepted
                                  : passed(followed.admitted_at, now.wall);
    bool const lost = event.bx_message_id.empty() && event.order_id.empty();
    if (lost && !followed.to) return false;
    open_message message{.what = std::move(followed),
                         .since = now.steady,
                         .first_look = now.steady + first_look_,
                         .drop_at = now.steady,
                         .lost = lost};
    message.unsure = message.what.is_adopted;
    message.drop_at += message.what.follow_for;
    message.ask_at = message.first_look;
    auto const is_same = [&](id which) {
        return list_.at(which).what.address.id == message.what.address.id;
    };
    if (!lost && std::ranges::any_of(at(key_of(message)), is_same)) return false;
    if (lost && lost_.size() == lost_max_) erase(*lost_.begin());
    if (lost) lost_.insert(next_);
    index(next_, message);
    list_.emplace(next_++, std::move(message));
    return true;
}

open_message* open_messages::find(id which) {
    auto const found = list_.find(which);
    return found == list_.end() ? nullptr : &found->second;
}

std::vector<open_messages::id> open_messages::at(std::string const& key) const {
    std::vector<id> found;
    auto const [first, last] = index_.equal_range(key);
    for (auto it = first; it != last; ++it)
        found.push_back(it->second);
    return found;
}

std::vector<open_messages::id>
open_messages::about(bridgexapi::delivery_report const& report) const {
    auto found = at(key_of_id(report.bx_message_id));
    if (report.order_id)
        std::ranges::copy(at(key_of_order(*report.order_id)), std::back_inserter(found));
    return found;
}

std::vector<open_messages::id> open_messages::lost_to(std::string_view msisdn) const {
    auto found = at(key_of_number(digits_of(msisdn)));
    std::ranges::sort(found);
    return found;
}

// --- lost messages ------------------------------------------------------------------------------

bool open_messages::may_be(open_message const& lost,
                           bridgexapi::delivery_report const& report) const {
    auto const& what = lost.what;
    auto const& name = report.bx_message_id;
    if (name.empty() || known_.contains(name) || reports_.contains(name) ||
        index_.contains(key_of_id(name)))
        return false;
    return digits_of(report.msisdn) == what.to->digits() &&
           (!report.route_id || *report.route_id == what.event.route_id);
}

std::optional<bridgexapi::delivery_report>
open_messages::sent_as(open_message const& lost,
                       std::span<bridgexapi::delivery_report const> reports) const {
    auto const earliest = lost.what.asked_at - clock_tolerance_;
    auto const latest = lost.what.asked_at + send_max_ + clock_tolerance_;
    bridgexapi::delivery_report const* best = nullptr;
    std::optional<wall_time> best_at;
    bridgexapi::delivery_report const* timeless = nullptr;
    std::set<std::string_view> candidates;
    for (auto const& report : reports) {
        if (!may_be(lost, report)) continue;
        candidates.insert(report.bx_message_id);
        auto const made = read_upstream_time(report.created_at);
        if (!made) timeless = &report;
        if (!made || *made < earliest || *made > latest || (best_at && *best_at <= *made)) continue;
        best = &report;
        best_at = made;
    }
    // Without a time, the only candidate is taken.
    if (best == nullptr && candidates.size() == 1) best = timeless;
    if (best == nullptr) return std::nullopt;
    return *best;
}

// --- changes ------------------------------------------------------------------------------------

void open_messages::index(id which, open_message const& message) {
    index_.emplace(key_of(message), which);
    auto const& name = message.what.event.bx_message_id;
    if (!name.empty()) known_.put(name, true);
}

void open_messages::unindex(id which, open_message const& message) {
    auto const [first, last] = index_.equal_range(key_of(message));
    auto const found =
        std::find_if(first, last, [which](auto const& entry) { return entry.second == which; });
    if (found != last) index_.erase(found);
}

void open_messages::identify(id which, bridgexapi::delivery_report const& report) {
    auto* const message = find(which);
    if (message == nullptr || report.bx_message_id.empty()) return;
    auto& event = message->what.event;
    if (!event.bx_message_id.empty()) return;
    unindex(which, *message);
    message->lost = false;
    lost_.erase(which);
    message->missed = 0;
    event.bx_message_id = report.bx_message_id;
    if (report.order_id) event.order_id = *report.order_id;
    index(which, *message);
}

void open_messages::erase(id which) {
    auto const found = list_.find(which);
    if (found == list_.end()) return;
    auto& message = found->second;
    unindex(which, message);
    lost_.erase(which);
    if (message.view && !message.view->bx_message_id.empty()) {
        auto name = message.view->bx_message_id;
        reports_.put(std::move(name), *std::move(message.view));
    }
    if (message.what.ticket != 0) ended_.push_back(message.what.ticket);
    list_.erase(found);
}

void open_messages::forget_journal() {
    std::vector<id> gone;
    for (auto const& [which, message] : list_)
        if (message.what.ticket != 0) gone.push_back(which);
    for (auto const which : gone)
        erase(which);
    ended_.clear();
}

void open_messages::drop_overdue(steady_time now) {
    std::vector<id> overdue;
    for (auto const& [which, message] : list_)
        if (message.drop_at <= now) overdue.push_back(which);
    for (auto const which : overdue)
        erase(which);
}

std::optional<delivery_view> open_messages::last_report(std::string const& bx_message_id) const {
    for (auto const which : at(key_of_id(bx_message_id)))
        if (auto const& view = list_.at(which).view) return view;
    auto const* const kept = reports_.find(bx_message_id);
    if (kept == nullptr) return std::nullopt;
    return *kept;
}

} // namespace otpd::otp
