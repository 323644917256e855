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
    for (auto const& entry : what.because)
        add(entry.name, std::to_string(entry.retry_after));
    if (what.what == word::sent) {
        add("expires_in", std::to_string(what.expires_in));
        add("cooldown", std::to_string(what.cooldown));
        for (auto const& limit : what.limits)
            add(limit.name,
                std::to_string(limit.remaining) + "(" + std::to_string(limit.resets_in) + ")");
    }
    if (what.what != word::sent && what.expires_in != 0)
        add("own_code", std::to_string(what.expires_in));
    if (what.what == word::released)
        for (auto const entry : what.forgotten)
            add("forgotten", std::to_string(entry));
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
    for (auto const& entry : what.because)
        sum.add(entry.name).add(entry.retry_after);
    sum.add(what.expires_in).add(what.cooldown);
    for (auto const& limit : what.limits)
        sum.add(limit.name).add(limit.remaining).add(limit.resets_in);
    for (auto const entry : what.forgotten)
        sum.add(entry);
    sum.add(what.view.state).add(what.view.delivery).add(what.view.expires_in);
    sum.add(what.view.attempts_left);
    return sum.value();
}

} // namespace otpd::simulation
