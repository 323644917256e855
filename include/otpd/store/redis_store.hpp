#pragma once

/// The store of many instances: Valkey or Redis.

#include "otpd/store/backend.hpp"
#include "otpd/store/location.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace otpd::store {

struct redis_options {
    location where;               ///< a redis one
    std::string ca_file;          ///< PEM, with TLS; empty: the system's
    std::string certificate_file; ///< PEM, with TLS: this client's chain; empty: none
    std::string key_file;         ///< PEM, of the certificate
    duration timeout{250};        ///< of one step; a later answer is lost, its effect is not
    /// A connection that was cut off is made again within milliseconds. Steps wait for so long;
    /// after that the server is gone, and they are refused at once.
    duration reconnect_patience{300};
    std::size_t connections = 1;      ///< >= 1
    std::uint32_t replicas = 0;       ///< to wait for
    std::size_t in_flight_max = 4096; ///< steps that wait; more are refused
    std::size_t cached_max = 100'000; ///< states that are remembered
    /// Bytes that the server may use before it is called full; 0: nine tenths of its maxmemory.
    std::uint64_t memory_max = 0;
};

/// Throws boost::system::system_error when a file of the options cannot be used. `observer` and
/// whatever runs `executor` must outlive the store, and the store everything that was started on
/// it.
[[nodiscard]] std::unique_ptr<backend> make_redis_store(boost::asio::any_io_executor executor,
                                                        redis_options options,
                                                        observer& observer = observer::none());

} // namespace otpd::store
