#pragma once

/// The life of the service: construction, running and shutdown.

#include "reload.hpp"
#include "wiring.hpp"

#include <memory>

namespace otpd::app {

class application {
public:
    /// Builds everything and binds the listeners. Throws std::exception if a part cannot be
    /// created: an address is in use, or a CA file is unreadable. prepare_process() must have run
    /// (process.hpp).
    application(settings with, settings_reader again, store_factory const& factory);
    ~application();

    /// Serves until SIGTERM or SIGINT, then drains: readiness turns 503, after server.drain_delay
    /// the listeners close, requests in flight finish and every admitted send is settled, within
    /// server.drain_timeout. A second signal ends the process immediately. SIGHUP reads the
    /// settings again (service::reload). SIGUSR1 reopens timeline.file.
    void run();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace otpd::app
