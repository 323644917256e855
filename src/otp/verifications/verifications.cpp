#include "otpd/otp/verifications.hpp"

#include "otpd/otp/outcomes.hpp"
#include "scope.hpp"
#include "seconds.hpp"
#include "send/followup.hpp"
#include "verifications/views.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// Callers do not distinguish a replaced code from a canceled one: the newer code canceled it.
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

// In the order of the enumerators.
constexpr std::array<std::string_view, 9> event_words{"admitted",   "accepted", "unknown",
                                                      "wrong_code", "verified", "replaced",
                                                      "canceled",   "step",     "delivery"};
static_assert(event_words.size() == static_cast<std::size_t>(store::event_type::delivery) + 1);

std::string_view word_of(store::event_type type) {
    return event_words[static_cast<std::size_t>(type)];
}

void add_ids(std::vector<detail>& to, store::receipt const* receipt) {
    if (receipt == nullptr) return;
    if (!receipt->order_id.empty()) to.emplace_back("order_id", receipt->order_id);
    if (!receipt->bx_message_id.empty()) to.emplace_back("bx_message_id", receipt->bx_message_id);
}

} // namespace

verification_view view_of(std::string id, store::verification const& found,
                          policy const& rules_of_all, client const& client) {
    bool const live = found.expires_in > store::duration::zero();
    verification_view view;
    view.id = std::move(id);
    view.client = client.name;
    view.purpose = purpose_of(found.scope);
    auto const rules = rules_of_all.for_scope(client, view.purpose);
    view.state = state_of(found, rules.attempts_max);
    view.delivery = to_string(found.message);
    view.created_at = found.admitted_at;
    view.expires_in = std::chrono::ceil<std::chrono::seconds>(found.expires_in);
    if (live) view.expires_at = found.admitted_at + found.age + found.expires_in;
    if (live)
        view.attempts_left = rules.attempts_max - std::min(found.attempts, rules.attempts_max);
    view.reference = found.reference;
    view.sent = found.sent;
    if (view.sent && view.sent->cost && found.hedged && found.hedged->cost)
        view.sent->cost =
            money::from_micros(view.sent->cost->micros() + found.hedged->cost->micros());
    // A store keeps the ids once, in the receipts. The first message was accepted first.
    auto const* receipt = found.sent ? &*found.sent : nullptr;
    for (auto const& event : found.events) {
        auto details = read_details(event.details);
        if (event.type == store::event_type::accepted) {
            add_ids(details, receipt);
            receipt = found.hedged ? &*found.hedged : nullptr;
        }
        view.events.push_back({word_of(event.type), event.at, std::move(details)});
    }
    return view;
}

asio::awaitable<outcome<verification_view>> verifications::find(caller caller, std::string id) {
    auto const at = keys_.open(id);
    if (!at) co_return failure{errc::verification_not_found};
    auto const answer = co_await store_.find(*at);
    if (!answer) co_return failure{errc::store_unavailable, retry_soon};
    auto const& found = *answer;
    // Another client's verification looks as if it did not exist.
    if (!found || !found->scope.starts_with(scope_prefix(*caller.client)))
        co_return failure{errc::verification_not_found};
    co_await follow_up_.found(caller, *found);
    co_return view_of(std::move(id), *found, rules_, *caller.client);
}

asio::awaitable<outcome<verification_view>> verifications::find_of_any(std::string id) {
    auto const at = keys_.open(id);
    if (!at) co_return failure{errc::verification_not_found};
    auto const answer = co_await store_.find(*at);
    if (!answer) co_return failure{errc::store_unavailable, retry_soon};
    auto const& found = *answer;
    if (!found) co_return failure{errc::verification_not_found};
    client owner;
    owner.name = client_of(found->scope);
    co_return view_of(std::move(id), *found, rules_, owner);
}

asio::awaitable<outcome<verification_view>> verifications::cancel(caller caller, std::string id) {
    auto const canceled = co_await outcomes_.cancel(caller, id);
    if (!canceled) co_return canceled.error();
    co_return co_await find(std::move(caller), std::move(id));
}

} // namespace otpd::otp
