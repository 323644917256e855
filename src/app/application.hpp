#pragma once

/// The life of the service: built, run, and taken down again.

#include "settings.hpp"
#include "wiring.hpp"

#include <functional>
#include <memory>

namespace otpd::app {

class application {
public:
    /// Reads the settings anew, for SIGHUP.
    using reread = std::function<boost::system::result<settings, settings_faults>()>;

    /// Builds everything and binds the listeners. Throws std::exception when a part cannot be had:
    /// an address in use, a CA file that cannot be read. The process is prepared (process.hpp).
    application(settings with, reread settings_again, store_factory const& factory);
    ~application();

    /// Serves until SIGTERM or SIGINT, then drains: readiness turns 503, after server.drain_delay
    /// accepting stops, requests in flight finish and every send that was admitted is settled,
    /// within server.drain_timeout. A second signal ends the process at once. SIGHUP applies a new
    /// log.level and names what else has changed and needs a restart. SIGUSR1 opens timeline.file
    /// again.
    void run();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::app
