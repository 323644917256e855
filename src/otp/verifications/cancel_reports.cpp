#include "verifications/cancel_reports.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"

namespace otpd::otp {

void cancel_reports::canceled(caller const& caller, store::verification_address const& address,
                              std::string const& sealed,
                              store::cancel_outcome const& outcome) const {
    log_.info("otp_canceled", {{"request_id", caller.request_id},
                               {"trace_id", caller.trace},
                               {"verification_id", to_hex(address.id)},
                               {"client", caller.client->name}});
    verification_event event;
    event.type = event_type::canceled;
    event.at = outcome.at;
    event.verification_id = sealed;
    event.request_id = caller.request_id;
    event.trace = caller.trace;
    event.client = caller.client->name;
    event.reference = outcome.reference;
    observers_.on_event(event);
}

} // namespace otpd::otp
