#include "send/send_operation.hpp"

#include "limits/limiter.hpp"
#include "seconds.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

constexpr std::string_view over_budget = "budget";
/// How often a send begins its plan again. Each time, another send of the scope has changed what
/// was tried before.
constexpr int beginnings_max = 3;
constexpr std::chrono::milliseconds time_to_ask_again{500};

} // namespace

asio::awaitable<outcome<sent>> send_operation::run(deadline until) {
    auto refused = co_await admit(until);
    if (refused) {
        parts_.reports.ended(send_, *refused);
        parts_.store.end_event(send_);
        co_return *std::move(refused);
    }
    parts_.reports.admitted(send_);
    send_.message = co_await transmit(parts_.upstream.end_of(until));
    // Computed before the settlement, which stores it for later calls with the same idempotency
    // key.
    auto result = parts_.results.result(send_);
    co_await settle(result);
    event_ = parts_.reports.event_of_transmission(send_, send_.settled_at);
    parts_.reports.transmitted(send_, *event_);
    parts_.store.end_event(send_);
    parts_.reports.ended(send_, result);
    co_return result;
}

// --- admitted -----------------------------------------------------------------------------------

/// If only the route's own budget refuses a send, it goes on to the next route, and if the steps so
/// far were tried before, it begins after them: such an admission has changed nothing.
asio::awaitable<std::optional<outcome<sent>>> send_operation::admit(deadline until) {
    auto const& draft = send_.draft;
    if (draft.fault) co_return failure{*draft.fault};
    std::optional<failure> refused_before;
    blocked_event const blocked = [this](store::admit_outcome const& answer) {
        return event_if_refused(answer);
    };
    for (int beginnings = 0;;) {
        bool has_route = draft.is_test;
        if (!has_route) has_route = advance();
        if (!has_route) co_return co_await refuse_all_routes(refused_before);
        auto answer = co_await parts_.store.admit(send_, blocked);
        if (draft.request.given) co_await wait_for_first(answer, blocked, until);
        if (!answer) co_return failure{errc::store_unavailable, retry_soon};
        auto const* const elsewhere = std::get_if<store::begin_after>(&*answer);
        if (elsewhere != nullptr && beginnings++ < beginnings_max) {
            begin_after(elsewhere->step);
            continue;
        }
        auto refused = take(*answer);
        if (!parts_.results.is_refused_by_route_budget(*answer)) co_return refused;
        refused_before = refused->error();
        leave(step_report::result::skipped, over_budget);
    }
}

/// A provider that repeats a given code while its first request is under way, and hears of an
/// error, shows that to a user whose SMS arrives. So this asks again until the first one has its
/// result.
asio::awaitable<void> send_operation::wait_for_first(store::result<store::admit_outcome>& answer,
                                                     blocked_event const& blocked, deadline until) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    while (answer && std::holds_alternative<store::in_flight>(*answer) &&
           until.remaining() > time_to_ask_again) {
        pause.expires_after(time_to_ask_again);
        co_await pause.async_wait(asio::use_awaitable);
        answer = co_await parts_.store.admit(send_, blocked);
    }
}

/// A repeated send gets its stored result, even if no route is usable now. So this asks the store
/// with a reservation that it refuses, after it has checked the idempotency key.
asio::awaitable<outcome<sent>> send_operation::refuse_all_routes(std::optional<failure> because) {
    auto why = because.value_or(failure{errc::no_route});
    why.steps = send_.routes().reports;
    if (!send_.draft.idempotency || because) co_return why;
    auto const answer =
        co_await parts_.store.replay(send_.draft, parts_.routes.impossible_reservation());
    if (!answer) co_return failure{errc::store_unavailable, retry_soon};
    if (std::holds_alternative<store::refused>(*answer)) co_return why;
    auto said = take(*answer);
    co_return said ? *std::move(said) : outcome<sent>(why);
}

