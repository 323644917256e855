#include "otpd/api/hooks.hpp"

#include "hook_signature.hpp"

#include <algorithm>
#include <utility>

namespace otpd::api {

hooks::hooks(std::vector<hook> list, authenticator const& clients, clock const& now)
    : list_(std::move(list)), clients_(clients), now_(now) {}

std::optional<hooks::signer> hooks::identify(std::string_view client, identity_provider provider,
                                             http::request const& request) const {
    auto const found = std::ranges::find_if(list_, [&](hook const& hook) {
        return hook.client == client && hook.provider == provider;
    });
    if (found == list_.end()) return std::nullopt;
    auto const now = now_.wall();
    bool const is_known =
        is_signed(provider, found->secret, request, now) ||
        (!found->old_secret.empty() && is_signed(provider, found->old_secret, request, now));
    auto const* const owner = clients_.find(client);
    if (!is_known || owner == nullptr) return std::nullopt;
    return signer{&*found, owner};
}

} // namespace otpd::api
