#pragma once

/// Which prefixes of numbers are refused most, for the operator.

#include "otpd/core/clock.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/otp/verification_event.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace otpd::app {

struct refused_prefix {
    std::string prefix; ///< digits without the last four of the number
    std::string country;
    std::uint64_t refused = 0;
    std::uint64_t over_by_at_most = 0; ///< of `refused`, what may belong to others
    std::string limits;                ///< what refused the last one, separated by commas
    wall_time first_at;
    wall_time last_at;
};

/// The heaviest prefixes among any number of them, in a table of fixed size (the Space-Saving
/// algorithm of Metwally et al.). A prefix that is quiet for an hour goes. What is new in the full
/// table may have been in it before: it begins with the highest count that others have displaced
/// within the hour, since the lowest in the table may be lower once quiet ones went. Not
/// thread-safe.
class prefix_table {
public:
    static constexpr std::size_t size_max = 64;
    static constexpr std::chrono::hours quiet_max{1};

    void count(refused_prefix const& one);
    /// The most refused first.
    [[nodiscard]] std::vector<refused_prefix> heaviest(wall_time now) const;

private:
    std::vector<refused_prefix> entries_;
    std::uint64_t displaced_max_ = 0; ///< of those that were not quiet
    wall_time displaced_at_;          ///< when one of them was refused last
};

/// Counts sends that limits, budgets and guards refused; not those in a cooldown, which users cause
/// who press a button twice. Thread-safe.
class refused_prefixes final : public otp::observer {
public:
    /// The context of `executor` must outlive this object.
    explicit refused_prefixes(boost::asio::any_io_executor const& executor);

    [[nodiscard]] bool wants(otp::event_type kind) const noexcept override {
        return kind == otp::event_type::blocked;
    }
    void on_event(otp::verification_event const& event) noexcept override;
    [[nodiscard]] boost::asio::awaitable<std::vector<refused_prefix>> heaviest(wall_time now);

private:
    net::strand strand_;
    std::atomic<std::size_t> waiting_{0};
    prefix_table table_; ///< on the strand
};

} // namespace otpd::app
