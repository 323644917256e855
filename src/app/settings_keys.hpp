#pragma once

/// The declaration of a setting, and the list of all settings. The keys and tables of the
/// configuration file, the names in the environment, the error messages, config.toml and
/// docs/configuration.md are all derived from it.
///
/// The options struct of a part of the service declares its keys in a static function `declare(Keys
/// keys)`. Keys is the class `declaration` below; the struct need not include this header. The
/// default of a key is the member's initial value.

#include "settings.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace otpd::app {

/// What messages and pages say about a key of a section or a table.
struct key_words {
    std::string section; ///< or table
    std::string name;
    value_kind kind{};
    /// For a section the default, for a table an example, in the environment's notation; a list of
    /// tables in TOML.
    std::string initial;
    std::string help;    ///< a sentence
    std::string allowed; ///< for "must be …"
    double min = 0;      ///< for numbers
    double max = 0;
    bool is_secret =
        false; ///< the value is never shown; the next key names a file that contains it
    bool is_partly_secret = false; ///< it may contain a password
    bool is_hidden = false;        ///< not secret, but only shown in part
    bool is_file = false;          ///< the key NAME_file that follows a secret
    bool is_pem = false;           ///< the path of a file that is read at the start
    bool is_required = false;
    bool needs_restart = false; ///< a reload does not apply a change
    std::string alias;          ///< the reference service's name for it; may be empty
    std::string
        alternative;    ///< in a table: the key that excludes this one, and that the example shows
    std::string part{}; ///< for a list of tables: what messages call one of them
    std::vector<key_words> parts{}; ///< and the keys of one of them

    /// `section.name`
    [[nodiscard]] std::string path() const { return section + '.' + name; }
    /// `OTPD_SECTION_NAME`
    [[nodiscard]] std::string environment_name() const;

    /// Its value is in no message.
    [[nodiscard]] bool is_concealed() const noexcept { return is_secret || is_hidden; }

    key_words& known_as(std::string other) { return alias = std::move(other), *this; }
    key_words& at_restart() { return needs_restart = true, *this; }
    // For a table's key.
    key_words& like(std::string example) { return initial = std::move(example), *this; }
    key_words& needed(std::string example) { return is_required = true, like(std::move(example)); }
    key_words& instead_of(std::string other, std::string example) {
        return alternative = std::move(other), like(std::move(example));
    }
};

/// A key of `Owner`: of the settings, or of one entry of a table.
template <class Owner>
struct key_of : key_words {
    /// Returns false and leaves `to` unchanged if the text is not allowed.
    std::function<bool(Owner& to, std::string_view text)> read;
    /// The value in the environment's notation; of a secret only whether it is set.
    std::function<std::string(Owner const& from)> show;
    /// Compares secrets by their digests.
    std::function<bool(Owner const& a, Owner const& b)> same;
    /// Gives `to` the value that `from` has.
    std::function<void(Owner& to, Owner const& from)> copy;
};
using setting_key = key_of<settings>;

/// In the order of config.toml.
[[nodiscard]] std::span<setting_key const> setting_keys();
/// Converts from the environment's notation.
[[nodiscard]] std::string toml_literal(value_kind kind, std::string_view text);

/// A built-in limit, whose quota is a key of [limits].
struct built_in_limit {
    std::string_view name;
    otp::limit_key key{};
    otp::limit_step step{};
    std::chrono::seconds window{};
    std::uint64_t limits_settings::* quota{};
    char const* help{};
};
[[nodiscard]] std::span<built_in_limit const> built_in_limits() noexcept;

/// Collects the keys of `Owner`, or of what `In` returns for it.
template <class Owner, class In = std::identity>
class declaration {
public:
    declaration(std::string_view section, std::vector<key_of<Owner>>& to, In in = {})
        : section_(section), to_(&to), in_(in) {}

    /// Declares the keys of a member struct.
    template <class Member>
    auto part(Member member) const {
        auto in = [in = in_, member](auto& owner) -> auto& {
            return std::invoke(member, std::invoke(in, owner));
        };
        return declaration<Owner, decltype(in)>(section_, *to_, in);
    }

    template <class Member, class T>
    key_words& add(std::string_view name, Member member, notation<T> how,
                   std::string_view help) const {
        auto at = [in = in_, member](auto& owner) -> auto& {
            return std::invoke(member, std::invoke(in, owner));
        };
        auto& key = to_->emplace_back();
        key.section = section_;
        key.name = name;
        key.kind = how.kind;
        key.help = help;
        key.allowed = how.allowed;
        key.min = how.min;
        key.max = how.max;
        key.is_secret = how.is_secret;
        key.is_partly_secret = how.is_partly_secret;
        key.same = [at](Owner const& a, Owner const& b) { return at(a) == at(b); };
        key.copy = [at](Owner& to, Owner const& from) { at(to) = at(from); };
        key.show = [at, show = std::move(how.show)](Owner const& from) { return show(at(from)); };
        key.read = [at, parse = std::move(how.parse)](Owner& to, std::string_view text) {
            auto value = parse(text);
            if (value) at(to) = *std::move(value);
            return value.has_value();
        };
        return key;
    }

