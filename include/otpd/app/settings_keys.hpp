#pragma once

/// The one description of every setting. The configuration file's keys, the names in the
/// environment, the error messages and the test of config.toml all come from this table.

#include "otpd/app/settings.hpp"

#include <span>
#include <string>
#include <string_view>

namespace otpd::app {

/// What a value is written as in TOML. In the environment everything is text; lists are separated
/// by commas.
enum class value_kind { whole, number, boolean, text, whole_list, text_list };

struct setting_key {
    std::string_view section;
    std::string_view name;
    value_kind kind{};
    std::string_view initial; ///< the default, as it would be written in the environment
    std::string_view help;    ///< one sentence
    std::string_view unit;    ///< of numbers; may be empty
    std::string_view allowed; ///< in words; empty for numbers: the bounds say it
    double min{};             ///< of numbers, and of each number of a list
    double max{};
    bool secret{};          ///< the value appears nowhere
    std::string_view alias; ///< the reference service's name for it; may be empty
    /// Turns the alias's notation into ours; null when it is the same.
    std::string (*from_alias)(std::string_view text){};
    /// False, with `to` unchanged, when the text is not allowed.
    bool (*read)(settings& to, std::string_view text, setting_key const& key){};
    /// The value in the environment's notation; of a secret only whether it is set.
    std::string (*show)(settings const& from){};

    /// `section.name`
    [[nodiscard]] std::string path() const;
    /// `OTPD_SECTION_NAME`
    [[nodiscard]] std::string environment_name() const;
    /// What may stand here, for "must be …".
    [[nodiscard]] std::string allowed_values() const;
};

/// In the order of config.toml.
[[nodiscard]] std::span<setting_key const> setting_keys() noexcept;

} // namespace otpd::app
