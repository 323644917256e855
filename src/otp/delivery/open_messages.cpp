#include "delivery/open_messages.hpp"

#include "delivery/upstream_time.hpp"
#include "otpd/core/encoding.hpp"

#include <algorithm>

namespace otpd::otp {

using namespace std::chrono_literals;

namespace {

/// How long after it was asked for a send may have been made: no send takes longer.
constexpr std::chrono::seconds send_max{30};

std::chrono::milliseconds passed(wall_time since, wall_time now) {
    return std::max(0ms, std::chrono::floor<std::chrono::milliseconds>(now - since));
}

} // namespace

std::string digits_of(std::string_view msisdn) {
    std::string digits;
    std::ranges::copy_if(msisdn, std::back_inserter(digits), is_ascii_digit);
    return digits;
}

bool open_messages::add(followed_message what, moment now) {
    auto& told = what.told;
    told.since_accepted = passed(told.at, now.wall);
    bool const stated = told.since_admitted > 0ms; // not after a restart
    told.since_admitted =
        stated ? told.since_admitted + told.since_accepted : passed(what.admitted_at, now.wall);
    bool const lost = told.bx_message_id.empty() && told.order_id.empty();
    if (lost ? !what.to : is_open(what)) return false;
    auto const which = next_++;
    if (lost) {
        by_number_.emplace(what.to->digits(), which);
    } else if (told.bx_message_id.empty()) {
        by_order_.emplace(told.order_id, which);
    } else {
        by_bx_.emplace(told.bx_message_id, which);
        know(told.bx_message_id);
    }
    open_message entry{.what = std::move(what),
                       .since = now.steady,
                       .first_look = now.steady + options_.first_look,
                       .drop_at = {},
                       .lost = lost,
                       .view = {}};
    entry.drop_at = now.steady + entry.what.follow_for;
    entry.ask_at = entry.first_look;
    list_.emplace(which, std::move(entry));
    return true;
}

bool open_messages::is_open(followed_message const& what) const {
    auto const& told = what.told;
    auto const& among = told.bx_message_id.empty() ? by_order_ : by_bx_;
    auto const [first, last] =
        among.equal_range(told.bx_message_id.empty() ? told.order_id : told.bx_message_id);
    return std::any_of(first, last, [&](auto const& each) {
        return list_.at(each.second).what.at.id == what.at.id;
    });
}

open_message* open_messages::find(id which) {
    auto const found = list_.find(which);
    return found == list_.end() ? nullptr : &found->second;
}

std::vector<open_messages::id>
open_messages::about(bridgexapi::delivery_report const& report) const {
    std::vector<id> found;
    auto const take = [&found](auto range) {
        for (auto each = range.first; each != range.second; ++each)
            found.push_back(each->second);
    };
    take(by_bx_.equal_range(report.bx_message_id));
    if (report.order_id) take(by_order_.equal_range(*report.order_id));
    return found;
}

std::vector<open_messages::id> open_messages::lost_to(std::string_view msisdn) const {
    std::vector<id> found;
    if (by_number_.empty()) return found;
    auto const [first, last] = by_number_.equal_range(digits_of(msisdn));
    for (auto each = first; each != last; ++each)
        found.push_back(each->second);
    std::ranges::sort(found);
    return found;
}

// --- lost ones -----------------------------------------------------------------------------------

bool open_messages::is_known(std::string const& bx_message_id) const {
    return known_.contains(bx_message_id) || by_bx_.contains(bx_message_id) ||
           reports_.contains(bx_message_id);
}

bool open_messages::may_be(open_message const& lost,
                           bridgexapi::delivery_report const& report) const {
    auto const& what = lost.what;
    if (digits_of(report.msisdn) != what.to->digits()) return false;
    if (report.bx_message_id.empty() || is_known(report.bx_message_id)) return false;
    return !report.route_id || *report.route_id == what.told.route_id;
}

std::optional<bridgexapi::delivery_report>
open_messages::sent_as(open_message const& lost,
                       std::span<bridgexapi::delivery_report const> reports) const {
    auto const earliest = lost.what.asked_at - options_.clock_tolerance;
    auto const latest = lost.what.asked_at + send_max + options_.clock_tolerance;
    bridgexapi::delivery_report const* best = nullptr;
    std::optional<wall_time> best_at;
    bridgexapi::delivery_report const* timeless = nullptr;
    std::unordered_set<std::string_view> candidates;
    for (auto const& each : reports) {
        if (!may_be(lost, each)) continue;
        candidates.insert(each.bx_message_id);
        auto const made = read_upstream_time(each.created_at);
        if (!made) timeless = &each;
        if (!made || *made < earliest || *made > latest || (best_at && *best_at <= *made)) continue;
        best = &each;
        best_at = made;
    }
    // Without a time there is only this to go by.
    if (best == nullptr && timeless != nullptr && candidates.size() == 1) best = timeless;
    if (best == nullptr) return std::nullopt;
    return *best;
}

// --- changes -------------------------------------------------------------------------------------

void open_messages::remove(index& from, std::string const& key, id which) {
    auto const [first, last] = from.equal_range(key);
    auto const found =
        std::find_if(first, last, [which](auto const& each) { return each.second == which; });
    if (found != last) from.erase(found);
}

void open_messages::identify(id which, bridgexapi::delivery_report const& report) {
    auto* const message = find(which);
    if (message == nullptr || report.bx_message_id.empty()) return;
    auto& told = message->what.told;
    if (!told.bx_message_id.empty()) return;
    if (message->lost)
        remove(by_number_, message->what.to->digits(), which);
    else
        remove(by_order_, told.order_id, which);
    message->lost = false;
    message->missed = 0;
    told.bx_message_id = report.bx_message_id;
    if (report.order_id) told.order_id = *report.order_id;
    by_bx_.emplace(told.bx_message_id, which);
    know(told.bx_message_id);
}

void open_messages::erase(id which) {
    auto const found = list_.find(which);
    if (found == list_.end()) return;
    auto& message = found->second;
    auto const& told = message.what.told;
    if (message.lost)
        remove(by_number_, message.what.to->digits(), which);
    else if (told.bx_message_id.empty())
        remove(by_order_, told.order_id, which);
    else
        remove(by_bx_, told.bx_message_id, which);
    if (message.view) keep(*std::move(message.view));
    list_.erase(found);
}

void open_messages::know(std::string const& bx_message_id) {
    if (!known_.insert(bx_message_id).second) return;
    known_in_order_.push_back(bx_message_id);
    if (known_.size() <= options_.known_ids_max) return;
    known_.erase(known_in_order_.front());
    known_in_order_.pop_front();
}

void open_messages::keep(delivery_view view) {
    auto const& name = view.bx_message_id;
    if (name.empty() || options_.reports_max == 0) return;
    if (!reports_.contains(name)) reports_in_order_.push_back(name);
    std::string key = name;
    reports_.insert_or_assign(std::move(key), std::move(view));
    if (reports_.size() <= options_.reports_max) return;
    reports_.erase(reports_in_order_.front());
    reports_in_order_.pop_front();
}

std::optional<delivery_view> open_messages::last_report(std::string const& bx_message_id) const {
    if (auto const open = by_bx_.find(bx_message_id); open != by_bx_.end()) {
        if (auto const& view = list_.at(open->second).view) return view;
    }
    auto const kept = reports_.find(bx_message_id);
    if (kept == reports_.end()) return std::nullopt;
    return kept->second;
}

} // namespace otpd::otp
