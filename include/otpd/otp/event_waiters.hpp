#pragma once

/// Lets a request wait for the next event of a verification in this process (long poll).

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

/// Runs on its own strand; all members are thread-safe. It wants no events without subscriptions.
class event_waiters final : public observer {
    class impl;

public:
    /// The context of `executor` must outlive this object. At most `waiters_max` requests wait at a
    /// time. Half of the places are reserved for `clients`, in equal shares. A client that has used
    /// its share takes places from the other half, so clients cannot use up each other's share.
    event_waiters(boost::asio::any_io_executor executor, std::size_t waiters_max,
                  std::vector<std::string> const& clients = {});
    ~event_waiters() override;

    /// The executor of its strand.
    [[nodiscard]] boost::asio::any_io_executor executor() const;

    /// Events are counted while a subscription exists. It must not outlive its event_waiters.
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
    /// Returns the number of events so far, for wait(). Read it after subscribing and before
    /// reading the store, so that no event between the read and wait() is missed.
    [[nodiscard]] std::uint64_t seen(std::string_view verification_id) const noexcept;
    /// Waits until the verification has an event after `seen`, or until the deadline; may also
    /// return without an event. Returns false at once if the client has no place left or the
    /// service is shutting down; do not call it again then. Events of other instances do not arrive
    /// here, so read the store again afterwards.
    boost::asio::awaitable<bool> wait(std::string verification_id, std::string client,
                                      std::uint64_t seen, deadline until);
    /// Other places, after a reload. Waiters keep those that they have, for the second at most that
    /// one of their waits takes.
    void share_out(std::size_t waiters_max, std::vector<std::string> const& clients);
    /// Ends all current and future waits at shutdown.
    void stop();

private:
    std::shared_ptr<impl> impl_;
};

} // namespace otpd::otp
