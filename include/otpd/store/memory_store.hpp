#pragma once

/// The store of a single process. It does not survive a restart and is not shared.

#include "otpd/core/clock.hpp"
#include "otpd/store/backend.hpp"
#include "otpd/store/common_options.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace otpd::store {

struct memory_options : common_options {
    memory_options() = default;
    explicit memory_options(common_options common) : common_options(std::move(common)) {}

    /// More shards make the pauses of a growing hash table shorter. A power of two.
    std::size_t shards = 4096;
};

/// `now`, `observer` and the context of `executor` must outlive the store. The store must outlive
/// all steps started on it.
[[nodiscard]] std::unique_ptr<backend> make_memory_store(boost::asio::any_io_executor executor,
                                                         clock const& now, memory_options options,
                                                         observer& observer = observer::none());

} // namespace otpd::store
