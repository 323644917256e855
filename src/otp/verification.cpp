// service::find and service::cancel: a verification as a resource.

#include "attempt.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"
#include "seconds.hpp"

#include <algorithm>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds store_retry{1};

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

std::string_view word_of(store::delivery message) {
    switch (message) {
    case store::delivery::queued:
        return "queued";
    case store::delivery::accepted:
        return "accepted";
    case store::delivery::unknown:
        break;
    }
    return "unknown";
}

std::string_view word_of(store::event_kind what) {
    using enum store::event_kind;
    switch (what) {
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
    case canceled:
        break;
    }
    return "canceled";
}

} // namespace

outcome<verification_view> service::view_of(std::string id,
                                            store::verification const& found) const {
    auto const now = uses_.now.wall();
    auto const left = [this](std::uint32_t used) {
        return rules_.attempts_max - std::min(used, rules_.attempts_max);
    };
    bool const live = found.expires_in > store::duration::zero();
    verification_view view;
    view.id = std::move(id);
    view.purpose = found.slot.substr(found.slot.find(':') + 1);
    view.state = state_of(found, rules_.attempts_max);
    view.delivery = word_of(found.message);
    view.created_at = now - found.age;
    view.expires_in = std::chrono::ceil<std::chrono::seconds>(found.expires_in);
    if (live) {
        view.attempts_left = left(found.attempts);
        view.attempts_left_without_id = left(found.open_attempts);
    }
    view.sent = found.sent;
    for (auto const& each : found.events)
        view.events.push_back({word_of(each.what), now - each.ago});
    return view;
}

asio::awaitable<outcome<verification_view>> service::find(caller who, std::string id) {
    auto const at = uses_.keys.open(id);
    if (!at) co_return failure{errc::verification_not_found};
    auto const answer = co_await uses_.store.find(*at);
    if (!answer) co_return failure{errc::store_unavailable, store_retry};
    auto const& found = *answer;
    // Another client's looks like none at all.
    if (!found || !found->slot.starts_with(slot_prefix(*who.from)))
        co_return failure{errc::verification_not_found};
    co_return view_of(std::move(id), *found);
}

asio::awaitable<outcome<verification_view>> service::cancel(caller who, std::string id) {
    auto const at = uses_.keys.open(id);
    if (!at) co_return failure{errc::verification_not_found};
    store::cancellation request{*at, slot_prefix(*who.from)};
    auto const answer = co_await uses_.store.cancel(std::move(request));
    if (!answer) co_return failure{errc::store_unavailable, store_retry};
    if (*answer == store::cancel_outcome::absent) co_return failure{errc::verification_not_found};
    if (*answer == store::cancel_outcome::ended) co_return failure{errc::verification_ended};
    uses_.log.info("otp_canceled", {{"request_id", who.request_id},
                                    {"verification_id", to_hex(at->id)},
                                    {"client", who.from->name}});
    co_return co_await find(std::move(who), std::move(id));
}

} // namespace otpd::otp
