#pragma once

/// Is notified of everything that the service does, at the moment at which it is done.

#include "model.hpp"
#include "orders.hpp"
#include "otpd/bridgexapi/types.hpp"
#include "otpd/store/store.hpp"

#include <string>

namespace otpd::simulation {

enum class store_step : std::uint8_t {
    admit,
    settle,
    replace_reservation,
    update,
    check,
    find,
    cancel,
    release
};

/// The effect of a step, for the audit: a guess was compared, a send admitted. `elsewhere`: a send
/// begins after a step of its plan that was tried before. `unheard`: the store
/// did not learn of it.
enum class seen : std::uint8_t { nothing, wrong, right, admitted, elsewhere, unheard };

class watcher {
public:
    virtual ~watcher() = default;
    /// The service requests an admission.
    virtual void admitting(operation_id op, store::admission const& request) = 0;
    /// The store is about to do a step, some time after the previous one.
    virtual void about_to_do() = 0;
    /// In a check, the store compares the guess with the code of that seed; perhaps in its thread.
    virtual void compared(operation_id op, store::code_seed const& with) = 0;
    /// The store admitted a send, and told which code to send.
    virtual void admitted(operation_id op, store::code_seed const& code) = 0;
    /// The store did the step, which was issued at `issued`.
    virtual void done(operation_id op, store_step what, instant issued, seen effect) = 0;
    /// The service learns that the store does not answer.
    virtual void failed(operation_id op, store_step what) = 0;
    /// The store itself failed.
    virtual void broken(std::string what) = 0;

    /// The service passes a message to the upstream.
    virtual void transmitting(operation_id op, bridgexapi::sms const& message) = 0;
    /// The service gets the upstream's answer.
    virtual void answered(operation_id op, upstream_answer what) = 0;
};

} // namespace otpd::simulation
