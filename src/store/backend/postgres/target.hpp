#pragma once

/// Translates a location into libpq's connection parameters.

#include "backend/postgres/connection.hpp"
#include "otpd/store/location.hpp"

#include <string>
#include <vector>

namespace otpd::store::postgres {

/// The parameters that all servers share. They accept only a server that takes writes.
[[nodiscard]] connection::parameters common_parameters(location const& where);

/// Returns one set of parameters for each address of each server in order, or one for a socket.
/// Resolves names without blocking the thread, unlike libpq. Empty if none was found.
boost::asio::awaitable<std::vector<connection::parameters>> find_servers(location const& where);

/// Whether a connection refused with this SQLSTATE will be refused until somebody changes the
/// configuration: wrong credentials, no such database, no right to connect.
[[nodiscard]] bool is_lasting(std::string_view code) noexcept;

/// Whether a statement refused with this SQLSTATE may succeed later: conflicts, timeouts, a server
/// that shuts down or lacks resources.
[[nodiscard]] bool is_passing(std::string_view code) noexcept;

} // namespace otpd::store::postgres
