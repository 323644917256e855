#pragma once

#include "backend/postgres/connection.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/store/backend.hpp"
#include "otpd/store/postgres_store.hpp"
#include "store_time.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>

namespace otpd::store::postgres {

/// Deletes the rows that have ended, and counts those that are left. On the strand of the store.
class table_upkeep {
public:
    /// Both stay longer.
    table_upkeep(postgres_options const& options, observer& observer) noexcept
        : options_(options), observer_(observer) {}

    /// Some pages, around the table, from where it was left. Instances sweep beside each other: a
    /// row that one of them deletes is passed over by the others. False: the server refused, or is
    /// gone.
    boost::asio::awaitable<bool> sweep_slice(connection& connection);
    /// Of a sample of the pages: rows(), and how many live codes there are. False as above.
    boost::asio::awaitable<bool> count_rows(connection& connection, store_time now,
                                            std::uint64_t& live_codes);

    [[nodiscard]] bool is_count_due() const noexcept;
    /// Estimated.
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    void add_rows(std::uint64_t made) noexcept { rows_ += made; }

private:
    postgres_options const& options_;
    observer& observer_;
    std::int64_t next_page_ = 0;
    std::uint64_t rows_ = 0;
    steady_time counted_; ///< last
};

} // namespace otpd::store::postgres
