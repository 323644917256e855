#pragma once

/// What a reload applies of settings that were read again.

#include "settings.hpp"

#include <functional>
#include <string>
#include <vector>

namespace otpd::app {

/// Reads the settings again, from the sources of the start.
using settings_reader = std::function<boost::system::result<settings, settings_faults>()>;

struct reload_plan {
    /// The new settings, but keys that need a restart as they are in the running ones.
    settings with;
    std::vector<std::string> changed;        ///< keys and entries that a reload applies
    std::vector<std::string> restart_needed; ///< keys whose change it does not apply
};

/// The faults are those of the mixture: new settings may be safe only together with a change that
/// needs a restart. `fresh` alone is checked already.
[[nodiscard]] boost::system::result<reload_plan, settings_faults>
plan_reload(settings const& running, settings fresh);

} // namespace otpd::app
