#pragma once

/// The store for several instances on PostgreSQL 15 or later.

#include "otpd/store/backend.hpp"
#include "otpd/store/common_options.hpp"
#include "otpd/store/location.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace otpd::store {

struct postgres_options : common_options {
    /// A connection carries one batch at a time. More than one helps only where few steps share a
    /// key: elsewhere they wait for each other, and each of an instance that stops may hold a lock
    /// for 250 ms after the other. The timeout is of a statement, too.
    postgres_options() : postgres_options(common_options()) {}
    explicit postgres_options(common_options common) : common_options(std::move(common)) {
        if (timeout == duration::zero()) timeout = duration(1000);
        if (connections == 0) connections = 1;
        sweep_interval = std::chrono::milliseconds(250);
    }

    location where;                   ///< a PostgreSQL one
    std::size_t queue_max = 4096;     ///< steps that wait; more are refused
    std::size_t cached_max = 100'000; ///< states that are not sent again when they are unchanged
    std::int64_t sweep_pages = 128;   ///< of the table, in one go
};

/// Returns the SQL that creates the tables, for a privileged user. With a role, it also grants that
/// role what otpd needs.
[[nodiscard]] std::string postgres_schema(std::string const& schema, std::string_view role = {});

/// `observer` and the context of `executor` must outlive the store. The store must outlive all
/// steps started on it.
[[nodiscard]] std::unique_ptr<backend> make_postgres_store(boost::asio::any_io_executor executor,
                                                           postgres_options options,
                                                           observer& observer = observer::none());

} // namespace otpd::store
