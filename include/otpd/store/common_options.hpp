#pragma once

/// Options of the backends. Each backend uses some of them.

#include "otpd/store/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace otpd::store {

struct common_options {
    std::string ca_file;          ///< PEM, with TLS; empty: the system's
    std::string certificate_file; ///< PEM, with TLS: this client's chain; empty: none
    std::string key_file;         ///< PEM, of the certificate
    duration timeout{0};         ///< of one step, from the call to its answer; 0: the backend's own
    std::size_t connections = 0; ///< to a server; 0: the backend's own
    std::uint32_t replicas = 0;  ///< of Redis, to wait for
    std::string schema = "otpd"; ///< of PostgreSQL's tables: small letters, digits and _
    /// Most numbers, limit keys, budgets and idempotency records that are kept. An admission above
    /// that is answered `full`; everything else that is counted is always kept.
    std::size_t states_max = 4'000'000;
    /// Bytes that a Redis server may use before it is called full; 0: nine tenths of its maxmemory.
    std::uint64_t memory_max = 0;
    /// Between two sweeps of expired items, and between attempts while a file cannot be written.
    std::chrono::milliseconds sweep_interval{100};
    std::size_t sweep_batch = 64; ///< states examined at a time, >= 1
};

} // namespace otpd::store
