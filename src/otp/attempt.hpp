#pragma once

/// One send, from its admission on.

#include "otpd/otp/service.hpp"

namespace otpd::otp {

/// Whose verifications for what share a slot of the store. A purpose is printable and a client's name has no
/// colon, so no two pairs are one text.
inline std::string slot_of(client const& from, purpose const& what) {
    return from.name + ':' + what.name();
}
/// What all slots of a client begin with.
inline std::string slot_prefix(client const& from) {
    return from.name + ':';
}

struct service::attempt {
    send_request request;
    int route_id = 0;
    message_tail tail;
    store::verification_address at;
    passcode code;
    steady_time began;
    std::string country; ///< empty: not known
    bool test = false;   ///< a test number: no SMS, no limits
    std::vector<store::charge> charges;
    std::vector<store::watch> watches;
    store::admitted admission; ///< once it is admitted

    [[nodiscard]] store::record_key key() const {
        return store::record_key{at.number, slot_of(*request.who.from, request.what)};
    }
};

} // namespace otpd::otp
