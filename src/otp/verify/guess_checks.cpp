#include "verify/guess_checks.hpp"

#include "scope.hpp"

#include <optional>
#include <utility>

namespace otpd::otp {

checked_guess guess_checks::check(verify_request&& request) const {
    auto const& client = request.caller.client->name;
    auto const number = keys_.hash(client, request.number);
    auto const* const test = tests_.find(request.number);
    auto const& known = request.caller.stand_in;
    std::string const country = known ? known->country : destinations_.country_of(request.number);
    store::check asked;
    asked.key = {number, scope_of(*request.caller.client, request.purpose,
                                  keys_.binding_of(client, request.number, request.variables))};
    asked.is_code_of = [&keys = keys_, client, what = request.purpose, to = request.number,
                        typed = request.code,
                        fixed = test != nullptr ? std::optional(test->code)
                                                : std::nullopt](store::code_seed const& seed) {
        auto const own = seed == store::code_seed() ? fixed : keys.code_of(seed, client, what, to);
        return own && own->is_same_as(typed);
    };
    asked.length = static_cast<std::uint8_t>(request.code.size());
    asked.by = keys_.requester_of(request.caller, request.number);
    asked.device = keys_.device_of(request.caller, request.number);
    asked.attempts_max =
        rules_.for_scope(*request.caller.client, request.purpose.name()).attempts_max;
    asked.guesses = rules_.guesses;
    limiter::limit_keys const keys{request.caller, request.number, number, country};
    // A test number's sends are not counted, so neither is its verified code.
    if (test == nullptr)
        for (auto const& key : limits_.guards(keys))
            asked.guarded.push_back(key.key);
    asked.typing = rules_.pumping.typing;
    if (request.id) {
        // An invalid id, or that of another number, matches nothing.
        auto const at = keys_.open(*request.id).value_or(store::verification_address{});
        asked.id = at.number == number ? at.id : store::verification_id{};
    } else {
        asked.rate_limit_checks = limits_.rate_limit_checks(limit_step::guess, keys);
    }
    asked.trace = request.caller.trace;
    auto const who = limits_.pseudonyms_of(keys);
    return {std::move(request), number, country, std::move(asked), who};
}

} // namespace otpd::otp
