#include "answer.hpp"

#include "fnv.hpp"

#include <array>

namespace otpd::simulation {

std::string_view to_string(word what) noexcept {
    static constexpr std::array<std::string_view, 29> words{"nothing",
                                                            "sent",
                                                            "replayed",
                                                            "cooldown_active",
                                                            "limit_exceeded",
                                                            "challenge_required",
                                                            "send_in_progress",
                                                            "idempotency_key_reused",
                                                            "upstream_rejected",
                                                            "upstream_unavailable",
                                                            "delivery_unknown",
                                                            "verified",
                                                            "invalid_code",
                                                            "no_active_otp",
                                                            "attempts_exceeded",
                                                            "guesses_exceeded",
                                                            "shown",
                                                            "verification_not_found",
                                                            "verification_ended",
                                                            "store_unavailable",
                                                            "updated",
                                                            "recorded",
                                                            "known",
                                                            "absent",
                                                            "released",
                                                            "hedged",
                                                            "too_late",
                                                            "given_up",
                                                            "other"};
    return words.at(static_cast<std::size_t>(what));
}

std::string to_string(answer const& what) {
    std::string text(to_string(what.what));
    auto add = [&text](std::string_view name, std::string const& value) {
        text.append(" ").append(name).append("=").append(value);
    };
    if (what.about != none) add("about", '#' + std::to_string(what.about));
    if (what.retry_after != 0) add("retry_after", std::to_string(what.retry_after));
    if (what.attempts_left >= 0) add("attempts_left", std::to_string(what.attempts_left));
    for (auto const& each : what.because)
        add(each.name, std::to_string(each.retry_after));
    if (what.what == word::sent) {
        add("expires_in", std::to_string(what.expires_in));
        add("cooldown", std::to_string(what.cooldown));
        for (auto const& each : what.limits)
            add(each.name,
                std::to_string(each.remaining) + "(" + std::to_string(each.resets_in) + ")");
    }
    if (what.what != word::sent && what.expires_in != 0)
        add("own_code", std::to_string(what.expires_in));
    if (what.what == word::released)
        for (auto const each : what.forgotten)
            add("forgotten", std::to_string(each));
    if (what.what == word::shown) {
        add("state", what.view.state);
        add("delivery", what.view.delivery);
        add("expires_in", std::to_string(what.view.expires_in));
        add("left", std::to_string(what.view.attempts_left));
    }
    return text;
}

std::uint64_t digest(answer const& what) {
    fnv sum;
    sum.add(what.what).add(what.retry_after).add(what.attempts_left).add(what.about);
    for (auto const& each : what.because)
        sum.add(each.name).add(each.retry_after);
    sum.add(what.expires_in).add(what.cooldown);
    for (auto const& each : what.limits)
        sum.add(each.name).add(each.remaining).add(each.resets_in);
    for (auto const each : what.forgotten)
        sum.add(each);
    sum.add(what.view.state).add(what.view.delivery).add(what.view.expires_in);
    sum.add(what.view.attempts_left);
    return sum.value();
}

} // namespace otpd::simulation
