#pragma once

/// Takes back an admission of which the store did not say whether it was made. Nothing was transmitted for it,
/// so nobody is to pay for it or to wait because of it.

#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace otpd::otp {

/// Ends with true as soon as the store has said that there is no such admission, or no longer; with false when
/// `give_up_after` has passed: it then ends with its lease. `admitted` is the settlement that undoes it, and
/// `pause` the first one between two tries, each twice as long as the one before up to a hundred times it.
/// `in` has to stay until then.
///
/// One that is not there may still be on its way, so it is looked for twice.
boost::asio::awaitable<bool> undo_admission(store::store& in, store::settlement admitted,
                                            std::chrono::milliseconds pause,
                                            std::chrono::milliseconds give_up_after);

} // namespace otpd::otp
