#pragma once

/// The declaration of a setting, and the list of all settings. The keys and tables of the
/// configuration file, the names in the environment, the error messages, config.toml and
/// docs/configuration.md are all derived from it.
///
/// The options struct of a part of the service, or of one entry of a table, declares its keys in a
/// static function `declare(Keys keys)`. Keys is the class `declaration` below; the struct need not
/// include this header. The default of a section's key is the member's initial value.

#include "notations.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace otpd::app {

struct setting_line;
struct settings;

/// What messages and pages say about a key of a section or a table.
struct key_words : value_words {
    std::string section; ///< or table
    std::string name;
    /// For a section the default, for a table an example, in the environment's notation; a list of
    /// tables in TOML.
    std::string initial;
    std::string help;       ///< a sentence
    bool is_hidden = false; ///< not secret, but only shown in part
    bool is_file = false;   ///< the key NAME_file that follows a secret, and names its file
    bool is_pem = false;    ///< the path of a file that is read at the start
    bool is_required = false;
    bool needs_restart = false; ///< a reload does not apply a change
    std::string alias;          ///< the reference service's name for it; may be empty
    /// In a table: the key that excludes this one, and that the example shows.
    std::string alternative;
    std::string part;             ///< for a list of tables: what messages call one of them
    std::vector<key_words> parts; ///< and the keys of one of them

    /// `section.name`
    [[nodiscard]] std::string path() const { return section + '.' + name; }
    /// `OTPD_SECTION_NAME`
    [[nodiscard]] std::string environment_name() const;

    /// Its value is in no message.
    [[nodiscard]] bool is_concealed() const noexcept { return is_secret || is_hidden; }

    key_words& known_as(std::string other) { return alias = std::move(other), *this; }
    key_words& at_restart() { return needs_restart = true, *this; }
    key_words& hidden() { return is_hidden = true, *this; }
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

/// Collects the keys of `Owner`, or of what `In` returns for it.
template <class Owner, class In = std::identity>
class declaration : public notations {
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
        static_cast<value_words&>(key) = how;
        key.section = section_;
        key.name = name;
        key.help = help;
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

    // Frequent kinds of value. The name of a time ends in its unit: `_seconds` or `_ms`.
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
    /// One of an enumeration, by its names.
    template <class M, std::size_t Size>
    key_words& word(std::string_view name, M member, words<Size> const& known,
                    std::string_view help) const {
        return add(name, member, notations::word<type_at<M>>(known), help);
    }
    /// A whole number that need not be set.
    template <class M>
    key_words& whole_if_set(std::string_view name, M member, double least, double most,
                            std::string_view help, std::string_view unit = "") const {
        using value = typename type_at<M>::value_type;
        return add(name, member, optional_of(notations::whole<value>(name, least, most, unit)),
                   help);
    }

private:
    template <class M>
    using type_at =
        std::remove_cvref_t<std::invoke_result_t<M, std::invoke_result_t<In const&, Owner&>>>;

    std::string section_;
    std::vector<key_of<Owner>>* to_;
    In in_;
};

/// Adds, after each secret, the key of a file that contains it. Of a section, an owner keeps the
/// paths in `secret_files`.
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
        auto const path_in = [path = file.path()](Owner const& in) {
            if constexpr (requires { in.secret_files; })
                if (auto const found = in.secret_files.find(path); found != in.secret_files.end())
                    return found->second;
            return std::string();
        };
        auto const keep = [path = file.path()](Owner& in, std::string_view text) {
            if constexpr (requires { in.secret_files; }) {
                in.secret_files.erase(path);
                if (!text.empty()) in.secret_files.emplace(path, text);
            }
        };
        file.read = [keep](Owner& to, std::string_view text) {
            if (values::is_path(text)) keep(to, text);
            return values::is_path(text);
        };
        file.show = path_in;
        file.same = [path_in](Owner const& a, Owner const& b) { return path_in(a) == path_in(b); };
        file.copy = [path_in, keep](Owner& to, Owner const& from) { keep(to, path_in(from)); };
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
    std::string more; ///< a link to where it is described in more detail
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
