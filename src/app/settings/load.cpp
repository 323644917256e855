// Merges the sources into settings, by precedence, and reports faults.

#include "checks.hpp"
#include "sources.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace otpd::app {

namespace {

using name_values = std::map<std::string, std::string>;

constexpr std::string_view own_prefix = "OTPD_";

/// The names with our prefix that are no keys.
name_values unknown_names(name_values const& names) {
    name_values unknown;
    for (auto const& entry : names)
        if (entry.first.starts_with(own_prefix)) unknown.insert(entry);
    for (auto const& key : setting_keys())
        unknown.erase(key.environment_name());
    unknown.erase("OTPD_SOCKET"); // otpctl's
    return unknown;
}

/// Unknown names with our prefix are mistakes; names without it belong to other programs.
void refuse(name_values const& unknown, std::string_view where, fault_lines& faults) {
    std::vector<std::string> known;
    for (auto const& key : setting_keys())
        known.push_back(key.environment_name());
    for (auto const& [name, value] : unknown)
        faults.push_back("unknown name " + values::quoted_for_message(name) + " in " +
                         std::string(where) + suggestion(name, known));
}

/// Whether it is one of the variables that Kubernetes sets in each container for a Service named
/// otpd or otpd-something (kubernetes.io/docs/concepts/services-networking/service: environment
/// variables): OTPD_SERVICE_HOST, OTPD_SERVICE_PORT, OTPD_SERVICE_PORT_<NAME>, OTPD_PORT=tcp://...,
/// OTPD_PORT_<NUMBER>_TCP, and the last with _PROTO, _PORT and _ADDR. OTPD_PORT=8000 is a user's
/// mistake.
bool is_service_link(std::string_view name, std::string_view value) {
    using endings = std::initializer_list<std::string_view>;
    auto const cut = [&name](endings list) {
        for (auto const ending : list)
            if (name.ends_with(ending)) {
                name.remove_suffix(ending.size());
                return true;
            }
        return false;
    };
    auto const has_scheme = [value](std::string_view scheme) { return value.starts_with(scheme); };
    if (cut({"_SERVICE_HOST", "_SERVICE_PORT"}) ||
        name.find("_SERVICE_PORT_") != std::string_view::npos)
        return true;
    if (name.ends_with("_PORT") &&
        std::ranges::any_of(endings{"tcp://", "udp://", "sctp://"}, has_scheme))
        return true;
    cut({"_PROTO", "_PORT", "_ADDR"});
    if (!cut({"_TCP", "_UDP", "_SCTP"})) return false;
    auto const number = name.find_last_not_of("0123456789") + 1;
    return number < name.size() && name.substr(0, number).ends_with("_PORT_");
}

/// Translates values that the reference service reads differently: everything except 1, true, yes
/// and on is false, and a negative cooldown means none.
std::string from_reference(setting_key const& key, std::string const& text) {
    if (key.kind == value_kind::boolean)
        return values::parse_boolean(text).value_or(false) ? "true" : "false";
    auto const value = values::parse_whole(text);
    return key.alias == "OTP_SEND_COOLDOWN_SECONDS" && value && *value < 0 ? "0" : text;
}

std::optional<found_value> find_in(name_values const& names, setting_key const& key,
                                   std::string_view where) {
    auto const source = [&](std::string_view name) {
        return std::string(name) + " in " + std::string(where);
    };
    if (auto const own = names.find(key.environment_name()); own != names.end())
        return found_value{own->second, source(own->first)};
    auto const other = names.find(key.alias);
    if (key.alias.empty() || other == names.end()) return std::nullopt;
    return found_value{from_reference(key, other->second), source(other->first)};
}

/// The sources after their files were read.
struct layers {
    name_values const& flags;
    name_values const& environment;
    name_values dotenv;
    std::string dotenv_name;
    found_file config;
};

/// The value from the strongest source that has the key; nothing if none has it.
std::optional<found_value> find_value(layers const& layers, setting_key const& key) {
    if (auto const flag = layers.flags.find(key.path()); flag != layers.flags.end())
        return found_value{flag->second, "the command line"};
    if (auto value = find_in(layers.environment, key, "the environment")) return value;
    if (auto value = find_in(layers.dotenv, key, layers.dotenv_name)) return value;
    if (auto const value = layers.config.values.find(key.path());
        value != layers.config.values.end())
        return value->second;
    return std::nullopt;
}

/// The name of the setting, its value unless it is secret, and its source.
std::string place_of(setting_key const& key, found_value const* value) {
    if (value == nullptr) return key.path();
    return key.path() + shown_value(key, *value) + " (" + value->source + ')';
}

layers read_layers(settings_sources const& sources, settings& to, fault_lines& faults) {
    layers out{sources.flags, sources.environment, {}, {}, {}};
    auto unknown = unknown_names(out.environment);
    std::erase_if(unknown, [&to](auto const& entry) {
        bool const is_link = is_service_link(entry.first, entry.second);
        if (is_link) to.service_links.push_back(entry.first);
        return is_link;
    });
    refuse(unknown, "the environment", faults);
    if (sources.dotenv) {
        out.dotenv = read_dotenv(*sources.dotenv, faults);
        out.dotenv_name = sources.dotenv->name;
        refuse(unknown_names(out.dotenv), out.dotenv_name, faults);
    }
    if (sources.config) out.config = read_toml(*sources.config, faults);
    return out;
}

/// A URL may contain a password before its @. Of the tables, webhooks and hooks have keys in clear
/// text; a test number's code protects nothing.
bool holds_secrets(found_file const& config) {
    auto const is_secret = [&](setting_key const& key) {
        auto const value = config.values.find(key.path());
        if (value == config.values.end()) return false;
        auto const& text = value->second.text;
        return (key.is_secret && !text.empty()) ||
               (key.is_partly_secret && text.find('@') != std::string::npos);
    };
    auto const has_secrets = [](found_table const& table) {
        return table.values.contains("secrets") || table.values.contains("secret") ||
               table.values.contains("old_secret");
    };
    return std::ranges::any_of(setting_keys(), is_secret) ||
           std::ranges::any_of(config.tables, has_secrets);
}

std::vector<std::string> open_secret_files(settings_sources const& sources, layers const& layers) {
    std::vector<std::string> names;
    for (auto const* const file :
         {sources.dotenv ? &*sources.dotenv : nullptr,
          sources.config && holds_secrets(layers.config) ? &*sources.config : nullptr})
        if (file != nullptr && file->is_open_to_all) names.push_back(file->name);
    return names;
}

/// So that a reload sees a file that was replaced under its name.
void know_pem_files(settings_sources const& sources, settings& all) {
    if (!sources.digest_of_file) return;
    // libpq reads its files anew for each connection; the other stores have none.
    bool const keeps_store_files = all.store.url.type == store::location::kind::redis;
    for (auto const& key : setting_keys()) {
        if (!key.is_pem || (key.section == "store" && !keeps_store_files)) continue;
        if (auto const path = key.show(all); !path.empty())
            all.pem_digests[key.path()] = sources.digest_of_file(path);
    }
    for (auto& webhook_endpoint : all.webhook_endpoints)
        if (!webhook_endpoint.ca_file.empty())
            webhook_endpoint.ca_digest = sources.digest_of_file(webhook_endpoint.ca_file);
}

} // namespace

