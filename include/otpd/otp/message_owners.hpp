#pragma once

/// Remembers whose messages are whose: for each tenant the last messages that this instance sent or
/// that the tenant looked up by their verification. No store has an index by the upstream's ids.
/// For an unknown message the tenant must name the verification (delivery_query).

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace otpd::otp {

/// Runs on its own strand and is thread-safe. Each client has its own memory, so clients cannot
/// displace each other's messages.
class message_owners {
public:
    /// Ids that are kept for one client. The oldest is dropped first.
    static constexpr std::size_t each_max = 10'000;

    explicit message_owners(boost::asio::any_io_executor executor);
    ~message_owners();

    /// Returns false if the message was already known. There are few clients: those of the
    /// settings.
    boost::asio::awaitable<bool> remember(std::string client, std::string bx_message_id);
    boost::asio::awaitable<bool> is_of(std::string client, std::string bx_message_id) const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::otp
