// The sections of the settings, in the order of config.toml. The structs themselves declare their
// keys.

#include "settings_keys.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace otpd::app {

namespace {

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

template <class Section>
void add_section(std::vector<setting_key>& to, std::string_view name, Section settings::* section) {
    Section::declare(declaration<settings>(name, to).part(section));
}

/// A section of parts that live as long as the process: sockets, threads, connections, files.
template <class Section>
void add_fixed_section(std::vector<setting_key>& to, std::string_view name,
                       Section settings::* section) {
    auto const before = static_cast<std::ptrdiff_t>(to.size());
    add_section(to, name, section);
    std::for_each(to.begin() + before, to.end(), [](setting_key& key) { key.at_restart(); });
}

/// Compares and copies the file's content with its name.
void follow_content(setting_key& key) {
    auto const path = key.path();
    auto const digest_in = [path](settings const& settings) {
        auto const found = settings.pem_digests.find(path);
        return found == settings.pem_digests.end() ? secret_digest() : found->second;
    };
    key.same = [digest_in, same = key.same](settings const& a, settings const& b) {
        return same(a, b) && digest_in(a) == digest_in(b);
    };
    key.copy = [path, digest_in, copy = key.copy](settings& to, settings const& from) {
        copy(to, from);
        to.pem_digests[path] = digest_in(from);
    };
}

std::vector<setting_key> all_keys() {
    std::vector<setting_key> all;
    add_fixed_section(all, "server", &settings::server);
    add_section(all, "admin", &settings::admin);
    add_fixed_section(all, "bridgexapi", &settings::bridgexapi);
    add_section(all, "otp", &settings::otp);
    add_section(all, "auth", &settings::auth);
    add_section(all, "compat", &settings::compat);
    add_fixed_section(all, "store", &settings::store);
    add_section(all, "limits", &settings::limits);
    add_section(all, "pumping", &settings::pumping);
    add_section(all, "numbers", &settings::numbers);
    add_section(all, "routes", &settings::routes);
    add_section(all, "money", &settings::spending);
    add_section(all, "delivery", &settings::delivery);
    add_fixed_section(all, "timeline", &settings::timeline);
    add_section(all, "webhooks", &settings::webhooks);
    add_fixed_section(all, "tracing", &settings::tracing);
    add_section(all, "log", &settings::log);
    settings const defaults{};
    for (auto& key : all) {
        if (!key.is_secret) key.initial = key.show(defaults);
        if (key.is_pem) follow_content(key);
    }
    add_file_keys(all);
    for (auto& key : all)
        if (key.is_file) {
            auto const path = key.path();
            auto const file_in = [path](settings const& settings) {
                auto const found = settings.secret_files.find(path);
                return found == settings.secret_files.end() ? std::string() : found->second;
            };
            key.show = file_in;
            key.same = [file_in](settings const& a, settings const& b) {
                return file_in(a) == file_in(b);
            };
            key.copy = [path, file_in](settings& to, settings const& from) {
                auto file = file_in(from);
                if (file.empty())
                    to.secret_files.erase(path);
                else
                    to.secret_files[path] = std::move(file);
            };
            key.read = [path](settings& to, std::string_view text) {
                if (values::is_path(text)) to.secret_files[path] = text;
                return values::is_path(text);
            };
        }
    return all;
}

} // namespace

std::string key_words::environment_name() const {
    return "OTPD_" + upper(section) + '_' + upper(name);
}

std::span<setting_key const> setting_keys() {
    static auto const all = all_keys();
    return all;
}

std::span<built_in_limit const> built_in_limits() noexcept {
    using enum otp::limit_key;
    using enum otp::limit_step;
    using std::chrono::hours;
    using std::chrono::minutes;
    using lms = limits_settings;
    static constexpr std::array<built_in_limit, 11> list{{
        {"number_10m", number, send, minutes(10), &lms::number_10m,
         "Sends of one API client to one number in 10 minutes; 0: no such limit."},
        {"number_24h", number, send, hours(24), &lms::number_24h,
         "Sends of one API client to one number in 24 hours; 0: no such limit."},
        {"all_clients_24h", number_of_all_clients, send, hours(24), &lms::all_clients_24h,
         "Sends of all API clients to one number in 24 hours, refused without a name; 0: no such "
         "limit."},
        {"address_1h", end_user_address, send, hours(1), &lms::address_1h,
         "Sends for one end user's address (end_user_ip) in an hour; 0: no such limit."},
        {"client_1m", client, send, minutes(1), &lms::client_1m,
         "Sends of one API client in a minute; 0: no such limit."},
        {"prefix_1h", prefix, send, hours(1), &lms::prefix_1h,
         "Sends in an hour to numbers that differ only in their last four digits; 0: no such "
         "limit."},
        {"country_1h", country, send, hours(1), &lms::country_1h,
         "Sends to one country in an hour; 0: no such limit."},
        {"global_1m", everybody, send, minutes(1), &lms::global_1m,
         "Sends of all API clients in a minute; 0: no such limit."},
        {"global_24h", everybody, send, hours(24), &lms::global_24h,
         "Sends of all API clients in 24 hours; 0: no such limit."},
        {"guesses_address_1h", end_user_address, guess, hours(1), &lms::guesses_address_1h,
         "Guesses without a verification_id for one end user's address in an hour; 0: no such "
         "limit."},
        {"guesses_client_1m", client, guess, minutes(1), &lms::guesses_client_1m,
         "Guesses without a verification_id of one API client in a minute; 0: no such limit."},
    }};
    return list;
}

} // namespace otpd::app
