#pragma once

/// What a code is for ("login", "payment"). A code never verifies another purpose.

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace otpd {

enum class purpose_fault {
    empty,         ///< empty after trimming
    too_long,      ///< over 50 characters, as in the reference implementation
    not_printable, ///< anything but printable ASCII: purposes appear in logs and metrics
};

/// 1 to 50 printable ASCII characters, trimmed and in lower case. Immutable.
class purpose {
public:
    static constexpr std::size_t max_length = 50;
    static constexpr std::string_view default_name = "login";
    /// Purposes that begin with it are of codes which identity providers make: no request may name
    /// one.
    static constexpr std::string_view hook_prefix = "hook:";

    static boost::system::result<purpose, purpose_fault> parse(std::string_view text);

    [[nodiscard]] std::string const& name() const noexcept { return name_; }
    [[nodiscard]] bool is_of_hook() const noexcept { return name_.starts_with(hook_prefix); }

    friend bool operator==(purpose const&, purpose const&) = default;

private:
    explicit purpose(std::string name) noexcept : name_(std::move(name)) {}
    std::string name_;
};

/// Required by boost::system::result. Using a fault as a purpose is a bug.
[[noreturn]] void throw_exception_from_error(purpose_fault, boost::source_location const&);

} // namespace otpd