boost::system::result<settings, settings_faults> load_settings(settings_sources const& sources) {
    reading with{sources.open_secret, {}};
    settings out;
    auto const from = read_layers(sources, out, with.faults);
    auto const find = [&](setting_key const& key) { return find_value(from, key); };
    read_keys(setting_keys(), out, find, place_of, with);
    for (auto const& table : from.config.tables)
        std::ranges::find(table_kinds(), table.name, &table_kind::name)->read(table, out, with);
    know_pem_files(sources, out);
    out.open_secret_files = open_secret_files(sources, from);
    // Checked only if every value was read: a mistyped value would cause other faults.
    if (with.faults.empty()) with.faults = check_together(out);
    if (!with.faults.empty()) return settings_faults{std::move(with.faults)};
    return out;
}

boost::system::result<settings, settings_faults> load_setting(settings_sources const& sources,
                                                              std::string_view path) {
    reading with{sources.open_secret, {}};
    settings out;
    auto const from = read_layers(sources, out, with.faults);
    auto const find = [&](setting_key const& key) {
        return key.path() == path ? find_value(from, key) : std::nullopt;
    };
    read_keys(setting_keys(), out, find, place_of, with);
    if (!with.faults.empty()) return settings_faults{std::move(with.faults)};
    return out;
}

void throw_exception_from_error(settings_faults const& faults, boost::source_location const&) {
    throw std::logic_error("bad settings were used: " +
                           (faults.lines.empty() ? std::string() : faults.lines.front()));
}

} // namespace otpd::app
