#pragma once

/// Parses the JSON lines that our programs write to standard output.

#include "child_process.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::test {

/// Returns the complete lines of `text`, without line ends.
inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos;
         text.remove_prefix(end + 1))
        lines.emplace_back(text.substr(0, end));
    return lines;
}

/// Returns the objects in JSON lines; throws if a line is not an object.
inline std::vector<boost::json::object> log_of(std::string_view text) {
    std::vector<boost::json::object> log;
    for (auto const& line : lines_of(text))
        log.push_back(boost::json::parse(line).as_object());
    return log;
}

inline bool has_event(boost::json::object const& line, std::string_view name) {
    auto const* event = line.if_contains("event");
    return event != nullptr && event->is_string() && event->get_string() == name;
}

/// Waits until the program reports where its listener `name` listens.
inline std::uint16_t listening_port(child_process const& program, std::string_view name) {
    std::optional<std::uint16_t> port;
    program.wait_for_output([&](std::string const& output) {
        for (auto const& line : log_of(output)) {
            if (!has_event(line, "listening") || line.at("listener").as_string() != name) continue;
            std::string const address(line.at("address").as_string());
            port = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
        }
        return port.has_value();
    });
    return *port;
}

} // namespace otpd::test
