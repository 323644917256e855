#pragma once

/// otpd as a program of its own, on free ports.

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
    /// `settings` by their names in the environment; listeners and threads have defaults here.
    /// `config` is the text of config.toml.
    otpd_process(std::string program, environment settings, std::string_view config = {})
        : configured_(directory_.add("config.toml", config)),
          process_(std::move(program), {}, with_defaults(std::move(settings)), directory_),
          port_(listening_port(process_, "api")), admin_port_(listening_port(process_, "admin")) {}

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::uint16_t admin_port() const noexcept { return admin_port_; }

    /// Everything logged so far.
    [[nodiscard]] std::vector<json::object> log() const { return log_of(process_.output()); }
    [[nodiscard]] std::vector<json::object> events(std::string_view name) const {
        auto all = log();
        std::erase_if(all, [name](json::object const& line) { return !has_event(line, name); });
        return all;
    }
    /// Waits for an event to be logged.
    void wait_for_event(std::string_view name) const {
        process_.wait_for_output([name](std::string const& output) {
            auto const all = log_of(output);
            return std::ranges::any_of(
                all, [name](json::object const& line) { return has_event(line, name); });
        });
    }
    /// The text of /metrics.
    [[nodiscard]] std::string metrics() const {
        return http_client(admin_port_).ask(get("/metrics")).body;
    }

    child_process& process() noexcept { return process_; }
    /// Its working directory: config.toml and .env are read from here.
    [[nodiscard]] temporary_directory const& directory() const noexcept { return directory_; }
    /// Ends it in order; the exit code.
    int stop() {
        process_.signal(SIGTERM);
        return process_.wait();
    }

private:
    /// More threads than a small machine has processors: they are to get in each other's way. A
    /// test's own connections, which stay open at its end, are not waited for long.
    static environment with_defaults(environment settings) {
        settings.emplace("OTPD_SERVER_LISTEN", "127.0.0.1:0");
        settings.emplace("OTPD_ADMIN_LISTEN", "127.0.0.1:0");
        settings.emplace("OTPD_SERVER_THREADS", "4");
        settings.emplace("OTPD_SERVER_DRAIN_QUIET_MS", "20");
        return settings;
    }

    temporary_directory directory_;
    std::string configured_; ///< the file, there before the process is
    child_process process_;
    std::uint16_t port_;
    std::uint16_t admin_port_;
};

} // namespace otpd::test
