#pragma once

/// A batch as one transaction with two round trips: lock and load, then write and commit. Used on
/// the strand of its connection.

#include "backend/postgres/connection.hpp"
#include "backend_io.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store::postgres {

enum class transaction_end : std::uint8_t {
    done,
    again,   ///< nothing was done, because of concurrent changes
    refused, ///< nothing was done; the server returned an error
    lost     ///< the connection is lost; during commit() the outcome is unknown
};

/// The server's clock showed `told` at some moment between `sent` and `received`.
struct server_time {
    steady_time sent;
    steady_time received;
    store_time told;
};

class transaction {
public:
    /// `connection` must outlive this object.
    explicit transaction(connection& connection) : over_(connection) {}

    /// Answers the flight's loads with views that are valid until the next load().
    boost::asio::awaitable<transaction_end> load(flight& flight, steady_time deadline);
    /// Commits the loaded flight and marks the groups that failed.
    boost::asio::awaitable<transaction_end> commit(flight& flight, steady_time deadline);
    /// After a commit whose answer was lost, looks up its outcome over a new connection. Returns
    /// done; again, if it was certainly not done; refused, if it cannot be known; lost, if this
    /// connection is lost too.
    boost::asio::awaitable<transaction_end> look_up(steady_time deadline);
    /// Ends the transaction after an error. Returns false if the connection is lost.
    boost::asio::awaitable<bool> roll_back(steady_time deadline);

    /// The time at which all locks of the last successful load were held.
    [[nodiscard]] server_time const& time() const noexcept { return time_; }
    /// The number of rows that the last commit inserted.
    [[nodiscard]] std::size_t rows_made() const noexcept { return inserts_.size(); }

private:
    struct row {
        state::state_key key;
        state::version written = state::absent_version;
        std::string_view blob;
        store_time expires;
        bool has_new_version = false;
    };
    /// The loaded keys in the order in which all instances lock.
    struct loaded {
        state::state_key key;
        std::uint32_t place = 0; ///< the index in flight::loads
        store_time expires;      ///< of the stored row
    };

    void take_answer(flight& flight, PGresult const* answer, steady_time sent);
    loaded const& find(state::state_key const& key) const;
    void add_shared(flight& flight);
    void add_writes(otpd::store::commit const& changes);
    void ask_put(char const* statement, std::vector<row>& rows);
    [[nodiscard]] transaction_end after_error() const noexcept;

    connection& over_;
    server_time time_;
    std::vector<loaded> order_;
    result_ptr blobs_;
    std::int64_t number_ = 0; ///< the server's number of the transaction
    std::vector<std::string> shared_blobs_;
    std::vector<row> updates_;
    std::vector<row> inserts_;
    std::vector<row> erased_;
    std::vector<std::string> parameters_;
};

} // namespace otpd::store::postgres
