#pragma once

/// A server of states in this process, shared by instances with a cache each: like otpd and Redis,
/// without the network. The history controls all failures of a server or a connection: another
/// instance was faster, an answer is lost, the last writes are gone.

#include "backend_io.hpp"
#include "batched_store.hpp"
#include "otpd/core/clock.hpp"
#include "support/blob_server.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>

namespace otpd::simulation {

class shared_instance final : public store::batched_store, private store::backend_io {
public:
    /// `number` identifies the instance.
    shared_instance(boost::asio::io_context& context, clock const& server_time,
                    test::blob_server& server, std::uint32_t number);

    /// The next step is done, or not, and its answer is lost.
    void lose_answer(bool done) noexcept { lost_ = done ? answer::lost : answer::never_asked; }
    /// Another server has taken over.
    void expect_lost_writes() { steps().expect_lost_writes(); }

    boost::asio::awaitable<otpd::store::result<std::uint64_t>> live_codes() override {
        co_return 0U;
    }
    boost::asio::awaitable<otpd::store::result<std::monostate>> ping() override {
        co_return std::monostate();
    }
    boost::asio::awaitable<std::optional<std::string>> start() override { co_return std::nullopt; }
    void stop() override {}

private:
    enum class answer : std::uint8_t { arrives, lost, never_asked };

    [[nodiscard]] bool reads_first() const noexcept override { return false; }
    void load(otpd::store::flight&, otpd::store::flight_listener&) override {}
    void commit(otpd::store::flight& flight, otpd::store::flight_listener& to) override;
    [[nodiscard]] otpd::store::store_time now() const noexcept override;
    [[nodiscard]] otpd::store::room room_left() const noexcept override {
        return otpd::store::room::ample;
    }

    void execute(otpd::store::commit& commit);

    clock const& server_time_;
    test::blob_server& server_;
    answer lost_ = answer::arrives;
};

} // namespace otpd::simulation
