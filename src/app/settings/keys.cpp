// The sections of the settings, in the order of config.toml. The structs themselves declare their
// keys.

#include "keys.hpp"

#include "settings.hpp"

#include <algorithm>
#include <cstddef>

namespace otpd::app {

namespace {

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

/// `section` is a member of the settings, or returns one.
template <class Member>
void add_section(std::vector<setting_key>& to, std::string_view name, Member section) {
    using struct_of = std::remove_cvref_t<std::invoke_result_t<Member, settings&>>;
    struct_of::declare(declaration<settings>(name, to).part(section));
}

/// A section of parts that live as long as the process: sockets, threads, connections, files.
template <class Member>
void add_fixed_section(std::vector<setting_key>& to, std::string_view name, Member section) {
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
    add_section(all, "pumping", [](auto& in) -> auto& { return in.otp.pumping; });
    add_section(all, "numbers", [](auto& in) -> auto& { return in.otp.destinations; });
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

} // namespace otpd::app
