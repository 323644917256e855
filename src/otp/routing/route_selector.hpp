#pragma once

#include "otpd/core/clock.hpp"
#include "otpd/otp/ledger.hpp"
#include "otpd/otp/policy.hpp"
#include "otpd/otp/prices.hpp"
#include "otpd/otp/send.hpp"
#include "routing/best_route.hpp"
#include "routing/route_walk.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otpd::otp {

/// Selects the routes that a send may take, and the reservations for each. Thread-safe.
class route_selector {
public:
    /// All arguments must outlive it.
    route_selector(policy const& rules, prices const& price_list, best_route const& best,
                   ledger const& spending, clock const& now)
        : rules_(rules), prices_(price_list), best_(best), spending_(spending), now_(now) {}

    /// Returns the plan of a request; without steps if no plan has the requested name. It takes no
    /// route yet, but fills in the id of the first one. `usual_plan` is scope_rules::plan.
    [[nodiscard]] route_walk plan(send_request const& request, std::string const& usual_plan) const;

    /// Takes the next route that the send may take, and reports why routes before it were skipped.
    /// Returns false if no route is left.
    bool advance(route_walk& walk, send_request const& request, std::string const& country) const;

    /// Begins again, after that step of the plan: those before were tried by earlier sends. They
    /// are reported as skipped, and have their turn after the last step.
    void begin_after(route_walk& walk, std::uint8_t step, send_request const& request,
                     std::string const& country) const;
    /// Records that the taken route did not send.
    void leave(route_walk& walk, step_report::result outcome, std::string_view why) const;

    /// Returns a reservation that every store refuses.
    [[nodiscard]] store::reservation impossible_reservation() const {
        return {spending_.total(now_.wall()), 1, 0, std::chrono::seconds(1)};
    }

private:
    [[nodiscard]] best_route::choice choose(route_step const& step, send_request const& request,
                                            std::string const& country) const;
    [[nodiscard]] std::string_view why_not(route_step const& step, send_request const& request,
                                           std::string const& country, int route_id,
                                           std::optional<money> price) const;
    void report(route_walk& walk, step_report step) const;

    policy const& rules_;
    prices const& prices_;
    best_route const& best_;
    ledger const& spending_;
    clock const& now_;
};

} // namespace otpd::otp
