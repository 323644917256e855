#pragma once

#include "backend/postgres/table_upkeep.hpp"
#include "backend/postgres/transaction.hpp"
#include "backend/server_parts.hpp"
#include "backend_io.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>

namespace otpd::store::postgres {

/// Runs batches over one connection, one at a time. Used on the strand of the store.
class batch_runner {
public:
    /// The references must outlive this object. `timeout` is that of a statement.
    batch_runner(connection& connection, server_clock& clock, table_upkeep& upkeep,
                 std::chrono::milliseconds timeout) noexcept
        : connection_(connection), transaction_(connection), clock_(clock), upkeep_(upkeep),
          timeout_(timeout) {}

    /// Loads the batch, runs its steps and commits. Returns false if the connection is lost.
    boost::asio::awaitable<bool> run(flight& batch, flight_listener& listener);
    /// Looks up the outcome of the commit that the previous connection did not answer, if there is
    /// one. Without a connection this leaves it for the next one, unless `is_last_chance` or the
    /// time is up.
    boost::asio::awaitable<void> settle_doubt(bool is_last_chance);

private:
    boost::asio::awaitable<transaction_end> load();
    void answer(transaction_end end);

    connection& connection_;
    transaction transaction_;
    server_clock& clock_;
    table_upkeep& upkeep_;
    std::chrono::milliseconds const timeout_;
    flight* batch_ = nullptr; ///< in flight
    flight_listener* listener_ = nullptr;
    std::optional<steady_time> doubt_end_; ///< until when an unanswered commit is looked up
};

} // namespace otpd::store::postgres
