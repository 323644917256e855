#pragma once

/// The store for many instances on Valkey or Redis. A batch is one call of one script (commit.lua),
/// which compares versions and adds integers. The rules run here, on the states that this instance
/// saw last. Times are the server's, and every key expires by itself.
/// - If an answer is lost, the call is repeated: the server keeps the outcome of each lane's last
///   batch.
/// - The server's clock is followed in both directions. A batch whose time differs from the
///   server's by more than a tenth of a second is refused and runs again.
/// - A server that is nearly full admits no new verifications. Existing ones can still be used and
///   ended, even if that exceeds maxmemory.
/// - Writes that a server has lost are gone, except for what this instance remembers: see
///   batch::expect_lost_writes.
/// - With `replicas`, an admission, a verification or a cancellation counts only once that many
///   replicas have it. Otherwise it is reported as `unknown`, but it remains on the server.
///
/// Keys: "{otp}", the kind of the state and the 16 bytes of its key; "{otp}done:" and a lane. A
/// shared state is followed by its expiry.

#include "backend/server_parts.hpp"
#include "batched_store.hpp"
#include "otpd/store/redis_store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace otpd::store {

class redis_link;
struct redis_reply;
struct redis_server_info;

class redis_backend final : public batched_store, private backend_io {
public:
    /// Throws boost::system::system_error if a file named in the options is unusable. `observer`
    /// and the owner of `executor` must outlive the store. The store must outlive every operation
    /// started on it.
    redis_backend(boost::asio::any_io_executor executor, redis_options options,
                  observer& observer = observer::none());
    ~redis_backend() override;

    /// Exact up to a few thousand keys; beyond that an estimate from a sample of that size.
    boost::asio::awaitable<result<std::uint64_t>> live_codes() override;
    /// Writes, so that a read-only server does not count as usable.
    boost::asio::awaitable<result<std::monostate>> ping() override;

    boost::asio::awaitable<std::optional<std::string>> start() override;
    void stop() override;

private:
    struct lane;

    // --- backend_io, on the strand ---
    [[nodiscard]] bool reads_first() const noexcept override { return false; }
    void load(flight&, flight_listener&) override {}
    void commit(flight& flight, flight_listener& to) override;
    [[nodiscard]] store_time now() const noexcept override;
    [[nodiscard]] room room_left() const noexcept override { return room_left_; }

    // These also run on the strand.

    boost::asio::awaitable<void> carry(flight& flight, flight_listener& to);
    boost::asio::awaitable<void> deliver(struct commit& commit, lane& lane);
    [[nodiscard]] lane& lane_of(flight const& flight);
    void wake_lanes();
    [[nodiscard]] redis_link* ready_link() noexcept;
    boost::asio::awaitable<result<std::vector<std::string>>> ask(std::vector<std::string> command);
    boost::asio::awaitable<result<std::uint64_t>> count_live_codes();
    boost::asio::awaitable<result<std::monostate>> probe();
    boost::asio::awaitable<void> watch_memory();

    void link_ready(redis_server_info const& server, redis_reply const& probe);
    void link_lost(bool was_ready, std::string const& why);
    void look_at_memory(redis_server_info const& server);

    redis_options const options_;
    observer& observer_;
    std::string const where_;
    std::string const lanes_name_; ///< of all lanes of this object
    std::vector<std::unique_ptr<redis_link>> links_;
    std::vector<std::unique_ptr<lane>> lanes_;
    boost::asio::steady_timer next_look_; ///< at the server's memory
    std::string run_id_;                  ///< of the server greeted last
    server_clock clock_;
    room room_left_ = room::ample;
    std::size_t ready_ = 0;    ///< links
    steady_time is_back_by_{}; ///< when the last link was lost: until then one may become ready
                               ///  again
    bool told_unreachable_ = false;
    bool stopped_ = false;
};

} // namespace otpd::store
