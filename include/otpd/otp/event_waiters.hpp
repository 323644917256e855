#pragma once

/// Lets a request wait for the next event of a verification in this process (a long poll).

#include "otpd/core/deadline.hpp"
#include "otpd/otp/verification_event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// On a strand of its own; every member from any thread. Wants no events while nobody is
/// subscribed.
class event_waiters final : public observer {
    class impl;

public:
    /// Whatever runs `executor` must outlive it. At most `waiters_max` requests wait at a time.
    /// Half of the places are reserved for `clients`, the same number for each. A client that has
    /// used its own takes places of the other half, so others cannot use up its share.
    event_waiters(boost::asio::any_io_executor executor, std::size_t waiters_max,
                  std::vector<std::string> const& clients = {});
    ~event_waiters() override;

    /// Of its strand.
    [[nodiscard]] boost::asio::any_io_executor executor() const;

    /// Keeps events counted for as long as it lives; without any, events are not counted. Must not
    /// outlive the object that it is made from.
    class subscription {
    public:
        explicit subscription(event_waiters& waiters) noexcept;
        subscription(subscription const&) = delete;
        subscription& operator=(subscription const&) = delete;
        ~subscription();

    private:
        std::shared_ptr<impl> of_;
    };

    [[nodiscard]] bool wants(event_type kind) const noexcept override;
    void on_event(verification_event const& event) noexcept override;
    /// The number of events so far, for wait(). Read it after subscribing and before reading the
    /// store, so that no event between the read and wait() is missed.
    [[nodiscard]] std::uint64_t seen(std::string_view verification_id) const noexcept;
    /// Waits until the verification has an event after `seen`, or until the deadline; may also
    /// return without an event. False, at once: the client has no place left, or the service ends;
    /// do not call it again. Events of other instances do not arrive here: read the store again
    /// afterwards.
    boost::asio::awaitable<bool> wait(std::string verification_id, std::string client,
                                      std::uint64_t seen, deadline until);
    /// Ends every wait, now and later: the service ends.
    void stop();

private:
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
