#include "send/transmission.hpp"

#include "otpd/telemetry/log.hpp"

#include <utility>

namespace otpd::otp {

bridgexapi::sms transmission::message_of(send_state const& send) const {
    auto const& request = send.draft.request;
    auto const& taken = send.routes().taken;
    auto caller_id = taken.step.caller_id;
    if (caller_id.empty()) caller_id = request.caller.client->caller_id;
    if (caller_id.empty()) caller_id = rules_.caller_id;
    auto const& text = texts_.text_for(request.purpose, request.locale, request.given);
    std::string_view const code =
        request.given ? request.given->code.reveal() : send.draft.code.reveal();
    return {
        taken.route_id,       std::move(caller_id),
        request.to,           messages::compose(text, code, send.draft.facts(), send.draft.suffix),
        request.caller.trace, request.caller.tracestate};
}

boost::asio::awaitable<bridgexapi::send_outcome> transmission::transmit(send_state& send,
                                                                        deadline until) const {
    send.asked_at = now_.wall();
    auto const own = send.routes().taken.step.timeout;
    auto const limit = own > own.zero() ? until.within(own) : until;
    try {
        co_return co_await upstream_.send_sms(message_of(send), limit);
    } catch (std::exception const& bug) {
        log_.error("upstream_client_failed", {{"request_id", send.draft.request.caller.request_id},
                                              {"trace_id", send.draft.request.caller.trace},
                                              {"what", bug.what()}});
    }
    // It is unknown whether any bytes were sent.
    co_return bridgexapi::unknown{bridgexapi::reason::protocol_error};
}

} // namespace otpd::otp
