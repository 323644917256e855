#pragma once

/// Checks of whole settings, after each value was read.

#include "settings.hpp"

#include <set>
#include <string>
#include <string_view>

namespace otpd::app {

/// Collects a line for each forbidden condition that holds.
class refusals {
public:
    void when(bool is_so, std::string line) {
        if (is_so) lines.push_back(std::move(line));
    }
    fault_lines lines;
};

/// What the checks of several tables share.
class table_refusals : public refusals {
public:
    explicit table_refusals(settings const& all) : all_(all) {}

protected:
    /// Refuses a second entry with that key.
    void once(std::string const& which, std::string const& key,
              std::string_view advice = "leave one of them out");
    /// Refuses a client that does not exist; empty: every client.
    void check_client_of(std::string const& which, std::string const& name);
    /// Null, and a line, if there is no such plan. `key` is the entry's that names it.
    otp::route_plan const* plan_of(std::string const& which, std::string_view key,
                                   std::string const& name);

    settings const& all_;

private:
    std::set<std::string> taken_;
};

/// `[[table]] "name"`
[[nodiscard]] std::string named(std::string_view table, std::string const& name);
/// Bounds the chance that all guesses of a day at one number hit a code of that length. `where` is
/// the start of the message.
void check_guess_risk(otp_settings const& settings, std::size_t length, std::string const& where,
                      refusals& refuse);

/// Checks what depends on more than one key, and unsafe settings. Returns one line per fault, which
/// says what to do.
[[nodiscard]] fault_lines check_together(settings const& all);
// Its parts for the tables; for the texts of [otp], [[purpose]] and [[template]]; for [[purpose]].
[[nodiscard]] fault_lines check_tables(settings const& all);
[[nodiscard]] fault_lines check_texts(settings const& all);
[[nodiscard]] fault_lines check_purposes(settings const& all);

} // namespace otpd::app
