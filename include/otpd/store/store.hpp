#pragma once

/// The store of verifications, limits and budgets, as atomic domain steps. There is no get and no
/// set, so no caller can check first and act later.
///
/// A store knows verifications, limits and times; it knows no policy, no phone number and no code.
/// Limit keys come as keyed hashes, codes as the seeds from which they are derived. Every call may
/// be awaited from any executor and continues on the caller's. A store that cannot answer returns a
/// `fault`, and the service fails closed; nothing else is an error. Requests hold durations, never
/// points in time: the store's clock decides.
///
/// test/contract/ holds the rules of every function as tests that each backend passes.

#include "otpd/store/admission.hpp"
#include "otpd/store/verification.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace otpd::store {

enum class fault : std::uint8_t {
    not_executed, ///< nothing was changed
    unknown       ///< nobody knows whether the step was done
};

template <class T>
using result = boost::system::result<T, fault>;

class store {
public:
    virtual ~store() = default;

    /// Checks all limits of a send together. Then either counts the send in every limit and writes
    /// the verification as `pending`, or changes nothing.
    virtual boost::asio::awaitable<result<admit_outcome>> admit(admission request) = 0;

    /// Records the result of the send that `admit` let through.
    virtual boost::asio::awaitable<result<settle_outcome>> settle(settlement request) = 0;

    /// Between `admit` and `settle`: the send is tried on another route, at another price.
    virtual boost::asio::awaitable<result<replace_outcome>>
    replace_reservation(reservation_replacement request) = 0;

    /// Records what became known of the message after its send was settled.
    virtual boost::asio::awaitable<result<update_outcome>> update(delivery_update request) = 0;

    /// Counts the guess, then compares; a right code is consumed in the same step. Of any number of
    /// concurrent checks at most `attempts_max` are evaluated with the id and as many without, and
    /// at most one is `verified`.
    virtual boost::asio::awaitable<result<check_outcome>> check_code(check request) = 0;

    /// One verification; nothing when there never was one, or it is forgotten. A verification stays
    /// for admission::keep, whatever becomes of its code.
    virtual boost::asio::awaitable<result<std::optional<verification>>>
    find(verification_address at) = 0;

    /// Ends a verification whose code can still be used: it never verifies again. Charges stay.
    virtual boost::asio::awaitable<result<cancel_outcome>> cancel(cancellation request) = 0;

    /// What was taken from each budget; 0 for those that are not kept.
    virtual boost::asio::awaitable<result<std::vector<std::int64_t>>>
    spent(std::vector<budget_key> budgets) = 0;

    /// Codes that can still be verified; may count one for a moment after it expired.
    virtual boost::asio::awaitable<result<std::uint64_t>> live_codes() = 0;

    /// Whether the store answers, for readiness.
    virtual boost::asio::awaitable<result<std::monostate>> ping() = 0;
};

/// Needed by boost::system::result: using a fault as an answer is a bug.
[[noreturn]] inline void throw_exception_from_error(fault, boost::source_location const&) {
    throw std::logic_error("a failed store operation was used as a good one");
}

} // namespace otpd::store
