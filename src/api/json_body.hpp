#pragma once

/// Reads a flat JSON object out of untrusted bytes: the request bodies of this service.
///
/// Strict RFC 8259, at most 8 levels deep, no duplicate names (two parsers would each pick another
/// value). Members that nobody asks for are ignored, as in the reference; an optional member that
/// is null is as if it were absent. Every fault is collected.

#include "fault_list.hpp"
#include "otpd/http/problem.hpp"
#include "otpd/http/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::api {

class json_body {
public:
    /// `text` must outlive the body only until the constructor returns.
    explicit json_body(std::string_view text);

    /// Nothing, and a fault on record, when the member is missing or no string.
    std::optional<std::string_view> required_string(std::string_view name);
    /// Nothing when the member is missing; a fault when it is there and no string.
    std::optional<std::string_view> optional_string(std::string_view name);
    /// Nothing when the member is missing; a fault when it is no integer token within the bounds.
    std::optional<int> optional_integer(std::string_view name, int least, int most);

    /// A number as it was written, or a string: for amounts, which floating point cannot hold.
    struct literal {
        std::string_view text;
        bool quoted = false;
    };
    /// Nothing when the member is missing; a fault when it is neither a number nor a string.
    std::optional<literal> optional_decimal(std::string_view name);

    /// Puts a fault of a member on record; `msg` is one clause for people.
    void reject(std::string_view name, std::string_view msg, std::string_view type = "value_error");

    [[nodiscard]] bool valid() const noexcept { return faults_.empty(); }
    /// 422 with every fault. Only when not valid().
    [[nodiscard]] http::problem problem() const;

    /// What the SAX handler of the parser fills; see json_body.cpp.
    struct member {
        enum class kind { string, integer, decimal, null, other };
        std::string name;
        kind type = kind::other;
        std::string text; ///< of a number: as it was written
        std::int64_t number = 0;
    };

private:
    void reject_body(std::string_view msg, std::string_view type,
                     std::optional<std::size_t> position = {});
    member const* find(std::string_view name) const noexcept;
    /// Null also where the member is null.
    member const* find_value(std::string_view name) const noexcept;

    std::vector<member> members_;
    fault_list faults_;
    bool readable_ = true; ///< false: members_ say nothing, and missing ones are no fault of theirs
};

/// Nothing when the request carries JSON in no content coding, else the 415 that says what it is to
/// be: a body in a coding comes with `Accept-Encoding: identity` (RFC 9110 12.5.3, 15.5.16).
[[nodiscard]] std::optional<http::problem> wrong_content_type(http::request const& request);

} // namespace otpd::api
