#pragma once

/// The one description of every setting. The configuration file's keys and tables, the names in the
/// environment, the error messages and the test of config.toml all come from here.

#include "otpd/app/settings.hpp"

#include <span>
#include <string>
#include <string_view>

namespace otpd::app {

/// What a value is written as in TOML. In the environment everything is text; lists are separated
/// by commas. A date may be a text in TOML, too; money is a text or a number. A list of tables is
/// for the keys of tables only.
enum class value_kind {
    whole,
    number,
    boolean,
    text,
    whole_list,
    text_list,
    date,
    money,
    table_list
};

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
    /// A digest of what show() does not tell: of a secret, of the user and password in a URL. Null:
    /// it tells all.
    std::string (*digest)(settings const& from){};

    /// `section.name`
    [[nodiscard]] std::string path() const;
    /// `OTPD_SECTION_NAME`
    [[nodiscard]] std::string environment_name() const;
    /// What may stand here, for "must be …".
    [[nodiscard]] std::string allowed_values() const;
};

/// In the order of config.toml.
[[nodiscard]] std::span<setting_key const> setting_keys() noexcept;

/// What may stand in the tables that the configuration file has any number of times: `[[client]]`.
struct table_key {
    static constexpr std::size_t entries_max = 1000; ///< of one table

    std::string_view table;
    std::string_view name;
    value_kind kind{};
    std::string_view example; ///< in the environment's notation; a list of tables in TOML
    std::string_view help;    ///< one sentence
    std::string_view allowed; ///< for "must be …"
    bool required{};
    bool secret{};                  ///< the value appears nowhere
    std::string_view alternative{}; ///< the key that it does not go with, which the example has
    std::string_view part{};        ///< of a list of tables: what messages call one of them
    std::span<table_key const> (*parts)() noexcept {}; ///< and what may stand in it

    [[nodiscard]] constexpr table_key needed() const {
        auto out = *this;
        out.required = true;
        return out;
    }
    [[nodiscard]] constexpr table_key hidden() const {
        auto out = *this;
        out.secret = true;
        return out;
    }
    [[nodiscard]] constexpr table_key instead_of(std::string_view other) const {
        auto out = *this;
        out.alternative = other;
        return out;
    }
    [[nodiscard]] constexpr table_key made_of(std::string_view what,
                                              std::span<table_key const> (*keys)() noexcept) const {
        auto out = *this;
        out.part = what;
        out.parts = keys;
        return out;
    }
};
/// Table by table, in the order of config.toml.
[[nodiscard]] std::span<table_key const> table_keys() noexcept;
/// One or two sentences.
[[nodiscard]] std::string_view help_of_table(std::string_view table) noexcept;

/// A limit that there is without a table of its own: its quota is a key of [limits].
struct built_in_limit {
    std::string_view name;
    otp::limit_key key{};
    otp::limit_step step{};
    std::chrono::seconds window{};
    std::uint64_t limits_settings::* quota{};
};
[[nodiscard]] std::span<built_in_limit const> built_in_limits() noexcept;

} // namespace otpd::app
