#pragma once

/// Reads timeline files (event_bus.hpp) for a backtest.

#include "otpd/core/clock.hpp"
#include "otpd/core/money.hpp"
#include "otpd/core/purpose.hpp"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

/// One line. Missing texts are empty and missing numbers 0.
struct timeline_line {
    std::string event;
    wall_time at;
    std::string verification_id;
    std::string client;
    std::string purpose;
    std::string country;
    std::string number; ///< the pseudonyms: 16 hexadecimal digits
    std::string requester;
    std::string prefix;
    std::string device; ///< known or new
    std::string reason;
    std::string error;
    std::string limits;
    int route_id = 0;
    bool is_guess = false;
    bool with_id = false;
    bool attempted = false;
    bool is_test = false;
    bool has_solved_challenge = false;
    std::optional<money> price;
    std::optional<money> cost;
    std::chrono::milliseconds since_accepted{};

    /// Whether the request can be made again.
    [[nodiscard]] bool has_pseudonyms() const {
        return !number.empty() && otpd::purpose::parse(purpose);
    }
};

/// Returns what refused the request: limits, or else the problem's code.
[[nodiscard]] inline std::string const& refusal_of(timeline_line const& line) {
    if (!line.limits.empty()) return line.limits;
    return line.error.empty() ? line.reason : line.error;
}

/// Returns nullopt unless `text` is a JSON object with an event and its time.
[[nodiscard]] std::optional<timeline_line> parse_timeline_line(std::string_view text);

/// The lines of several files, merged by their times. Keeps one line of each file in memory.
class timeline_reader {
public:
    /// Longer lines are bad ones: otpd writes none.
    static constexpr std::size_t line_max = 65'536;

    explicit timeline_reader(std::vector<std::string> const& paths);

    [[nodiscard]] std::optional<timeline_line> next();
    [[nodiscard]] std::uint64_t good_lines() const noexcept { return good_; }
    [[nodiscard]] std::uint64_t bad_lines() const noexcept { return bad_; }
    [[nodiscard]] std::vector<std::string> const& unreadable() const noexcept {
        return unreadable_;
    }

private:
    struct source {
        std::ifstream in;
        std::optional<timeline_line> next;
    };
    void advance(source& file);

    std::vector<std::unique_ptr<source>> files_;
    std::vector<std::string> unreadable_;
    std::string buffer_;
    std::uint64_t good_ = 0;
    std::uint64_t bad_ = 0;
};

} // namespace otpd::app
