#include "translation.hpp"

#include <algorithm>
#include <tuple>

namespace otpd::simulation {

namespace {

constexpr std::string_view reply_prefix = "reply of #";

word word_of(otp::errc code) {
    using enum otp::errc;
    switch (code) {
    case cooldown_active:
        return word::cooldown_active;
    case limit_exceeded:
        return word::limit_exceeded;
    case challenge_required:
        return word::challenge_required;
    case send_in_progress:
        return word::send_in_progress;
    case idempotency_key_reused:
        return word::idempotency_key_reused;
    case upstream_rejected:
        return word::upstream_rejected;
    case upstream_unavailable:
        return word::upstream_unavailable;
    case delivery_unknown:
        return word::delivery_unknown;
    case invalid_code:
        return word::invalid_code;
    case no_active_otp:
        return word::no_active_otp;
    case attempts_exceeded:
        return word::attempts_exceeded;
    case guesses_exceeded:
        return word::guesses_exceeded;
    case verification_not_found:
        return word::verification_not_found;
    case verification_ended:
        return word::verification_ended;
    case store_unavailable:
        return word::store_unavailable;
    default:
        return word::other;
    }
}

} // namespace

std::string reply_of(operation_id op) {
    return std::string(reply_prefix) + std::to_string(op);
}

answer translate(otp::failure const& why) {
    auto said = simply(word_of(why.code));
    if (why.retry_after) said.retry_after = why.retry_after->count();
    if (why.attempts_left) said.attempts_left = *why.attempts_left;
    if (why.code_expires_in) said.expires_in = why.code_expires_in->count();
    for (auto const& entry : why.violated)
        said.because.push_back({entry.name, entry.retry_after.count()});
    return said;
}

answer translate(otp::sent const& done) {
    if (done.replayed.starts_with(reply_prefix)) {
        auto said = simply(word::replayed);
        said.about =
            static_cast<operation_id>(std::stoul(done.replayed.substr(reply_prefix.size())));
        return said;
    }
    auto said = simply(word::sent);
    said.expires_in = done.expires_in.count();
    said.cooldown = done.cooldown.count();
    auto const tightest_first = [](otp::limit_status const& limit_status) {
        return std::tuple(limit_status.remaining, -limit_status.resets_in.count());
    };
    if (!std::ranges::is_sorted(done.limits, {}, tightest_first)) said.what = word::other;
    for (auto const& limit : done.limits)
        said.limits.push_back(left_of{limit.remaining, limit.resets_in.count(), limit.name});
    std::ranges::sort(said.limits);
    return said;
}

answer translate(otp::verified const& right, ids const& by_id) {
    auto said = simply(word::verified);
    if (!right.id) return said;
    auto const found = by_id.find(*right.id);
    if (found != by_id.end()) said.about = found->second;
    return said;
}

answer translate(otp::verification_view const& view) {
    auto said = simply(word::shown);
    said.view.state = view.state;
    said.view.delivery = view.delivery;
    said.view.expires_in = view.expires_in.count();
    said.view.attempts_left = view.attempts_left;
    return said;
}

answer translate(store::released const& done) {
    auto said = simply(word::released);
    said.forgotten = {done.wrong_guesses, done.failures_in_a_row, done.devices};
    return said;
}

answer translate(store::update_outcome said) {
    switch (said) {
    case store::update_outcome::updated:
        return simply(word::updated);
    case store::update_outcome::known:
        return simply(word::known);
    case store::update_outcome::recorded:
        return simply(word::recorded);
    case store::update_outcome::absent:
    case store::update_outcome::taken: // no report of a history has an id
    case store::update_outcome::in_flight:
        break;
    }
    return simply(word::absent);
}

} // namespace otpd::simulation
