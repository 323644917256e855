#pragma once

/// The durable store of a single machine: an SQLite file that one process opens exclusively.

#include "otpd/core/clock.hpp"
#include "otpd/store/backend.hpp"
#include "otpd/store/common_options.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace otpd::store {

struct sqlite_options : common_options {
    sqlite_options() : sqlite_options(common_options()) {}
    explicit sqlite_options(common_options common) : common_options(std::move(common)) {
        if (timeout == duration::zero()) timeout = duration(2000);
    }

    std::string path; ///< made with mode 0600 when it is not there; its directory must be
    std::size_t queue_max = 4096;           ///< steps that wait for a batch; more are refused
    std::size_t batch_max = 512;            ///< steps of one transaction, >= 1
    std::size_t cache_bytes = 64ULL << 20U; ///< of the file's pages, kept in memory
};

/// `now`, `observer` and the context of `executor` must outlive the store. The store must outlive
/// all steps started on it.
[[nodiscard]] std::unique_ptr<backend> make_sqlite_store(boost::asio::any_io_executor executor,
                                                         clock const& now, sqlite_options options,
                                                         observer& observer = observer::none());

} // namespace otpd::store
