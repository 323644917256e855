#pragma once

/// What a code is for ("login", "payment"): a code of one purpose never verifies another.

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace otpd {

enum class purpose_fault {
    empty,         ///< nothing left after trimming
    too_long,      ///< over 50 characters, as in the reference
    not_printable, ///< anything but printable ASCII: purposes end up in logs and metrics
};

/// 1 to 50 printable ASCII characters, trimmed and lower-case. Immutable.
class purpose {
public:
    static constexpr std::size_t max_length = 50;
    static constexpr std::string_view default_name = "login";

    static boost::system::result<purpose, purpose_fault> parse(std::string_view text);

    [[nodiscard]] std::string const& name() const noexcept { return name_; }

    friend bool operator==(purpose const&, purpose const&) = default;

private:
    explicit purpose(std::string name) noexcept : name_(std::move(name)) {}
    std::string name_;
};

/// Needed by boost::system::result: using a fault as a name is a bug.
[[noreturn]] void throw_exception_from_error(purpose_fault, boost::source_location const&);

} // namespace otpd
