#pragma once

#include "backend/postgres/connection.hpp"
#include "otpd/core/clock.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace otpd::store::postgres {

/// Checks a server before it is used: its version, the tables (created if missing), this user's
/// right to write, and the server's identity.
class greeting {
public:
    /// `schema` must outlive this object. `statement_timeout` is the server's own limit for a
    /// statement.
    greeting(std::string const& schema, std::chrono::milliseconds statement_timeout) noexcept
        : schema_(schema), statement_timeout_(statement_timeout) {}

    /// Also prepares the statements. Returns false if this server cannot be used (see why()). Takes
    /// at most 4 s.
    boost::asio::awaitable<bool> run(connection& connection);
    /// A message for operators, without secrets.
    [[nodiscard]] std::string const& why() const noexcept { return why_; }
    /// The server's start time by its own clock. It identifies the server.
    [[nodiscard]] std::int64_t server_started() const noexcept { return server_started_; }

private:
    boost::asio::awaitable<bool> find_tables(connection& connection, steady_time deadline);
    boost::asio::awaitable<bool> make_tables(connection& connection, steady_time deadline);
    boost::asio::awaitable<bool> is_answered(connection& connection, steady_time deadline);

    std::string const& schema_;
    std::chrono::milliseconds const statement_timeout_;
    std::string why_;
    std::int64_t server_started_ = 0;
};

} // namespace otpd::store::postgres
