#pragma once

/// HAProxy with the configuration for operators, deploy/haproxy.cfg, on free ports of 127.0.0.1.

#include "child_process.hpp"
#include "eventually.hpp"
#include "free_port.hpp"
#include "raw_client.hpp"

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::test {

class haproxy_process {
public:
    /// Runs in front of the one to four ports `instances`.
    haproxy_process(std::string const& config, std::vector<std::uint16_t> const& instances)
        : process_(program(), {"-db", "-f", config}, addresses(instances), directory_) {
        eventually([this] {
            if (process_.has_ended())
                throw std::runtime_error("HAProxy ended: " + process_.errors());
            return listens(statistics_.number()); // the last listener that it opens
        });
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }
    /// Returns its state of instance `number` (from 1): UP, DOWN, or a transition such as "UP 1/2".
    [[nodiscard]] std::string state_of(std::size_t number) const {
        return statistic("instances,otpd-" + std::to_string(number) + ',', "status");
    }
    /// Returns how many client connections it has closed without a request.
    [[nodiscard]] unsigned long denied_connections() const {
        return std::stoul(statistic("clients,FRONTEND,", "dcon"));
    }
    void wait_for_state(std::size_t number, std::string const& state) const {
        eventually([&] { return state_of(number) == state; });
    }

    child_process& process() noexcept { return process_; }

private:
    /// Returns the value of `column` in the line of its statistics that starts with `beginning`.
    [[nodiscard]] std::string statistic(std::string const& beginning,
                                        std::string_view column) const {
        raw_client client(statistics_.number());
        client.send("GET /;csv HTTP/1.0\r\n\r\n");
        std::istringstream lines(client.read_to_end());
        std::vector<std::string> names;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("# ")) boost::split(names, line.substr(2), boost::is_any_of(","));
            if (!line.starts_with(beginning)) continue;
            std::vector<std::string> values;
            boost::split(values, line, boost::is_any_of(","));
            auto const at = std::ranges::find(names, column) - names.begin();
            return values.at(static_cast<std::size_t>(at));
        }
        throw std::runtime_error("HAProxy has no statistics of " + beginning);
    }
    static std::string program() {
        for (auto const* path :
             {"/usr/sbin/haproxy", "/usr/bin/haproxy", "/usr/local/sbin/haproxy"})
            if (std::filesystem::exists(path)) return path;
        throw std::runtime_error("no HAProxy here: script/setup installs it");
    }
    static std::string at(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }
    [[nodiscard]] environment addresses(std::vector<std::uint16_t> const& instances) const {
        environment out{{"OTPD_LISTEN", at(port_.number())},
                        {"OTPD_STATS", at(statistics_.number())}};
        for (std::size_t i = 0; i < instances.size(); ++i)
            out.emplace("OTPD_" + std::to_string(i + 1), at(instances[i]));
        return out;
    }
    static bool listens(std::uint16_t port) {
        try {
            raw_client const connection(port);
            return true;
        } catch (std::runtime_error const&) {
            return false;
        }
    }

    reserved_port port_;
    reserved_port statistics_;
    temporary_directory directory_;
    child_process process_;
};

} // namespace otpd::test
