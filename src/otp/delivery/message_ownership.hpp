#pragma once

#include "otpd/otp/client.hpp"
#include "otpd/otp/failure.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/otp/message_owners.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace otpd::otp {

/// Decides whether a message belongs to a tenant. Thread-safe.
class message_ownership {
public:
    /// All arguments must outlive it. If `owners` is null, tenants must name the verification.
    message_ownership(message_owners const* owners, store::store& store, key_ring const& keys)
        : owners_(owners), store_(store), keys_(keys) {}

    boost::asio::awaitable<outcome<bool>> is_of(client const& client, std::string bx_message_id,
                                                std::optional<std::string> verification) const;

private:
    message_owners const* owners_;
    store::store& store_;
    key_ring const& keys_;
};

} // namespace otpd::otp
