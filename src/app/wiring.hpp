#pragma once

/// What parts of the service are told that is not a section of the settings as it is.

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
[[nodiscard]] http::server_options admin_options(host_port const& listen);
/// Of the client that asks the questions: everything but sends.
[[nodiscard]] bridgexapi::client_options question_options(bridgexapi_settings const& settings);
[[nodiscard]] bridgexapi::read_bulkhead_options
read_bulkhead_options_of(bridgexapi_settings const& settings);
/// 0: no limit.
[[nodiscard]] std::uint64_t read_quota_of(limits_settings const& settings);
[[nodiscard]] bridgexapi::route_gate_options route_gate_options_of(settings const& settings);
[[nodiscard]] otp::price_cache_options price_cache_options_of(settings const& settings);
/// Makes the backend that holds the states. `now` and `observer` outlive it.
using store_factory = std::function<std::unique_ptr<store::backend>(
    boost::asio::any_io_executor const& executor, settings const& settings, clock const& now,
    store::observer& observer)>;
/// The backend that `store.url` names. `now` and `observer` must outlive it.
[[nodiscard]] std::unique_ptr<store::backend>
make_store(boost::asio::any_io_executor const& executor, settings const& settings, clock const& now,
           store::observer& observer);
/// Who may call: the clients of the file and that of auth.token; everybody when there is neither.
/// With a [[client]] all of them are tenants.
[[nodiscard]] std::vector<api::credential> credentials_of(settings const& settings);
/// Of credentials_of().
[[nodiscard]] std::vector<std::string> names_of_clients(settings const& settings);
/// Who holds admin.token, which is not empty: no client, and known to the admin listener alone.
[[nodiscard]] std::vector<api::credential> operator_of(admin_settings const& settings);
/// What may be spent in all in a UTC day, 0 for no cap: money.daily_cap, whatever other budgets
/// there are. Where that is not set, 50 units, unless the operator bounds everything with a budget
/// of his own: one that is larger is no mistake.
[[nodiscard]] money daily_cap_of(settings const& settings);
[[nodiscard]] otp::policy policy_of(settings const& settings);
/// With a random key where none is set: the memory store forgets its codes with the key.
[[nodiscard]] otp::key_ring keys_of(otp_settings const& settings, random_source& random);

} // namespace otpd::app