    // One function per kind of value. The name of a time ends in its unit: `_seconds` or `_ms`.
    template <class M>
    key_words& whole(std::string_view name, M member, double least, double most,
                     std::string_view help, std::string_view unit = "") const {
        return add(name, member, notations::whole<type_at<M>>(name, least, most, unit), help);
    }
    /// With a fraction.
    template <class M>
    key_words& number(std::string_view name, M member, double least, double most,
                      std::string_view help) const {
        return add(name, member, notations::number(least, most), help);
    }
    template <class M>
    key_words& seconds(std::string_view name, M member, double least, double most,
                       std::string_view help) const {
        return add(name, member, notations::seconds(least, most), help);
    }
    template <class M>
    key_words& path(std::string_view name, M member, std::string_view of,
                    std::string_view help) const {
        return add(name, member, notations::path(of), help);
    }
    /// Certificates, or the key of one.
    key_words& pem_file(std::string_view name, auto member, std::string_view help) const {
        auto& key = path(name, member, "a PEM file", help);
        key.is_pem = true;
        return key;
    }
    key_words& flag(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::flag(), help);
    }
    key_words& header_secret(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::header_secret(), help);
    }
    key_words& base_url(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::base_url(), help);
    }
    key_words& ranges(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::ranges(), help);
    }
    key_words& template_text(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::message_template(), help);
    }
    key_words& caller_id(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::caller_id(), help);
    }
    key_words& route(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::route(), help);
    }
    key_words& some_routes(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::routes(1), help);
    }
    key_words& purposes(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::purposes(), help);
    }
    key_words& countries(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::countries(), help);
    }
    key_words& line_types(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::line_types(), help);
    }
    key_words& prefixes(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::prefixes(), help);
    }
    key_words& destinations(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::destinations(), help);
    }
    key_words& amount(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::amount(), help);
    }
    key_words& price(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::price(), help);
    }
    key_words& mode(std::string_view name, auto member, std::string_view help) const {
        return add(name, member, notations::mode(), help);
    }
    /// The quotas of the built-in limits.
    void quotas() const {
        for (auto const& each : built_in_limits())
            whole(each.name, each.quota, 0, 1'000'000'000, each.help);
    }

private:
    template <class M>
    using type_at =
        std::remove_cvref_t<std::invoke_result_t<M, std::invoke_result_t<In const&, Owner&>>>;

    std::string section_;
    std::vector<key_of<Owner>>* to_;
    In in_;
};

/// Adds, after each secret, the key of a file that contains it.
template <class Owner>
void add_file_keys(std::vector<key_of<Owner>>& keys) {
    std::vector<key_of<Owner>> all;
    for (auto& key : keys) {
        all.push_back(std::move(key));
        if (!all.back().is_secret) continue;
        auto const& secret = all.back();
        key_of<Owner> file;
        file.section = secret.section;
        file.name = secret.name + "_file";
        file.kind = value_kind::text;
        file.help = "Path of a file that holds " + secret.name +
                    (secret.kind == value_kind::text_list ? ", one a line." : ".");
        file.allowed = "the path of a file";
        file.is_file = true;
        file.needs_restart = secret.needs_restart;
        if (!secret.alias.empty()) file.alias = secret.alias + "_FILE";
        file.read = [](Owner&, std::string_view text) { return values::is_path(text); };
        file.show = [](Owner const&) { return std::string(); };
        file.same = [](Owner const&, Owner const&) { return true; };
        file.copy = [](Owner&, Owner const&) {};
        all.push_back(std::move(file));
    }
    keys = std::move(all);
}

// --- tables that the configuration file has any number of times ---------------------------------

struct found_table;
struct reading;

/// `[[name]]`.
struct table_kind {
    static constexpr std::size_t entries_max = 1000; ///< of one kind

    std::string name;
    std::string help; ///< one or two sentences
    std::vector<key_words> keys;
    /// Adds the entry, or a line for each fault.
    std::function<void(found_table const& table, settings& to, reading& with)> read;
    /// One line per entry, with the values that differ from the defaults.
    std::function<std::vector<setting_line>(settings const& settings)> describe;
    /// The names of entries that differ between the two.
    std::function<std::vector<std::string>(settings const& a, settings const& b)> differences;
};
/// In the order of config.toml.
[[nodiscard]] std::span<table_kind const> table_kinds();

} // namespace otpd::app
