#pragma once

/// otpd as a separate process, on free ports.

#include "child_process.hpp"
#include "http_client.hpp"
#include "listening.hpp"

#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace otpd::test {

class otpd_process {
public:
    /// `settings` are environment variables; listeners and threads have defaults. `config` is the
    /// text of config.toml.
    otpd_process(std::string program, environment settings, std::string_view config = {})
        : configured_(directory_.add("config.toml", config)),
          process_(std::move(program), {}, with_defaults(std::move(settings)), directory_),
          port_(listening_port(process_, "api")), admin_port_(listening_port(process_, "admin")) {}

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::uint16_t admin_port() const noexcept { return admin_port_; }

    /// Returns all log lines so far.
    [[nodiscard]] std::vector<json::object> log() const { return log_of(process_.output()); }
    [[nodiscard]] std::vector<json::object> events(std::string_view name) const {
        auto all = log();
        std::erase_if(all, [name](json::object const& line) { return !has_event(line, name); });
        return all;
    }
    /// Waits until an event is logged.
    void wait_for_event(std::string_view name) const {
        process_.wait_for_output([name](std::string const& output) {
            auto const all = log_of(output);
            return std::ranges::any_of(
                all, [name](json::object const& line) { return has_event(line, name); });
        });
    }
    /// Returns the text of /metrics.
    [[nodiscard]] std::string metrics() const {
        return http_client(admin_port_).ask(get("/metrics")).body;
    }

    child_process& process() noexcept { return process_; }
    /// The working directory, with config.toml and .env.
    [[nodiscard]] temporary_directory const& directory() const noexcept { return directory_; }
    /// Stops the process gracefully and returns its exit code.
    int stop() {
        process_.signal(SIGTERM);
        return process_.wait();
    }

private:
    /// Uses more threads than a small machine has processors, so that they contend. Shortens the
    /// shutdown wait for the connections that a test leaves open.
    static environment with_defaults(environment settings) {
        settings.emplace("OTPD_SERVER_LISTEN", "127.0.0.1:0");
        settings.emplace("OTPD_ADMIN_LISTEN", "127.0.0.1:0");
        settings.emplace("OTPD_SERVER_THREADS", "4");
        settings.emplace("OTPD_SERVER_DRAIN_QUIET_MS", "20");
        return settings;
    }

    temporary_directory directory_;
    std::string configured_; ///< the file, created before the process starts
    child_process process_;
    std::uint16_t port_;
    std::uint16_t admin_port_;
};

} // namespace otpd::test
