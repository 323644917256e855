#pragma once

/// Reads the query of a request's target (`?window=3600&country=NL`).
///
/// Strict, since a misspelt filter would silently answer another question: a parameter that nobody
/// knows, or that occurs twice, is a fault. Names and values are percent-decoded, and a `+` is a
/// space, as forms and the libraries that imitate them write it. Every fault is collected.

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
    /// `text` without the `?`, empty when there is none; `known` are the names there may be.
    query(std::string_view text, std::initializer_list<std::string_view> known);

    /// Nothing when the parameter is missing. Valid as long as this query.
    [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const noexcept;
    /// Nothing when it is missing; a fault when it is not decimal digits within the bounds (>= 0).
    std::optional<int> integer(std::string_view name, int least, int most);

    /// Puts a fault of a parameter on record; `msg` is one clause for people.
    void reject(std::string_view name, std::string_view msg, std::string_view type = "value_error");

    [[nodiscard]] bool valid() const noexcept { return faults_.empty(); }
    /// 422 with every fault. Only when not valid().
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
