#pragma once

/// Converts settings into options of parts, where a section is not the option struct itself.

#include "otpd/api/authenticator.hpp"
#include "otpd/bridgexapi/read_bulkhead.hpp"
#include "otpd/core/random.hpp"
#include "otpd/otp/key_ring.hpp"
#include "otpd/store/backend.hpp"
#include "settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::app {

[[nodiscard]] std::size_t thread_count(server_settings const& settings);
[[nodiscard]] http::server_options api_options(settings const& settings);
/// Whether only programs of this machine may use the API: it shows codes or asks for no token.
[[nodiscard]] bool is_local_only(settings const& settings);
[[nodiscard]] http::server_options admin_options(host_port const& listen);
/// For the Unix socket at `path`.
[[nodiscard]] http::server_options socket_options(std::string const& path);
/// For the client that reads: everything except sends.
[[nodiscard]] bridgexapi::client_options question_options(bridgexapi_settings const& settings);
[[nodiscard]] bridgexapi::read_bulkhead_options
read_bulkhead_options_of(bridgexapi_settings const& settings);
[[nodiscard]] otp::tracker_options tracker_options_of(settings const& settings);
/// 0: no limit.
[[nodiscard]] std::uint64_t read_quota_of(limits_settings const& settings);
[[nodiscard]] bridgexapi::route_gate_options route_gate_options_of(settings const& settings);
[[nodiscard]] otp::price_cache_options price_cache_options_of(settings const& settings);
/// Makes the backend that holds the states. `now` and `observer` must outlive it.
using store_factory = std::function<std::unique_ptr<store::backend>(
    boost::asio::any_io_executor const& executor, settings const& settings, clock const& now,
    store::observer& observer)>;
/// The backend that `store.url` names. `now` and `observer` must outlive it.
[[nodiscard]] std::unique_ptr<store::backend>
make_store(boost::asio::any_io_executor const& executor, settings const& settings, clock const& now,
           store::observer& observer);
/// The allowed callers: the clients of the file and the holder of auth.token; everybody if there
/// are neither. If there is a [[client]], all of them are tenants.
[[nodiscard]] std::vector<api::credential> credentials_of(settings const& settings);
/// The names in credentials_of().
[[nodiscard]] std::vector<std::string> names_of_clients(settings const& settings);
/// The holder of admin.token, which must not be empty. This is no client, and only the admin
/// listener knows it.
[[nodiscard]] std::vector<api::credential> operator_of(admin_settings const& settings);
/// Whoever asks is the operator: only he can open the Unix socket.
[[nodiscard]] std::vector<api::credential> operator_without_token();
/// The cap on all spending in a UTC day; 0 for no cap. It is money.daily_cap if that is set,
/// whatever other budgets there are. Otherwise it is 50 units, unless the operator bounds all
/// spending with a budget: a larger one is intended.
[[nodiscard]] money daily_cap_of(settings const& settings);
[[nodiscard]] otp::policy policy_of(settings const& settings);
/// Uses a random key if none is set: the memory store loses its codes together with the key.
[[nodiscard]] otp::key_ring keys_of(otp_settings const& settings, random_source& random);

} // namespace otpd::app
