#pragma once

/// Who is told of everything that the service does, at the moment at which it is done.

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
    cancel
};

/// What a step did that the audit is told of: a guess was compared, a send admitted. `unheard`: the
/// store was not told.
enum class seen : std::uint8_t { nothing, wrong, right, admitted, unheard };

class watcher {
public:
    virtual ~watcher() = default;
    /// The service asks for room for the verification of that id.
    virtual void admitting(operation_id op, store::verification_address at) = 0;
    /// The store is about to do a step, some time after the one before.
    virtual void about_to_do() = 0;
    /// The store did it, which was asked for at `issued`.
    virtual void done(operation_id op, store_step what, instant issued, seen effect) = 0;
    /// The service is told that the store does not answer.
    virtual void failed(operation_id op, store_step what) = 0;
    /// The store itself failed.
    virtual void broken(std::string what) = 0;

    /// The service gives a message to the upstream.
    virtual void transmitting(operation_id op, bridgexapi::sms const& message) = 0;
    /// The service hears what became of it.
    virtual void answered(operation_id op, upstream_answer what) = 0;
};

} // namespace otpd::simulation
