#pragma once

/// Reads a JSON object from untrusted bytes: the body of a request. Its members are scalars, or
/// objects of strings.
///
/// It requires strict RFC 8259, at most 8 levels and no duplicate names (two parsers might use
/// different values). Unknown members are ignored, as in the reference implementation. A null
/// optional member counts as absent. All faults are collected.

#include "fault_list.hpp"
#include "otpd/http/problem.hpp"
#include "otpd/http/request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::api {

class json_body {
public:
    /// `text` is used only during the constructor. With `loose_integers`, "3" and 3.0 are integers
    /// too, as in the reference implementation.
    explicit json_body(std::string_view text, bool loose_integers = false);

    /// If the member is missing or not a string, adds a fault and returns nullopt.
    std::optional<std::string_view> required_string(std::string_view name);
    /// Returns nullopt if the member is missing. A value that is not a string is a fault.
    std::optional<std::string_view> optional_string(std::string_view name);
    /// If the member is missing or not an integer within the bounds, adds a fault and returns
    /// nullopt.
    std::optional<int> required_integer(std::string_view name, int least, int most);
    /// Returns nullopt if the member is missing. A value that is not an integer within the bounds
    /// is a fault.
    std::optional<int> optional_integer(std::string_view name, int least, int most);

    /// The text of a number, or a string: for amounts, which floating point cannot represent.
    struct literal {
        std::string_view text;
        bool quoted = false;
    };
    /// Returns nullopt if the member is missing. A value that is neither a number nor a string is a
    /// fault.
    std::optional<literal> optional_decimal(std::string_view name);

    /// A name and its string.
    using named_text = std::pair<std::string, std::string>;
    /// Returns the members of an object in their order; nullopt if it is missing. A value that is
    /// not an object of up to max_texts strings with different names is a fault.
    std::optional<std::vector<named_text>> optional_texts(std::string_view name);
    static constexpr std::size_t max_texts = 8;

    /// Adds a fault of a member. `msg` is one clause for people.
    void reject(std::string_view name, std::string_view msg, std::string_view type = "value_error");

    [[nodiscard]] bool valid() const noexcept { return faults_.empty(); }
    /// Returns a 422 with all faults. Requires !valid().
    [[nodiscard]] http::problem problem() const;

    /// Filled by the parser's handler in json_body.cpp.
    struct member {
        enum class kind { string, integer, decimal, null, texts, other };
        std::string name;
        kind type = kind::other;
        std::string text; ///< of a number: as written
        std::int64_t number = 0;
        std::vector<named_text> texts{}; ///< of an object of strings
    };

private:
    void reject_body(std::string_view msg, std::string_view type,
                     std::optional<std::size_t> position = {});
    member const* find(std::string_view name) const noexcept;
    /// Returns null if the member is missing or null.
    member const* find_value(std::string_view name) const noexcept;

    std::vector<member> members_;
    fault_list faults_;
    bool loose_integers_;
    bool readable_ = true; ///< false: missing members are not reported
};

/// Returns nullopt if the request contains JSON without a content coding, else a 415 that says what
/// is expected. For a content coding the 415 has `Accept-Encoding: identity` (RFC 9110 12.5.3,
/// 15.5.16).
[[nodiscard]] std::optional<http::problem> wrong_content_type(http::request const& request);

} // namespace otpd::api
