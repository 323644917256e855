#include "otpd/otp/verifications.hpp"

#include "scope.hpp"
#include "seconds.hpp"
#include "send/followup.hpp"
#include "verifications/cancel_reports.hpp"

#include <algorithm>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// Callers hear of one end that is not theirs to tell apart: a newer code canceled the older one.
std::string_view state_of(store::verification const& found, std::uint32_t attempts_max) {
    switch (found.state) {
    case store::progress::pending:
        return "pending";
    case store::progress::active:
        return found.attempts >= attempts_max ? "exhausted" : "active";
    case store::progress::verified:
        return "verified";
    case store::progress::replaced:
    case store::progress::canceled:
        return "canceled";
    case store::progress::expired:
        break;
    }
    return "expired";
}

std::string_view word_of(store::event_type type) {
    using enum store::event_type;
    switch (type) {
    case admitted:
        return "admitted";
    case accepted:
        return "accepted";
    case unknown:
        return "unknown";
    case wrong:
        return "wrong_code";
    case verified:
        return "verified";
    case replaced:
        return "replaced";
    case step:
        return "step";
    case delivery:
        return "delivery";
    case canceled:
        break;
    }
    return "canceled";
}

verification_view view_of(std::string id, store::verification const& found, policy const& rules) {
    auto const left = [&rules](std::uint32_t used) {
        return rules.attempts_max - std::min(used, rules.attempts_max);
    };
    bool const live = found.expires_in > store::duration::zero();
    verification_view view;
    view.id = std::move(id);
    view.purpose = found.scope.substr(found.scope.find(':') + 1);
    view.state = state_of(found, rules.attempts_max);
    view.delivery = to_string(found.message);
    view.created_at = found.admitted_at;
    view.expires_in = std::chrono::ceil<std::chrono::seconds>(found.expires_in);
    if (live) {
        view.attempts_left = left(found.attempts);
        view.attempts_left_without_id = left(found.open_attempts);
    }
    view.sent = found.sent;
    for (auto const& each : found.events) {
        auto details = read_details(each.details);
        // A store keeps the ids once, in the receipt.
        if (each.type == store::event_type::accepted && found.sent) {
            if (!found.sent->order_id.empty())
                details.emplace_back("order_id", found.sent->order_id);
            if (!found.sent->bx_message_id.empty())
                details.emplace_back("bx_message_id", found.sent->bx_message_id);
        }
        view.events.push_back({word_of(each.type), each.at, std::move(details)});
    }
    return view;
}

/// Neither the code nor the message will change any more.
bool is_settled(verification_view const& view) {
    bool const over = view.state != "pending" && view.state != "active";
    return over && (view.delivery == "delivered" || view.delivery == "failed");
}

bool differ(verification_view const& a, verification_view const& b) {
    return a.state != b.state || a.delivery != b.delivery || a.events.size() != b.events.size() ||
           a.attempts_left != b.attempts_left ||
           a.attempts_left_without_id != b.attempts_left_without_id;
}

/// Between two looks for what another instance changed, and for whether who waited has left.
constexpr std::chrono::seconds poll_interval{1};
/// More than a store takes: its own deadlines are shorter.
constexpr std::chrono::seconds find_timeout{10};

} // namespace

verifications::verifications(policy const& rules, dependencies deps)
    : rules_(rules), deps_(deps), finds_(deps_.waiters.executor(), poll_interval) {}

asio::awaitable<outcome<verification_view>> verifications::find(caller caller, std::string id) {
    auto const at = deps_.keys.open(id);
    if (!at) co_return failure{errc::verification_not_found};
    auto const answer = co_await deps_.store.find(*at);
    if (!answer) co_return failure{errc::store_unavailable, retry_soon};
    auto const& found = *answer;
    // Another client's looks like none at all.
    if (!found || !found->scope.starts_with(scope_prefix(*caller.client)))
        co_return failure{errc::verification_not_found};
    co_await deps_.follow_up.found(caller, *at, id, *found);
    co_return view_of(std::move(id), *found, rules_);
}

asio::awaitable<outcome<verification_view>>
verifications::find_changed(caller caller, std::string id, deadline until,
                            std::function<bool()> has_disconnected) {
    event_waiters::subscription const looking(deps_.waiters);
    auto seen = deps_.waiters.seen(id);
    auto const first = co_await find(caller, id);
    if (!first || is_settled(*first)) co_return first;
    auto const code_end = deps_.now.now() + first->expires_in;
    bool saw_end = first->expires_in == std::chrono::seconds(0);
    while (!until.expired() && !has_disconnected()) {
        bool const may_wait =
            co_await deps_.waiters.wait(id, caller.client->name, seen, until.within(poll_interval));
        if (!may_wait) break;
        bool const has_heard = std::exchange(seen, deps_.waiters.seen(id)) != seen;
        bool const sees_end = !saw_end && deps_.now.now() >= code_end;
        if (!has_heard && !sees_end && rules_.hears_everything) continue;
        saw_end = saw_end || sees_end;
        auto const now = co_await find_shared(caller, id, seen);
        if (!now || differ(*first, *now)) co_return now;
    }
    co_return first;
}

/// One look for all who wait for the same verification and have heard the same of it.
asio::awaitable<outcome<verification_view>>
verifications::find_shared(caller caller, std::string id, std::uint64_t seen) {
    find_key const key{id, seen};
    shared_finds::question const look = [this, caller, id] { return find_if_there(caller, id); };
    auto const found = co_await finds_.get(key, look, deadline::in(find_timeout));
    if (!found || !*found) co_return failure{errc::store_unavailable, retry_soon};
    co_return **found;
}

asio::awaitable<std::optional<outcome<verification_view>>>
verifications::find_if_there(caller caller, std::string id) {
    co_return co_await find(std::move(caller), std::move(id));
}

asio::awaitable<outcome<verification_view>> verifications::cancel(caller caller, std::string id) {
    auto const at = deps_.keys.open(id);
    if (!at) co_return failure{errc::verification_not_found};
    store::cancellation request{*at, scope_prefix(*caller.client)};
    auto const answer = co_await deps_.store.cancel(std::move(request));
    if (!answer) co_return failure{errc::store_unavailable, retry_soon};
    if (*answer == store::cancel_outcome::absent) co_return failure{errc::verification_not_found};
    if (*answer == store::cancel_outcome::ended) co_return failure{errc::verification_ended};
    deps_.reports.canceled(caller, *at, id);
    co_return co_await find(std::move(caller), std::move(id));
}

} // namespace otpd::otp
