// service::delivery and service::estimate: questions to the upstream.

#include "attempt.hpp"

#include <algorithm>
#include <string>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds upstream_retry{1};

failure failure_of(bridgexapi::failure const& why) {
    failure told{errc::upstream_failed, why.retry_after.value_or(upstream_retry)};
    told.reason = why.why;
    return told;
}

bool is_final(delivery_view const& view) {
    return view.state == store::delivery::delivered || view.state == store::delivery::failed;
}

} // namespace

asio::awaitable<void> service::remember_owner(client const& from,
                                              std::optional<std::string> bx_message_id) {
    if (uses_.owners == nullptr || !bx_message_id || bx_message_id->empty()) co_return;
    co_await uses_.owners->remember(from.name, *std::move(bx_message_id));
}

asio::awaitable<outcome<bool>> service::is_own_message(client const& from,
                                                       std::string bx_message_id,
                                                       std::optional<std::string> verification) {
    if (uses_.owners != nullptr) {
        bool const known = co_await uses_.owners->is_of(from.name, bx_message_id);
        if (known) co_return true;
    }
    if (!verification) co_return false;
    auto const at = uses_.keys.open(*verification);
    if (!at) co_return false;
    auto const answer = co_await uses_.store.find(*at);
    if (!answer) co_return failure{errc::store_unavailable, upstream_retry};
    auto const& found = *answer;
    co_return found && found->slot.starts_with(slot_prefix(from)) && found->sent &&
        found->sent->bx_message_id == bx_message_id;
}

asio::awaitable<outcome<delivery_view>>
service::delivery(caller who, std::string bx_message_id, std::optional<std::string> verification_id,
                  deadline until) {
    if (who.from->is_tenant) {
        auto const own =
            co_await is_own_message(*who.from, bx_message_id, std::move(verification_id));
        if (!own) co_return own.error();
        // Nobody is asked, so that even the time it takes says nothing of another's.
        if (!*own) co_return failure{errc::delivery_not_found};
    }
    auto const known = co_await uses_.deliveries.last_report(bx_message_id);
    if (known && is_final(*known)) co_return *known;
    auto const limit = until.within(rules_.send_timeout);
    auto const answer = co_await uses_.gateway.get_delivery(std::move(bx_message_id), limit);
    if (!answer && answer.error().why == bridgexapi::reason::not_found)
        co_return failure{errc::delivery_not_found};
    if (!answer) co_return failure_of(answer.error());
    co_return otp::view_of(*answer, uses_.now.wall());
}

asio::awaitable<outcome<bridgexapi::estimate>> service::estimate(estimate_request request,
                                                                 deadline until) {
    send_request as_sent{request.who, request.to, request.what, request.route_id};
    attempt asked = prepare(std::move(as_sent));
    if (auto const fault = fault_of(asked)) co_return failure{*fault};
    auto const& from = *request.who.from;
    // The text is that of a code that nobody gets. Always the same one, so that equal questions are equal.
    auto const code = *passcode::parse(std::string(asked.code.reveal().size(), '0'));
    bridgexapi::sms message{asked.route_id,
                            from.caller_id.empty() ? rules_.caller_id : from.caller_id, request.to,
                            texts_.compose(request.what, {}, code, asked.tail)};
    auto const answer =
        co_await uses_.gateway.estimate_cost(std::move(message), until.within(rules_.send_timeout));
    if (!answer) co_return failure_of(answer.error());
    co_return *answer;
}

} // namespace otpd::otp
