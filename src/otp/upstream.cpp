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

asio::awaitable<outcome<delivery_view>> service::delivery(std::string bx_message_id,
                                                          deadline until) {
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
