#pragma once

/// The store of many instances: Valkey or Redis. Each step is one Lua script and one round trip, times
/// are the server's, and every key goes by itself. It is the server that makes all steps serial, so
/// limits hold over all instances.
///
/// What the server has lost (a replica that took over without the last writes, a restart from an old
/// snapshot) is lost; so that it is not to anybody's gain, each instance remembers the codes and
/// guesses it has seen and the stricter count holds. With `replicas` set, a send and a used or canceled
/// code count only once so many replicas have it.
///
/// Keys: docs/stores.md.

#include "otpd/store/backend.hpp"
#include "otpd/store/location.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace otpd::store {

struct redis_options {
    location where;                   ///< a redis one
    std::string ca_file;              ///< PEM, with TLS; empty: the system's
    duration timeout{250};            ///< of one step; a later answer is lost, its effect is not
    std::size_t connections = 1;      ///< >= 1
    std::uint32_t replicas = 0;       ///< to wait for
    std::size_t in_flight_max = 4096; ///< steps of one connection; more are refused
    std::size_t remembered_max = 100'000; ///< numbers whose codes and guesses are remembered
};

class redis_store final : public backend {
public:
    /// Throws boost::system::system_error when `ca_file` cannot be used. `tell` and whatever runs
    /// `executor` must outlive the store, and the store everything that was started on it.
    redis_store(boost::asio::any_io_executor executor, redis_options options,
                observer& tell = observer::none());
    ~redis_store() override;

    boost::asio::awaitable<result<admit_outcome>> admit(admission request) override;
    boost::asio::awaitable<result<settle_outcome>> settle(settlement request) override;
    boost::asio::awaitable<result<rebook_outcome>> rebook(rebooking request) override;
    boost::asio::awaitable<result<update_outcome>> update(delivery_update request) override;
    boost::asio::awaitable<result<check_outcome>> check_code(check request) override;
    boost::asio::awaitable<result<std::optional<verification>>>
    find(verification_address at) override;
    boost::asio::awaitable<result<cancel_outcome>> cancel(cancellation request) override;
    boost::asio::awaitable<result<std::vector<std::int64_t>>>
    spent(std::vector<budget_key> of) override;
    boost::asio::awaitable<result<std::uint64_t>> live_codes() override;
    /// Writes, so that a server that is full or read-only does not pass for a good one.
    boost::asio::awaitable<result<std::monostate>> ping() override;

    boost::asio::awaitable<std::optional<std::string>> start() override;
    void stop() override;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::store
