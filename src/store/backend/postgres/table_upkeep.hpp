#pragma once

#include "backend/postgres/connection.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/store/backend.hpp"
#include "otpd/store/postgres_store.hpp"
#include "store_time.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>

namespace otpd::store::postgres {

/// Deletes expired rows and counts the remaining ones. Used on the strand of the store.
class table_upkeep {
public:
    /// Both arguments must outlive this object.
    table_upkeep(postgres_options const& options, observer& observer) noexcept
        : options_(options), observer_(observer) {}

    /// Sweeps the next few pages of the table, cyclically. Instances sweep concurrently and skip
    /// rows that another one is deleting. Returns false if the server refused it or the connection
    /// is lost.
    boost::asio::awaitable<bool> sweep_slice(connection& connection);
    /// Estimates rows() and the number of live codes from a sample of the pages. Returns false as
    /// above.
    boost::asio::awaitable<bool> count_rows(connection& connection, store_time now,
                                            std::uint64_t& live_codes);

    [[nodiscard]] bool is_count_due() const noexcept;
    /// An estimate.
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    void add_rows(std::uint64_t made) noexcept { rows_ += made; }

private:
    postgres_options const& options_;
    observer& observer_;
    std::int64_t next_page_ = 0;
    std::uint64_t rows_ = 0;
    steady_time counted_; ///< of the last count
};

} // namespace otpd::store::postgres
