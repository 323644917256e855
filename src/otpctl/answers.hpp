#pragma once

/// otpd's answers as text for people.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otpctl {

/// Rows in columns that are aligned, each as wide as it must be. The first row is the heading.
[[nodiscard]] std::string table(std::vector<std::vector<std::string>> const& rows);

/// Any answer: members as lines of name and value, lists of objects as tables.
[[nodiscard]] std::string described(boost::json::object const& answer);

/// GET /verifications/{id}: what it is, and its timeline in words, in UTC.
[[nodiscard]] std::string story_of(boost::json::object const& verification);
/// One event of it, without its time. `wrong_guesses` counts those before it, and this one.
[[nodiscard]] std::string words_of(boost::json::object const& event, int& wrong_guesses);

/// POST /numbers/find.
[[nodiscard]] std::string found_text(boost::json::object const& answer);
/// POST /numbers/limits.
[[nodiscard]] std::string limits_text(boost::json::object const& answer);
/// GET /stats.
[[nodiscard]] std::string stats_text(boost::json::object const& answer);
/// A problem (RFC 9457), with each fault that it lists on a line of its own.
[[nodiscard]] std::string problem_text(boost::json::object const& problem);

/// 45 as `45s`, 5400 as `1h30m`.
[[nodiscard]] std::string duration_text(std::int64_t seconds);

} // namespace otpd::otpctl
