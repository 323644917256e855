#pragma once

/// Reads the query of a request target (`?window=3600&country=NL`).
///
/// An unknown or repeated parameter is a fault, because ignoring a misspelt filter would return a
/// wrong result. Names and values are percent-decoded, and `+` is a space, as in HTML forms. All
/// faults are collected.

#include "fault_list.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::api {

class query {
public:
    /// `text` has no `?`; it is empty if there is no query. `known` lists the allowed names.
    query(std::string_view text, std::initializer_list<std::string_view> known);

    /// Returns nullopt if the parameter is missing. Valid as long as this query.
    [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const noexcept;
    /// Returns nullopt if the parameter is missing. Anything but decimal digits within the bounds
    /// (>= 0) is a fault.
    std::optional<int> integer(std::string_view name, int least, int most);

    /// Adds a fault of a parameter. `msg` is one clause for people.
    void reject(std::string_view name, std::string_view msg, std::string_view type = "value_error");

    [[nodiscard]] bool valid() const noexcept { return faults_.empty(); }
    /// Returns a 422 with all faults. Requires !valid().
    [[nodiscard]] http::problem problem() const;

private:
    struct parameter {
        std::string name;
        std::string value;
    };
    void take(parameter one, std::initializer_list<std::string_view> known);

    std::vector<parameter> parameters_;
    fault_list faults_;
};

} // namespace otpd::api
