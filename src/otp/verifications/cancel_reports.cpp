#include "verifications/cancel_reports.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"

namespace otpd::otp {

void cancel_reports::canceled(caller const& who, store::verification_address const& at,
                              std::string const& sealed) const {
    log_.info("otp_canceled", {{"request_id", who.request_id},
                               {"verification_id", to_hex(at.id)},
                               {"client", who.from->name}});
    occurrence told;
    told.what = occurrence_kind::canceled;
    told.at = now_.wall();
    told.verification_id = sealed;
    told.request_id = who.request_id;
    told.client = who.from->name;
    observers_.happened(told);
}

} // namespace otpd::otp
