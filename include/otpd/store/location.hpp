#pragma once

/// Where the codes live: the setting `store.url`, taken apart and checked.
///
///     memory:                                       this process
///     sqlite:/var/lib/otpd/otpd.db                  one machine
///     redis://user:password@host:6379/0             Valkey or Redis; rediss:// with TLS
///     unix:/run/valkey/valkey.sock?db=0             the same over a socket; unix://user:password@/run/… too
///     redis+sentinel://a:26379,b:26379/name/0       the master that the Sentinels name; rediss+sentinel:// too
///     postgres://user:password@a:5432,b/name        PostgreSQL: the one of the servers that takes writes
///     postgres://user@/name?host=/run/postgresql    the same over the socket in that directory; port=N too
///
/// User and password are percent-encoded (RFC 3986 3.2.1). The password is better given by its own
/// setting: a URL ends up in many places.
///
/// PostgreSQL takes libpq's sslmode (disable, prefer, require, verify-ca, verify-full),
/// sslrootcert, sslcert and sslkey after a `?`. Without sslmode a server is proven by its
/// certificate (verify-full), unless all are on this machine (prefer). postgresql:// is the same.

#include "otpd/core/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store {

struct server_address {
    std::string host; ///< a name, or an address without brackets
    std::uint16_t port = 0;

    [[nodiscard]] std::string to_string() const;

    friend bool operator==(server_address const&, server_address const&) = default;
};

/// What only PostgreSQL has.
struct postgres_location {
    std::string database;
    std::string ssl_mode;         ///< libpq's; empty: nothing was said
    std::string ca_file;          ///< PEM; empty: the system's
    std::string certificate_file; ///< PEM, of this client; empty: none
    std::string key_file;         ///< of that certificate

    friend bool operator==(postgres_location const&, postgres_location const&) = default;
};

struct location {
    enum class kind : std::uint8_t { memory, sqlite, redis, postgres };

    kind type = kind::memory;
    std::string path;                    ///< of the SQLite file, or of the server's Unix socket
    std::vector<server_address> servers; ///< the server, or the Sentinels; none for a Unix socket
    std::string master;                  ///< what the Sentinels call the server; empty without them
    bool tls = false;                    ///< and the server is proven to be the right one
    std::string user;                    ///< empty: the server's default user
    secret_string password;              ///< empty: none
    std::uint32_t database = 0;
    postgres_location postgres;

    /// Codes outlive the process or are seen by others, so the keys that sign them must do so too.
    [[nodiscard]] bool outlives_process() const noexcept { return type != kind::memory; }
    /// As a URL, without user and password.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(location const&, location const&) = default;
};

/// libpq's word for how the connection is protected: never empty.
[[nodiscard]] std::string ssl_mode_of(location const& at);

/// Why what is kept there, and the password, can be read on the way by others, in a line that ends
/// with what to do; nullopt when they cannot, or never leave this machine.
[[nodiscard]] std::optional<std::string> why_unprotected(location const& at);

/// Small letters, digits and _, no digit first, at most 63: it needs no quotes.
[[nodiscard]] bool is_postgres_schema(std::string_view name) noexcept;

/// Nullopt unless `text` is one of the forms above.
[[nodiscard]] std::optional<location> parse_location(std::string_view text);

} // namespace otpd::store
