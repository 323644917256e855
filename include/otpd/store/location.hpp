#pragma once

/// Where the codes are stored: the setting `store.url`, parsed and checked.
///
///     memory:                                       this process
///     sqlite:/var/lib/otpd/otpd.db                  one machine
///     redis://user:password@host:6379/0             Valkey or Redis; rediss:// with TLS
///     unix:/run/valkey/valkey.sock?db=0             Valkey or Redis over a Unix socket
///     unix://user:password@/run/…                   the same with credentials
///     redis+sentinel://a:26379,b:26379/name/0       the Sentinels' master; rediss+sentinel: TLS
///     postgres://user:password@a:5432,b/name        PostgreSQL: the server that accepts writes
///     postgres://user@/name?host=/run/postgresql    over the socket in that directory; also port=N
///
/// User and password are percent-encoded (RFC 3986 3.2.1). Prefer the separate setting for the
/// password, because URLs end up in many places.
///
/// PostgreSQL accepts libpq's sslmode (disable, prefer, require, verify-ca, verify-full),
/// sslrootcert, sslcert and sslkey after a `?`. Without sslmode the server must prove its identity
/// by its certificate (verify-full), unless all servers are on this machine (prefer). postgresql://
/// is a synonym.

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

/// Options of PostgreSQL only.
struct postgres_location {
    std::string database;
    std::string ssl_mode;         ///< libpq's; empty: not given
    std::string ca_file;          ///< PEM; empty: the system's
    std::string certificate_file; ///< PEM, of this client; empty: none
    std::string key_file;         ///< PEM, of that certificate

    friend bool operator==(postgres_location const&, postgres_location const&) = default;
};

struct location {
    enum class kind : std::uint8_t { memory, sqlite, redis, postgres };

    kind type = kind::memory;
    std::string path;                    ///< of the SQLite file or of the server's Unix socket
    std::vector<server_address> servers; ///< the server, or the Sentinels; empty for a Unix socket
    std::string master;     ///< the Sentinels' name of the server; empty without Sentinels
    bool tls = false;       ///< the server's certificate is verified
    std::string user;       ///< empty: the server's default user
    secret_string password; ///< empty: none
    std::uint32_t database = 0;
    postgres_location postgres;

    /// Codes outlive the process or are shared, so the keys that sign them must be, too.
    [[nodiscard]] bool outlives_process() const noexcept { return type != kind::memory; }
    /// As a URL, without user and password.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(location const&, location const&) = default;
};

/// Returns libpq's sslmode for the connection; never empty.
[[nodiscard]] std::string ssl_mode_of(location const& at);

/// Returns why others could read the password and the data in transit, in a line that ends with
/// what to do. Returns nullopt if they cannot, or if the data never leaves this machine.
[[nodiscard]] std::optional<std::string> why_unprotected(location const& at);

/// Lower-case letters, digits and _, not starting with a digit, at most 63: a name without quotes.
[[nodiscard]] bool is_postgres_schema(std::string_view name) noexcept;

/// Returns nullopt unless `text` has one of the forms above.
[[nodiscard]] std::optional<location> parse_location(std::string_view text);

} // namespace otpd::store
