#pragma once

/// The service of a backtest: the domain with the settings' rules on a memory store, in the time of
/// the lines.

#include "backtest/lines.hpp"
#include "backtest/scores.hpp"
#include "backtest/upstream.hpp"
#include "otpd/otp/event_waiters.hpp"
#include "otpd/otp/operations.hpp"
#include "otpd/store/backend.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "settings.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace otpd::app {

/// One number for each pseudonym. No country has the calling code 999.
[[nodiscard]] phone_number number_of(timeline_line const& line);

/// Every object, each declared after those that it needs.
struct backtest_world {
    /// `begin` is the time of the first line. Adds a note to `left_out` for each rule that is.
    backtest_world(settings const& settings, wall_time begin, std::vector<std::string>& left_out);
    /// Call spawn() or settle() no more.
    ~backtest_world();
    backtest_world(backtest_world const&) = delete;
    backtest_world& operator=(backtest_world const&) = delete;

    /// Runs the operation, and those before it, until nothing is left but waiting for lines.
    void spawn(boost::asio::awaitable<void> operation);
    template <class Result>
    void spawn(boost::asio::awaitable<Result> operation) {
        spawn([](boost::asio::awaitable<Result> running) -> boost::asio::awaitable<void> {
            co_await std::move(running);
        }(std::move(operation)));
    }
    void settle();
    /// Lets the send of this flight go on.
    void resume(std::shared_ptr<line_flight> const& flight, std::string const& country);

    otp::caller caller_of(timeline_line const& line);
    /// Makes a device known that was known then. It became so before the first line, or with a code
    /// that the replay did not send.
    void introduce(timeline_line const& line);

    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        context.get_executor()};
    line_clock clock;
    std::vector<std::string>& notes;
    otp::policy const rules;
    telemetry::logger log; ///< discards everything
    telemetry::metrics metrics;
    otp::key_ring const keys;
    numbering_plan const plan;
    counting_random random;
    line_prices prices;
    line_scores scores{clock};
    line_upstream upstream{prices};
    no_deliveries deliveries;
    refusal_listener refusals;
    std::unique_ptr<store::backend> store;
    otp::event_waiters waiters;
    otp::operations domain;

private:
    otp::client const& client_of(std::string const& name);
    boost::asio::awaitable<void> make_known(otp::caller caller, phone_number number);

    std::map<std::string, otp::client> clients_;
    bool has_tenants_ = false;
    std::unordered_set<std::string> introduced_;
    std::exception_ptr broken_;
};

} // namespace otpd::app
