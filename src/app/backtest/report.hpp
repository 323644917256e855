#pragma once

/// The figures of a backtest, and their text.

#include "otpd/core/money.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::app {

using named_counts = std::map<std::string, std::uint64_t, std::less<>>;

/// Counts each name of a list that is separated by commas.
void count_names(named_counts& counts, std::string_view names);

struct backtest_tally {
    std::uint64_t sends = 0; ///< requests for a code
    std::uint64_t refused = 0;
    named_counts refused_by; ///< by limit, budget or guard; otherwise by the problem's code
    std::uint64_t guesses_refused = 0;
    named_counts guesses_refused_by;
    std::uint64_t messages = 0; ///< that went out, or may have
    money cost;                 ///< the real one, or else the expected one
    std::uint64_t verified = 0;

    void refuse_send(std::string_view names) {
        ++refused;
        count_names(refused_by, names);
    }
    void refuse_guess(std::string_view names) {
        ++guesses_refused;
        count_names(guesses_refused_by, names);
    }
    void add_message(money price) {
        ++messages;
        cost = money::from_micros(cost.micros() + price.micros());
    }
};

/// Of one route in one country.
struct backtest_route {
    std::uint64_t accepted = 0;  ///< happened
    std::uint64_t delivered = 0; ///< happened
    std::uint64_t replayed = 0;  ///< messages of the replay
};

struct backtest_figures {
    /// More routes and countries than exist. Others are counted under the last one.
    static constexpr std::size_t routes_max = 4096;

    std::uint64_t lines = 0;
    std::uint64_t bad_lines = 0;
    std::uint64_t lines_without_pseudonyms = 0; ///< of requests, which cannot be made again
    std::string first_at;                       ///< of the lines
    std::string last_at;
    backtest_tally happened;
    backtest_tally replayed;
    /// Users whose code was typed in what happened, and whose send or right guess the replay
    /// refuses.
    std::uint64_t honest_refused = 0;
    named_counts honest_refused_by;
    std::map<std::pair<int, std::string>, backtest_route> routes;
    std::vector<std::string> notes; ///< what the replay leaves out

    [[nodiscard]] backtest_route& route(int route_id, std::string const& country);
};

[[nodiscard]] std::string backtest_text(backtest_figures const& figures);
/// One JSON object and a line end.
[[nodiscard]] std::string backtest_json(backtest_figures const& figures);

} // namespace otpd::app
