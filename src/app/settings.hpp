#pragma once

/// All settings of the operator. They are checked before any socket opens, and again by a reload
/// (reload.hpp), which makes new ones: settings never change.
///
/// Each section is the options struct of a part of the service, or contains it, and declares its
/// keys itself (settings/keys.hpp). Nothing here reads the process: load_settings() is a pure
/// function of its arguments, and only read_sources() opens files.

#include "otpd/api/hooks.hpp"
#include "settings/sections.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::app {

struct settings {
    server_settings server;
    admin_settings admin;
    bridgexapi_settings bridgexapi;
    /// [otp], and as parts of the policy [numbers], [pumping], [[limit]], [[route_plan]] and
    /// [[budget]].
    otp_settings otp;
    auth_settings auth;
    compat_settings compat;
    store_settings store;
    limits_settings limits;
    routes_settings routes;
    money_settings spending; ///< section [money]
    delivery_settings delivery;
    timeline_settings timeline;
    webhook::options webhooks;
    tracing_settings tracing;
    log_settings log;

    // Tables that may occur any number of times, in the file only.
    std::vector<api::credential> clients;             ///< `[[client]]`
    std::vector<otp::message_template> templates;     ///< `[[template]]`, in addition to
                                                      ///  otp.message_template
    std::vector<purpose_settings> purposes;           ///< `[[purpose]]`
    std::vector<test_number_settings> test_numbers;   ///< `[[test_number]]`
    std::vector<webhook::endpoint> webhook_endpoints; ///< `[[webhook]]`
    std::vector<api::hook> hooks;                     ///< `[[hook]]`

    /// The files that secrets were read from, by the key that names the file:
    /// `bridgexapi.api_key_file`.
    std::map<std::string, std::string> secret_files;
    /// Of the contents of PEM files, by the key that names the file: `bridgexapi.ca_file`.
    std::map<std::string, secret_digest> pem_digests;
    /// The names of files that have secrets and that every user of the machine may read or write.
    std::vector<std::string> open_secret_files;
    /// Names in the environment with our prefix that are Kubernetes' service links.
    std::vector<std::string> service_links;
};

/// The name of the budget money.daily_cap in replies, in the log and in metrics. No other budget
/// may have it.
inline constexpr char const* daily_cap_name = "daily_cap";
/// Whether an enforced [[budget]] with the key total bounds all spending.
[[nodiscard]] bool has_total_budget(settings const& all);

/// The rules of the scopes that a [[purpose]] is for: those of [otp], changed by the purpose's
/// table for every client and, if it is for one client, by itself.
[[nodiscard]] otp::scope_rules rules_of(settings const& all, purpose_settings const& table);

/// The faults in the settings: one line each, without secrets or line breaks.
struct settings_faults {
    std::vector<std::string> lines;
};
/// Required by boost::system::result. Using faults as settings is a bug.
[[noreturn]] void throw_exception_from_error(settings_faults const&, boost::source_location const&);

/// A file's text, with its name in messages.
struct source_file {
    std::string name;
    std::string text;
    bool is_open_to_all = false; ///< others than its owner and group may read or write it
};

/// The contents of a file that a setting names, or why it cannot be read: "no such file".
struct secret_file {
    std::string text;
    std::string fault; ///< empty: none
};

/// The sources of settings, strongest first.
struct settings_sources {
    std::map<std::string, std::string> flags; ///< `section.key` -> value
    std::map<std::string, std::string>
        environment; ///< all of it; names of other programs are ignored
    std::optional<source_file> dotenv;
    std::optional<source_file> config; ///< TOML
    /// Reads the file of a secret. Null: there is none.
    std::function<secret_file(std::string const& path)> open_secret{};
    /// Of the content of a PEM file. Null: none is compared.
    std::function<secret_digest(std::string const& path)> digest_of_file{};
};

/// Reads, merges and checks. Reports all faults at once.
[[nodiscard]] boost::system::result<settings, settings_faults>
load_settings(settings_sources const& sources);
/// Reads one value alone, with the faults of its sources, whatever the other values are.
[[nodiscard]] boost::system::result<settings, settings_faults>
load_setting(settings_sources const& sources, std::string_view path);

struct setting_line {
    std::string key; ///< `section.key`
    std::string value;
};
/// Every key with its value, then each table of the file, for the log and for --check-config. Shows
/// of a secret only whether it is set.
[[nodiscard]] std::vector<setting_line> describe(settings const& settings);
/// The keys of describe() whose values differ, and of added or removed entries. Compares secrets by
/// their digests.
[[nodiscard]] std::vector<std::string> changed_keys(settings const& before, settings const& after);
/// Notes for the operator that are not faults, one line each.
[[nodiscard]] std::vector<std::string> settings_notes(settings const& settings,
                                                      std::chrono::sys_days today);

/// The text of config.toml: every key with its default and allowed values, and an example of each
/// table.
[[nodiscard]] std::string config_file();
/// The same as a page: docs/configuration.md.
[[nodiscard]] std::string configuration_page();

} // namespace otpd::app
