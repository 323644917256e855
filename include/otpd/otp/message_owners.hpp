#pragma once

/// Whose messages are known here: of each tenant the last ones that this instance sent, or that the
/// tenant looked up by its verifications. No store has an index by the upstream's ids; what is not
/// known here the tenant shows by naming the verification (delivery_query).

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace otpd::otp {

/// On a strand of its own; from any thread. Each client has its own memory, so that none makes
/// another's messages forgotten.
class message_owners {
public:
    /// Ids kept of a client; the oldest makes room.
    static constexpr std::size_t each_max = 10'000;

    explicit message_owners(boost::asio::any_io_executor executor);
    ~message_owners();

    /// Clients are few: those of the settings. False: it was known.
    boost::asio::awaitable<bool> remember(std::string client, std::string bx_message_id);
    boost::asio::awaitable<bool> is_of(std::string client, std::string bx_message_id) const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::otp
