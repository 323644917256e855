#pragma once

/// GET /verifications/{id}?wait=: the next change of a verification.

#include "otpd/core/clock.hpp"
#include "otpd/core/deadline.hpp"
#include "otpd/net/single_flight.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/verifications.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace otpd::otp {

/// Thread-safe; calls continue on the caller's executor.
class long_polls {
public:
    /// All arguments must outlive this object and its running calls. `hears_everything`: no other
    /// instance changes a verification.
    long_polls(verifications& verifications, event_waiters& waiters, clock const& now,
               bool hears_everything);

    /// Returns the verification after its next change, or at `until`, or within a second after
    /// `has_disconnected` returns true. `has_disconnected` is called on the caller's executor.
    boost::asio::awaitable<outcome<verification_view>>
    find_changed(caller caller, std::string id, deadline until,
                 std::function<bool()> has_disconnected);

private:
    /// A verification's id, and the number of its events before the read.
    using find_key = std::pair<std::string, std::uint64_t>;
    using shared_finds = net::single_flight<find_key, std::optional<outcome<verification_view>>>;

    boost::asio::awaitable<outcome<verification_view>> find_shared(caller caller, std::string id,
                                                                   std::uint64_t seen);
    boost::asio::awaitable<std::optional<outcome<verification_view>>> find_if_there(caller caller,
                                                                                    std::string id);

    verifications& verifications_;
    event_waiters& waiters_;
    clock const& now_;
    bool const hears_everything_;
    shared_finds finds_;
};

} // namespace otpd::otp
