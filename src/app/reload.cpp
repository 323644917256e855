#include "reload.hpp"

#include "command_line.hpp"
#include "settings_sources.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace otpd::app {

boost::system::result<reload_plan, settings_faults> plan_reload(settings const& running,
                                                                settings fresh) {
    reload_plan plan;
    plan.with = std::move(fresh);
    for (auto const& key : setting_keys()) {
        if (!key.needs_restart || key.same(running, plan.with)) continue;
        plan.restart_needed.push_back(key.path());
        key.copy(plan.with, running);
    }
    plan.changed = changed_keys(running, plan.with);
    auto faults = check_together(plan.with);
    std::ranges::move(faults_of_database(plan.with), std::back_inserter(faults));
    if (faults.empty()) return plan;
    for (auto& line : faults)
        line += " (until a restart applies what needs one)";
    return settings_faults{std::move(faults)};
}

} // namespace otpd::app
