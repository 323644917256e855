#pragma once

/// One step of the engine, as batches run it.

#include "engine/steps.hpp"
#include "otpd/core/clock.hpp"

#include <cstdint>
#include <exception>
#include <optional>

namespace otpd::store {

enum class step_fault : std::uint8_t {
    not_executed, ///< certainly
    unknown       ///< whether it was done
};

/// One step of the engine and its answer. It runs as often as necessary and ends once.
class batch_step {
public:
    virtual ~batch_step() = default;

    virtual void list_keys(engine::key_list& to) const = 0;
    /// Returns whether the answer depends on values that others may add to at any time. Such an
    /// answer is final only if they are fresh.
    virtual bool run(engine::states& states, store_time now) = 0;
    /// For the last answer; see commit::must_survive.
    [[nodiscard]] virtual bool must_survive() const { return false; }
    /// Ends the step: the last answer stands, or there is none. The step may be destroyed before
    /// this returns. It must not call the batches.
    virtual void finish(std::optional<step_fault> why) noexcept = 0;
    /// run() threw, which is a bug; nothing of the step is kept.
    virtual void fail(std::exception_ptr thrown) noexcept = 0;

private:
    friend class batch;
    friend class step_runner;

    engine::key_list keys_;
    std::uint64_t arrived_ = 0;
    unsigned tries_ = 0;
    steady_time deadline_;
};

} // namespace otpd::store
