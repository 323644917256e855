#pragma once

/// One region of libphonenumber's plans, and its rules for which numbers it has, applied without the library: it makes a matcher of
/// regular expressions anew for each of some eight questions about a number, where reading the number once by one automaton of
/// all the patterns answers them together.

#include "digit_patterns.hpp"
#include "otpd/core/numbering_plan.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd {

/// The "region" of calling codes that belong to no country.
inline constexpr std::string_view no_country = "001";

/// Immutable but for what it has worked out; may be used from any thread.
class dialling_region {
public:
    /// Patterns of a plan, in this order: those of all numbers, of the kinds, and of the digits with which
    /// numbers of this region begin among others of its calling code.
    enum pattern : std::uint8_t {
        general,
        premium_rate,
        toll_free,
        shared_cost,
        voip,
        personal_number,
        pager,
        uan,
        voicemail,
        fixed_line,
        mobile,
        leading,
        patterns
    };
    struct rules {
        std::string name;
        int calling_code = 0;
        bool is_main = false; ///< of those that share the code
        bool same_fixed_and_mobile = false;
        std::string trunk_prefix;        ///< dialled before national numbers; may be empty
        std::vector<std::string> digits; ///< for each pattern
        /// For each pattern the lengths that are possible, bit n: n digits; 0: any.
        std::array<std::uint32_t, patterns> lengths{};
    };

    explicit dialling_region(rules of) : rules_(std::move(of)) {}
    ~dialling_region() { delete known_.load(); }
    dialling_region(dialling_region const&) = delete;
    dialling_region& operator=(dialling_region const&) = delete;

    [[nodiscard]] std::string_view name() const noexcept { return rules_.name; }
    [[nodiscard]] int calling_code() const noexcept { return rules_.calling_code; }
    [[nodiscard]] bool is_main() const noexcept { return rules_.is_main; }

    struct answer {
        line_type type = line_type::unknown; ///< unknown: it has no such number
        bool claims =
            false; ///< among others of its calling code the number is its own, or nobody's
    };
    /// Nothing when the plan has a pattern that is not understood.
    [[nodiscard]] std::optional<answer> ask(std::string_view national) const;

    /// Whether the digits are as many as a mobile's here. Those that begin with what is dialled
    /// before national numbers, or with 0, must look like a number of the plan too: most have no
    /// such number.
    [[nodiscard]] bool is_possible(std::string_view national) const;

private:
    /// Empty: not understood.
    using automaton = std::optional<digit_patterns>;

    [[nodiscard]] automaton const& known() const;
    [[nodiscard]] line_type type_of(digit_patterns::set whole, std::size_t length) const noexcept;

    rules const rules_;
    /// Made when the region is asked for the first time: making all of them would hold up the start.
    mutable std::atomic<automaton const*> known_{nullptr};
};

/// Those that the library was built with, in its order. Throws std::runtime_error when it has none.
[[nodiscard]] std::vector<std::unique_ptr<dialling_region const>> dialling_regions();

/// Somewhere in the library's data.
[[nodiscard]] void const* plans_in_memory() noexcept;

} // namespace otpd
