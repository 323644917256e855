#include "send/draft_factory.hpp"

#include <string_view>
#include <utility>

namespace otpd::otp {

namespace {

/// Longer than providers repeat a request of theirs.
constexpr std::chrono::minutes given_code_retention{10};

} // namespace

send_draft draft_factory::make(send_request&& request, steady_time now, wall_time wall) const {
    auto const& client = *request.caller.client;
    auto rules = rules_.for_scope(client, request.purpose.name());
    auto fresh = codes_.make(client, request.purpose, request.to, rules.code_length);
    auto routes = routes_.plan(request, rules.plan);
    auto const repeat = codes_.repeat_rule(rules, fresh.is_test);
    auto idempotency = idempotency_key_of(request);
    auto const by = keys_.requester_of(request.caller, request.to);
    auto const device = keys_.device_of(request.caller, request.to);
    auto const number_of_all = keys_.hash(request.to);
    auto binding = keys_.binding_of(client.name, request.to, request.variables);
    auto const suffix = request.suffix.value_or(client.suffix);
    send_draft draft{.request = std::move(request),
                     .rules = std::move(rules),
                     .suffix = suffix,
                     .binding = std::move(binding),
                     .address = fresh.address,
                     .sealed = std::move(fresh.sealed),
                     .code = fresh.code,
                     .seed = fresh.seed,
                     .repeat = repeat,
                     .number_of_all = number_of_all,
                     .by = by,
                     .device = device,
                     .began = now,
                     .began_at = wall,
                     .is_test = fresh.is_test,
                     .routes = std::move(routes),
                     .idempotency = std::move(idempotency)};
    draft.fault = checks_.check(draft);
    return draft;
}

std::optional<store::idempotency_key>
draft_factory::idempotency_key_of(send_request const& request) const {
    auto const& idempotency = request.idempotency;
    if (!idempotency) return std::nullopt;
    if (request.given) { // a repeated request differs in its id, its signature and its time
        auto const key = keys_.hash({"given", request.caller.client->name, request.to.digits(),
                                     request.given->code.reveal()});
        return store::idempotency_key{key, key, given_code_retention};
    }
    auto const key = keys_.hash({"once", request.caller.client->name, idempotency->key});
    // The fingerprint is keyed: from a plain hash of a request, its number could be guessed.
    std::string_view const asked(reinterpret_cast<char const*>(idempotency->fingerprint.data()),
                                 idempotency->fingerprint.size());
    auto const fingerprint = keys_.hash({"request", asked});
    return store::idempotency_key{key, fingerprint, rules_.idempotency_retention};
}

} // namespace otpd::otp
