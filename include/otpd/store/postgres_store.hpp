#pragma once

/// The store of many instances on PostgreSQL 15 or later.

#include "otpd/store/backend.hpp"
#include "otpd/store/location.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace otpd::store {

struct postgres_options {
    location where;              ///< a PostgreSQL one
    std::string schema = "otpd"; ///< of the tables: small letters, digits and _
    /// >= 1; each carries one batch at a time. More than one helps only where few steps share a
    /// key: elsewhere they wait for each other, and each of an instance that stops may hold a lock
    /// for 250 ms after the other.
    std::size_t connections = 1;
    duration timeout{1000};           ///< of one step, and of one statement
    std::size_t queue_max = 4096;     ///< steps that wait; more are refused
    std::size_t cached_max = 100'000; ///< states that are not sent again when they are unchanged
    /// Rows kept at the most, as estimated: an admission that finds so many is answered `full`;
    /// whatever else is counted is always kept.
    std::uint64_t states_max = 4'000'000;
    std::chrono::milliseconds sweep_interval{250};
    std::int64_t sweep_pages = 128; ///< of the table, in one go
};

/// The SQL that makes the tables, for somebody who may. With a role it also grants that one what
/// otpd needs.
[[nodiscard]] std::string postgres_schema(std::string const& schema, std::string_view role = {});

/// `observer` and whatever runs `executor` must outlive the store, and the store everything that
/// was started on it.
[[nodiscard]] std::unique_ptr<backend> make_postgres_store(boost::asio::any_io_executor executor,
                                                           postgres_options options,
                                                           observer& observer = observer::none());

} // namespace otpd::store
