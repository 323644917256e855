#pragma once

#include "otpd/bridgexapi/client.hpp"
#include "otpd/net/single_flight.hpp"
#include "otpd/store/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace otpd::app {

/// The health of the service. It asks the store once a second, for all callers.
class health {
public:
    /// All arguments must outlive this object.
    health(boost::asio::any_io_executor const& executor, store::store& store,
           bridgexapi::client const& sends, bridgexapi::client const& questions);

    /// Makes the service not ready from now on.
    void begin_drain() noexcept { is_draining_ = true; }
    [[nodiscard]] bool is_draining() const noexcept { return is_draining_; }
    /// The reason as a word for people; nothing if the service is ready.
    boost::asio::awaitable<std::optional<std::string_view>> why_not_ready();
    /// Nothing if the store does not answer.
    boost::asio::awaitable<std::optional<std::uint64_t>> live_codes();

private:
    using pings = net::single_flight<std::monostate, store::result<std::monostate>>;
    using counts = net::single_flight<std::monostate, store::result<std::uint64_t>>;

    store::store& store_;
    bridgexapi::client const& sends_;
    bridgexapi::client const& questions_;
    std::atomic<bool> is_draining_{false};
    pings pings_;
    counts counts_;
};

} // namespace otpd::app
