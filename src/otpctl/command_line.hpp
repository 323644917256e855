#pragma once

/// The command line of otpctl.

#include <chrono>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otpctl {

/// The package's admin.socket.
inline constexpr std::string_view default_socket = "/run/otpd/otpd.sock";

/// A command with the operands and options that it takes.
struct command {
    std::string_view name;
    std::string_view operands; ///< as in the help: "NUMBER"
    std::string_view options;  ///< those it may have, separated by spaces: "reason client"
    std::string_view required; ///< those of them that it must have
    std::string_view help;
};

[[nodiscard]] std::span<command const> commands() noexcept;

struct invocation {
    enum class asks_for { call, help, version };
    asks_for what = asks_for::call;

    command const* called = nullptr;
    std::vector<std::string> operands; ///< as many as the command takes
    std::optional<std::string> reason;
    std::optional<std::string> client;
    std::optional<std::chrono::seconds> lasts;

    std::string socket{default_socket};
    std::string url; ///< in place of the socket, unless empty
    std::string token_file;
    std::chrono::seconds timeout{35}; ///< longer than server.request_timeout_ms, unless raised
    bool as_json = false;
};

/// The command line is wrong, for the reason in what(), which never has an operand in it.
class usage_fault : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Skips `argv[0]`. `socket` is that of the environment, or empty. Throws usage_fault.
[[nodiscard]] invocation parse_command_line(int argc, char const* const* argv,
                                            std::string_view socket = {});

[[nodiscard]] std::string usage();

/// `90s`, `15m`, `1h`, `7d`; nullopt for anything else, and above ten years.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text) noexcept;

} // namespace otpd::otpctl
