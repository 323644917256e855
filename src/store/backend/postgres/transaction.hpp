#pragma once

/// A batch as one transaction in two round trips: lock and load, then put and commit. On the strand
/// of its connection.

#include "backend/postgres/connection.hpp"
#include "backend_io.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::store::postgres {

enum class transaction_end : std::uint8_t {
    done,
    again,   ///< nothing was done, because of what others did meanwhile
    refused, ///< nothing was done; the server said why
    lost     ///< the connection is gone. In commit() that may have been before or after the commit
};

/// The server had this time at some moment between the two.
struct server_time {
    steady_time sent;
    steady_time received;
    store_time told;
};

class transaction {
public:
    /// `connection` has to stay.
    explicit transaction(connection& connection) : over_(connection) {}

    /// Answers the flight's loads, with views that stay until the next load().
    boost::asio::awaitable<transaction_end> load(flight& flight, steady_time deadline);
    /// Of the flight that was loaded; says which groups failed.
    boost::asio::awaitable<transaction_end> commit(flight& flight, steady_time deadline);
    /// After a commit whose answer was lost, over a new connection: done; again, when it was surely
    /// not done; refused, when it cannot be known; lost, when this connection is lost too.
    boost::asio::awaitable<transaction_end> look_up(steady_time deadline);
    /// Ends what an error has left. False when the connection is lost.
    boost::asio::awaitable<bool> roll_back(steady_time deadline);

    /// When the locks were all held, in the last load that was done.
    [[nodiscard]] server_time const& time() const noexcept { return time_; }
    /// By the last commit.
    [[nodiscard]] std::size_t rows_made() const noexcept { return inserts_.size(); }

private:
    struct row {
        state::state_key key;
        state::version written = state::absent_version;
        std::string_view blob;
        store_time expires;
        bool has_new_version = false;
    };
    /// What was loaded, in the order of the keys, in which all instances lock.
    struct loaded {
        state::state_key key;
        std::uint32_t place = 0; ///< in flight::loads
        store_time expires;      ///< of what is there
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
    std::int64_t number_ = 0; ///< of the transaction, the server's
    std::vector<std::string> shared_blobs_;
    std::vector<row> updates_;
    std::vector<row> inserts_;
    std::vector<row> erased_;
    std::vector<std::string> parameters_;
};

} // namespace otpd::store::postgres
