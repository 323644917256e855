#pragma once

/// Which routes a send may take, and in which order. BridgeXAPI never selects or switches routes,
/// so otpd does. A plan continues with its next step only if the previous one definitely did not
/// send. Plain data: the operator's settings, already validated.

#include "otpd/core/money.hpp"
#include "otpd/store/admission.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpd::otp {

/// A step that takes the best of several routes by their scores (scoreboard.hpp) in the number's
/// country. Routes with fewer than `min_samples` accepted samples or a smaller verified share are
/// excluded. If none is left, the first of `routes` is taken. policy::explore_percent of the sends
/// go to routes with too few samples.
struct best_rule {
    enum class by : std::uint8_t { cheapest, fastest };

    by order = by::cheapest;        ///< by cost per verified user, or by median seconds to delivery
    std::vector<int> routes;        ///< 2 to 8, each once
    double min_verified_share = 0;  ///< 0..1
    std::uint32_t min_samples = 20; ///< >= 1
    std::chrono::seconds window{86'400}; ///< at most score_window_max

    friend bool operator==(best_rule const&, best_rule const&) = default;
};

inline constexpr std::chrono::seconds usual_deliver_within{60};

struct route_step {
    int route_id = 0; ///< 0: `best` selects it
    std::optional<best_rule> best;
    std::string caller_id;                ///< empty: the client's, or the policy's
    std::vector<std::string> countries;   ///< upper case; empty: all. Other countries skip the step
    std::optional<money> max_price;       ///< a higher price skips the step
    std::chrono::milliseconds timeout{0}; ///< of this step; 0: the rest of the send's
    /// A message that was neither delivered nor typed by then has not arrived, and the next send of
    /// the scope begins after this step. From the admission on; 0: usual_deliver_within. In a plan
    /// that hedges, also how long after its acceptance a message without a report is followed by a
    /// second one; 0: as long as is usual (routing/hedge_rules.hpp).
    std::chrono::seconds deliver_within{0};

    friend bool operator==(route_step const&, route_step const&) = default;
};

struct route_plan {
    static constexpr std::size_t max_name_length = 32;
    static constexpr std::size_t max_steps = store::plan_steps_max;

    std::string name;              ///< 1..max_name_length of [a-z0-9_-]; unique
    std::vector<route_step> steps; ///< 1..max_steps
    /// The purposes, in lower case, that use this plan when a request names neither plan nor route.
    /// Each purpose is in at most one plan.
    std::vector<std::string> purposes;
    bool hedge = false; ///< an accepted message without a report is followed by a second one

    /// Settings keys of [[route_plan]], besides its steps.
    template <class Keys>
    static void declare(Keys keys) {
        using o = route_plan;
        keys.add("name", &o::name, keys.table_name(),
                 "Its name in requests, in responses and in the log.")
            .needed("login");
        keys.add("purposes", &o::purposes, keys.purposes(),
                 "Purposes whose sends use it when the request names neither a route nor a plan.")
            .like("login");
        keys.flag("hedge", &o::hedge,
                  "Whether an accepted message without a delivery report is followed by a second "
                  "one with the same code, over the next route. Needs delivery.enabled and an "
                  "enforced [[budget]] that covers it; if unset: false.")
            .like("false");
    }
};

} // namespace otpd::otp
