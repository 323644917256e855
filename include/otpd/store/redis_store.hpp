#pragma once

/// The store for several instances on Valkey or Redis.

#include "otpd/store/backend.hpp"
#include "otpd/store/common_options.hpp"
#include "otpd/store/location.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace otpd::store {

struct redis_options : common_options {
    /// A step's answer that comes after the timeout is lost, its effect is not.
    redis_options() : redis_options(common_options()) {}
    explicit redis_options(common_options common) : common_options(std::move(common)) {
        if (timeout == duration::zero()) timeout = duration(250);
        if (connections == 0) connections = 1;
    }

    location where; ///< a redis one
    /// How long steps wait for a lost connection, which is usually made again within milliseconds.
    /// After this the server counts as unreachable, and steps are refused immediately.
    duration reconnect_patience{300};
    std::size_t in_flight_max = 4096; ///< steps that wait; more are refused
    std::size_t cached_max = 100'000; ///< states that are remembered
};

/// Throws boost::system::system_error when a file in the options is unusable. `observer` and the
/// context of `executor` must outlive the store. The store must outlive all steps started on it.
[[nodiscard]] std::unique_ptr<backend> make_redis_store(boost::asio::any_io_executor executor,
                                                        redis_options options,
                                                        observer& observer = observer::none());

} // namespace otpd::store
