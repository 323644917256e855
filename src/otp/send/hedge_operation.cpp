#include "send/hedge_operation.hpp"

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// The policy's timeout is shorter.
constexpr std::chrono::minutes longest_send{10};

} // namespace

asio::awaitable<void> hedge_operation::run(send_state send) const {
    begin(send);
    auto& routes = send.draft.routes;
    bool const is_booked = co_await book(send);
    if (!is_booked) {
        parts_.store.end_event(send);
        co_return follow_up_.end(send);
    }
    routes.notes_kept = routes.notes.size(); // stored with the booking
    parts_.reports.hedged(send);
    send.message =
        co_await parts_.upstream.transmit(send, parts_.upstream.end_of(deadline::in(longest_send)));
    if (auto const* const no = std::get_if<bridgexapi::rejected>(&*send.message))
        parts_.routes.leave(routes, step_report::result::rejected, bridgexapi::to_string(no->why));
    else if (auto const* const never = std::get_if<bridgexapi::not_sent>(&*send.message))
        parts_.routes.leave(routes, step_report::result::not_sent,
                            bridgexapi::to_string(never->why));
    bool const may_be_sent = send.accepted() != nullptr || send.unknown() != nullptr;
    if (may_be_sent)
        routes.reports.push_back({routes.taken.route_id,
                                  send.accepted() != nullptr ? step_report::result::accepted
                                                             : step_report::result::unknown,
                                  {},
                                  routes.taken.price});
    auto const settled = co_await parts_.store.settle_hedge(send);
    send.outbox.is_doubtful = !settled;
    if (settled)
        send.settled_at = settled->at;
    else
        parts_.reports.settle_failed(send);
    auto event = parts_.reports.event_of_transmission(send, send.settled_at);
    if (may_be_sent)
        parts_.reports.transmitted(send, event);
    else
        parts_.reports.route_left(send, routes.reports.back());
    // The first message's failure was only recorded, because this one might have arrived.
    if (settled && *settled == store::settle_outcome::failed) parts_.reports.failed(send);
    if (settled || may_be_sent)
        parts_.store.end_event(send);
    else // the failure may have been stored, and was passed on to nobody
        parts_.store.read_event_back(send);
    co_await follow_up_.follow(send, event);
    parts_.reports.hedge_ended(send);
}

/// What belongs to the first message is not the second one's.
void hedge_operation::begin(send_state& send) {
    send.is_hedge = true;
    send.message.reset();
    send.settled_at = {};
    send.slot.reset();
    send.is_entered = false;
    send.outbox = {};
    auto& routes = send.draft.routes;
    send.first_route = routes.taken.route_id;
    routes.is_hedge = true;
    routes.reports.clear();
    routes.notes_kept = routes.notes.size();
}

/// The next route that the send may take, other than the first. A route whose own budget refuses is
/// left out.
asio::awaitable<bool> hedge_operation::book(send_state& send) const {
    auto& draft = send.draft;
    while (parts_.routes.advance(draft.routes, draft.request, draft.country)) {
        if (draft.routes.taken.route_id == send.first_route) {
            draft.routes.notes.pop_back(); // it was not "hedged"
            continue;
        }
        auto const answer = co_await parts_.store.hedge(send);
        if (!answer || std::holds_alternative<store::too_late>(*answer)) co_return false;
        if (std::holds_alternative<store::reservation_replaced>(*answer)) co_return true;
        parts_.routes.leave(draft.routes, step_report::result::skipped, "budget");
    }
    co_return false;
}

} // namespace otpd::otp