/// Returns nothing if it was admitted.
std::optional<outcome<sent>> send_operation::take(store::admit_outcome const& answer) {
    auto const& reports = parts_.reports;
    if (auto const* const yes = std::get_if<store::admitted>(&answer)) {
        reports.violations(yes->observed, limit_mode::observe, send_);
        send_.admission = *yes;
        send_.is_known = yes->is_known;
        auto const& request = send_.draft.request;
        if (!send_.draft.is_test && yes->code != send_.draft.seed)
            send_.draft.code = parts_.codes.code_of(yes->code, *request.caller.client,
                                                    request.purpose, request.to);
        return std::nullopt;
    }
    if (auto const* const no = std::get_if<store::refused>(&answer)) {
        reports.violations(no->observed, limit_mode::observe, send_);
        reports.violations(no->violations, limit_mode::enforce, send_);
        send_.is_known = no->is_known;
        send_.refused_by = limiter::names_of(no->violations);
    }
    if (std::holds_alternative<store::full>(answer)) reports.store_full();
    return parts_.results.answer(send_, answer);
}

std::optional<verification_event>
send_operation::event_if_refused(store::admit_outcome const& answer) const {
    if (!std::holds_alternative<store::refused>(answer)) return std::nullopt;
    return parts_.reports.event_of_refusal(send_, parts_.results.answer(send_, answer).error());
}

// --- from route to route ------------------------------------------------------------------------

void send_operation::begin_after(std::uint8_t step) {
    auto& draft = send_.draft;
    parts_.routes.begin_after(draft.routes, step, draft.request, draft.country);
    report_since(0);
}

bool send_operation::advance() {
    auto& draft = send_.draft;
    auto const first = draft.routes.reports.size();
    bool const found = parts_.routes.advance(draft.routes, draft.request, draft.country);
    report_since(first);
    return found;
}

void send_operation::report_since(std::size_t first) const {
    auto const& reports = send_.routes().reports;
    for (auto i = first; i < reports.size(); ++i)
        parts_.reports.route_left(send_, reports[i]);
}

void send_operation::leave(step_report::result outcome, std::string_view why) {
    parts_.routes.leave(send_.draft.routes, outcome, why);
    parts_.reports.route_left(send_, send_.routes().reports.back());
}

/// Goes to the next route after one that did not send. Returns false if that was the last one: the
/// send then keeps the route that was used last, and its result.
asio::awaitable<bool> send_operation::replace_reservation() {
    auto& routes = send_.draft.routes;
    auto before = routes.taken;
    while (advance()) {
        auto const kept_then = routes.notes.size();
        auto const answer = co_await parts_.store.replace_reservation(send_, before.reservations);
        if (answer && std::holds_alternative<store::reservation_replaced>(*answer)) {
            routes.notes_kept = kept_then;
            co_return true;
        }
        leave(step_report::result::skipped, over_budget);
        // The store does not answer, so nothing more may be spent.
        if (!answer) send_.possible_reservations = routes.taken.reservations;
        if (!answer || std::holds_alternative<store::too_late>(*answer)) break;
    }
    routes.taken = std::move(before);
    co_return false;
}

// --- transmitted --------------------------------------------------------------------------------

/// After an accepted message, or one with an unknown outcome, no other route is tried.
asio::awaitable<bridgexapi::send_outcome> send_operation::transmit(deadline until) {
    using enum step_report::result;
    if (send_.draft.is_test) co_return bridgexapi::accepted{};
    auto& routes = send_.draft.routes;
    for (;;) {
        auto message = co_await parts_.upstream.transmit(send_, until);
        if (auto const* const no = std::get_if<bridgexapi::rejected>(&message)) {
            leave(rejected, bridgexapi::to_string(no->why));
        } else if (auto const* const never = std::get_if<bridgexapi::not_sent>(&message)) {
            leave(not_sent, bridgexapi::to_string(never->why));
        } else {
            auto const* const perhaps = std::get_if<bridgexapi::unknown>(&message);
            routes.reports.push_back(
                {routes.taken.route_id, perhaps != nullptr ? unknown : accepted,
                 perhaps != nullptr ? bridgexapi::to_string(perhaps->why) : std::string_view(),
                 routes.taken.price});
            co_return message;
        }
        if (until.expired()) co_return message;
        bool const has_next = co_await replace_reservation();
        if (!has_next) co_return message;
    }
}

/// The caller gets the outcome of the SMS even if this fails. The verification then stays as
/// admitted: a code that was sent verifies, and one that was not keeps its cooldown.
asio::awaitable<void> send_operation::settle(outcome<sent> const& result) {
    auto const answer = co_await parts_.store.settle(send_, result);
    send_.outbox.is_doubtful = !answer;
    if (answer)
        send_.settled_at = answer->at;
    else
        parts_.reports.settle_failed(send_);
}

} // namespace otpd::otp
