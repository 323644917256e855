#pragma once

#include "backtest/lines.hpp"
#include "backtest/recent_sends.hpp"
#include "backtest/report.hpp"
#include "backtest/world.hpp"

#include <optional>
#include <string>

namespace otpd::app {

/// Makes the guesses of a timeline again.
class guess_replay {
public:
    /// The references must outlive this object.
    guess_replay(backtest_world& world, recent_sends& sends, backtest_figures& figures) noexcept
        : world_(world), sends_(sends), figures_(figures) {}

    void on_line(timeline_line const& line);

private:
    void type_right(timeline_line const& line);
    void type_wrong(timeline_line const& line);
    std::optional<std::string> check(timeline_line const& line, std::string const& code,
                                     std::optional<std::string> id);
    boost::asio::awaitable<void> verify(otp::verify_request request,
                                        std::optional<std::string>& refused);

    backtest_world& world_;
    recent_sends& sends_;
    backtest_figures& figures_;
};

} // namespace otpd::app
