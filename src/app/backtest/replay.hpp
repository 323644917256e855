#pragma once

/// Makes the requests of a timeline again: the domain of the service on a memory store, with the
/// time of the lines, and an upstream that answers as it did.

#include "backtest/lines.hpp"
#include "backtest/report.hpp"
#include "settings.hpp"

#include <memory>

namespace otpd::app {

class backtest_replay {
public:
    /// `begin` is the time of the first line.
    backtest_replay(settings const& settings, wall_time begin, backtest_figures& figures);
    ~backtest_replay();
    backtest_replay(backtest_replay const&) = delete;
    backtest_replay& operator=(backtest_replay const&) = delete;

    /// Lines must be in order of time; an earlier time counts as the last one.
    void on_line(timeline_line const& line);

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::app
