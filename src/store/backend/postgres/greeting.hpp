#pragma once

#include "backend/postgres/connection.hpp"
#include "otpd/core/clock.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace otpd::store::postgres {

/// What a server is asked before it is used: whether it is new enough, has our tables, which are
/// made where they are missing, and may be written to by this user; and which server it is.
class greeting {
public:
    /// `schema` stays longer. `statement_timeout`: the server's own limit of a statement.
    greeting(std::string const& schema, std::chrono::milliseconds statement_timeout) noexcept
        : schema_(schema), statement_timeout_(statement_timeout) {}

    /// Prepares the statements, too. False, and why(), when this server cannot be used. It takes
    /// 4 s at most.
    boost::asio::awaitable<bool> run(connection& connection);
    /// A line for people that holds no secret.
    [[nodiscard]] std::string const& why() const noexcept { return why_; }
    /// By its clock. No two servers have the same.
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
