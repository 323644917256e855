#include "generation.hpp"

#include "wiring.hpp"

#include <utility>

namespace otpd::app {

namespace {

std::optional<api::authenticator> operators_of(admin_settings const& settings) {
    if (settings.token.empty()) return std::nullopt;
    return api::authenticator(operator_of(settings));
}

otp::operations domain_of(settings const& settings, otp::operations_dependencies deps) {
    deps.clients = names_of_clients(settings);
    return otp::make_operations(policy_of(settings), deps);
}

api::dependencies dependencies_of(generation& all, generation_parts const& parts,
                                  api::authenticator const& callers, bool reference_form,
                                  bool is_local_only, api::hooks const* hooks = nullptr) {
    return {all.domain,
            all.catalogue,
            all.spending,
            parts.domain.stats,
            parts.reads,
            callers,
            parts.live_codes,
            parts.why_not_ready,
            all.settings.bridgexapi.base_url,
            all.settings.delivery.status_url,
            reference_form,
            is_local_only,
            parts.reload,
            [&callers = all.clients] { return callers.clients(); },
            &parts.overrides,
            parts.drain,
            parts.service_stats,
            parts.abuse_report,
            hooks};
}

} // namespace

generation::generation(app::settings with, generation_parts const& parts)
    : settings(std::move(with)), clients(credentials_of(settings)),
      operators(operators_of(settings.admin)), domain(domain_of(settings, parts.domain)),
      spending(domain.rules, domain.spending, parts.domain.store, parts.domain.now),
      catalogue(domain.rules, parts.upstream, parts.prices, parts.account, parts.domain.now),
      hooks(settings.hooks, clients, parts.domain.now),
      for_clients(dependencies_of(*this, parts, clients, settings.compat.reference,
                                  is_local_only(settings), &hooks)),
      for_operators(dependencies_of(*this, parts, operators ? *operators : clients, false, false)),
      for_socket(dependencies_of(*this, parts, parts.local_operator, false, false)) {}

} // namespace otpd::app
