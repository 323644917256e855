#pragma once

/// Where to connect to: a location as what libpq is told.

#include "backend/postgres/connection.hpp"
#include "otpd/store/location.hpp"

#include <string>
#include <vector>

namespace otpd::store::postgres {

/// What is the same for all servers. Only one that takes writes is taken.
[[nodiscard]] connection::parameters common_parameters(location const& where);

/// For each address of each server, in their order; for a socket, one. Names are looked up without
/// blocking the thread, as libpq would. Empty: none was found.
boost::asio::awaitable<std::vector<connection::parameters>> find_servers(location const& where);

/// Whether a connection that was refused with this SQLSTATE will be refused again until somebody
/// changes something: wrong credentials, no such database, no right to connect.
[[nodiscard]] bool is_lasting(std::string_view code) noexcept;

/// Whether a statement that was refused with this SQLSTATE may work later: conflicts, timeouts, a
/// server that ends, or that has too little of something.
[[nodiscard]] bool is_passing(std::string_view code) noexcept;

} // namespace otpd::store::postgres
