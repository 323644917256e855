#pragma once

#include "backtest/guesses.hpp"

#include <string>

namespace otpd::app {

/// Makes the requests of a timeline again: the domain of the service on a memory store, with the
/// time of the lines, and an upstream that answers as it did.
class backtest_replay {
public:
    /// `begin` is the time of the first line.
    backtest_replay(settings const& settings, wall_time begin, backtest_figures& figures);
    /// The sends that still wait for their end have one now.
    ~backtest_replay();
    backtest_replay(backtest_replay const&) = delete;
    backtest_replay& operator=(backtest_replay const&) = delete;

    /// Lines must be in order of time; an earlier time counts as the last one.
    void on_line(timeline_line const& line);

private:
    void send(timeline_line const& line);
    boost::asio::awaitable<void> make_send(otp::send_request request, std::string id,
                                           std::string country);
    void learn(timeline_line const& line);
    void on_report(timeline_line const& line);
    void cancel(timeline_line const& line);

    backtest_figures& figures_;
    backtest_world world_;
    bool const uses_scores_;
    recent_sends sends_;
    guess_replay guesses_;
};

} // namespace otpd::app
