#include "otpd/otp/estimate.hpp"
#include "send/draft_factory.hpp"
#include "upstream_failure.hpp"

#include <utility>

namespace otpd::otp {

boost::asio::awaitable<outcome<bridgexapi::estimate>> estimator::estimate(estimate_request request,
                                                                          deadline until) {
    send_request as_sent{request.caller, request.to, request.purpose, request.route_id};
    auto const draft = drafts_.make(std::move(as_sent), {}, {});
    if (draft.fault) co_return failure{*draft.fault};
    auto const& own_id = request.caller.client->caller_id;
    // Uses the text of a code that nobody gets. It is always the same, so that equal requests get
    // equal answers.
    std::string const code(draft.code.reveal().size(), '0');
    bridgexapi::sms message{
        draft.routes.taken.route_id, own_id.empty() ? rules_.caller_id : own_id, request.to,
        messages::compose(texts_.text_for(request.purpose, {}), code, draft.facts(), draft.suffix)};
    auto const answer =
        co_await upstream_.estimate_cost(std::move(message), until.within(rules_.send_timeout));
    if (!answer) co_return upstream_failure(answer.error());
    co_return *answer;
}

} // namespace otpd::otp
