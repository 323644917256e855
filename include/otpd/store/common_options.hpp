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

    /// Settings keys of [store], besides its server's.
    template <class Keys>
    static void declare(Keys keys) {
        using o = common_options;
        keys.pem_file(
            "ca_file", &o::ca_file,
            "PEM file of certificate authorities trusted for the store's server; empty: the "
            "system's.");
        keys.pem_file("certificate_file", &o::certificate_file,
                      "PEM file of the client certificate for the store's server; empty: none.");
        keys.pem_file("key_file", &o::key_file, "PEM file of that certificate's key.");
        keys.whole("timeout_ms", &o::timeout, 0, 10'000,
                   "Longest wait for one step of the store; a later answer is ignored. 0: 250 with "
                   "Valkey or Redis, 1000 with PostgreSQL, 2000 with sqlite:.");
        keys.whole("connections", &o::connections, 0, 64,
                   "Connections to the store's server; 0: one to PostgreSQL, or one for each of "
                   "server.threads to Valkey or Redis.");
        keys.whole("replicas_wait_for", &o::replicas, 0, 5,
                   "Replicas of Valkey or Redis that must have a send or a used code before it "
                   "counts; 0: none.");
        keys.add("schema", &o::schema, keys.postgres_schema(),
                 "Schema of the tables in PostgreSQL.");
        keys.whole("capacity", &o::states_max, 1, 100'000'000,
                   "Most numbers, limit keys, budgets and idempotency keys in memory:, sqlite: or "
                   "PostgreSQL. Above that, sends are refused.",
                   "items");
        keys.whole("memory_max", &o::memory_max, 0, 1'000'000'000'000,
                   "Bytes that Valkey or Redis may use before sends are refused; 0: nine tenths of "
                   "its maxmemory.",
                   "bytes");
        keys.whole("sweep_interval_ms", &o::sweep_interval, 10, 10'000,
                   "Time between two searches of memory: and sqlite: for expired items.");
        keys.whole("sweep_batch", &o::sweep_batch, 1, 100'000,
                   "Numbers whose expired items are removed at a time.", "numbers");
    }
};

} // namespace otpd::store
