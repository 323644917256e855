#include "otpd/otp/long_polls.hpp"

#include "seconds.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// Whether neither the code nor the message can change any more.
bool is_settled(verification_view const& view) {
    bool const over = view.state != "pending" && view.state != "active";
    return over && (view.delivery == "delivered" || view.delivery == "failed");
}

bool differ(verification_view const& a, verification_view const& b) {
    return a.state != b.state || a.delivery != b.delivery || a.events.size() != b.events.size() ||
           a.attempts_left != b.attempts_left;
}

/// The interval of reads that detect changes by other instances, and waiters that have left.
constexpr std::chrono::seconds poll_interval{1};
/// Longer than any read of a store: its own deadlines are shorter.
constexpr std::chrono::seconds find_timeout{10};

} // namespace

long_polls::long_polls(verifications& verifications, event_waiters& waiters, clock const& now,
                       bool hears_everything)
    : verifications_(verifications), waiters_(waiters), now_(now),
      hears_everything_(hears_everything), finds_(waiters.executor(), poll_interval) {}

asio::awaitable<outcome<verification_view>>
long_polls::find_changed(caller caller, std::string id, deadline until,
                         std::function<bool()> has_disconnected) {
    event_waiters::subscription const looking(waiters_);
    auto seen = waiters_.seen(id);
    auto const first = co_await verifications_.find(caller, id);
    if (!first || is_settled(*first)) co_return first;
    auto code_end = now_.now() + first->expires_in;
    bool saw_end = first->expires_in == std::chrono::seconds(0);
    while (!until.expired() && !has_disconnected()) {
        bool const may_wait =
            co_await waiters_.wait(id, caller.client->name, seen, until.within(poll_interval));
        if (!may_wait) break;
        bool const has_heard = std::exchange(seen, waiters_.seen(id)) != seen;
        bool const sees_end = !saw_end && now_.now() >= code_end;
        if (!has_heard && !sees_end && hears_everything_) continue;
        auto const now = co_await find_shared(caller, id, seen);
        if (!now || differ(*first, *now)) co_return now;
        saw_end = now->expires_in == std::chrono::seconds(0);
        code_end = now_.now() + now->expires_in; // a resend may have moved it
    }
    co_return first;
}

/// Makes one read for all waiters of the same verification that know the same state of it.
asio::awaitable<outcome<verification_view>> long_polls::find_shared(caller caller, std::string id,
                                                                    std::uint64_t seen) {
    find_key const key{id, seen};
    shared_finds::question const look = [this, caller, id] { return find_if_there(caller, id); };
    auto const found = co_await finds_.get(key, look, deadline::in(find_timeout));
    if (!found || !*found) co_return failure{errc::store_unavailable, retry_soon};
    co_return **found;
}

asio::awaitable<std::optional<outcome<verification_view>>>
long_polls::find_if_there(caller caller, std::string id) {
    co_return co_await verifications_.find(std::move(caller), std::move(id));
}

} // namespace otpd::otp
