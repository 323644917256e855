#include "engine/scores.hpp"

#include "engine/hedge.hpp"
#include "engine/steps.hpp"

#include <algorithm>
#include <array>

namespace otpd::store::engine {

namespace {

using state::score_part;
using state::score_state_key;
using state::verification_state;

/// The fields of a route. Those from `seconds` on, one for each bucket, are in their own state.
enum count_field : std::size_t {
    sent_count,
    accepted_count,
    delivered_count,
    failed_count,
    verified_count,
    priced_count,
    cost_sum,
    seconds_count,
    field_count = seconds_count + score_buckets
};
static_assert(scored_routes_max * seconds_count <= state::fields_max);
static_assert(scored_routes_max * score_buckets <= state::fields_max);

/// A field's name is its route and its place among the route's fields, one byte each. Names must
/// outlive the step, so there is a table of them.
constexpr auto score_names = [] {
    std::array<char, 2 * (scored_routes_max + 1) * field_count> bytes{};
    for (std::size_t n = 0; n < bytes.size() / 2; ++n) {
        bytes[2 * n] = static_cast<char>(n / field_count);
        bytes[2 * n + 1] = static_cast<char>(n % field_count);
    }
    return bytes;
}();

std::string_view score_name(int route_id, std::size_t field) noexcept {
    return {score_names.data() + 2 * (static_cast<std::size_t>(route_id) * field_count + field), 2};
}

/// No single message costs more.
constexpr std::int64_t cost_max = 1000 * money::micros_per_unit;

bool is_scored(int route_id) noexcept {
    return route_id >= 1 && route_id <= scored_routes_max;
}

/// `kept`: the state of that key.
void add_score(states& states, state_key const& key, shared_state const& kept,
               std::string_view field, std::int64_t delta, store_time now) {
    if (kept.find(field) == nullptr && kept.fields.size() >= state::fields_max) return;
    structure needed;
    needed.sum_end = now + std::chrono::hours(1) + score_retention;
    addition addition;
    addition.field = field;
    addition.delta = delta;
    addition.skips_when_over = true;
    addition.retained_until = needed.sum_end + std::chrono::hours(1);
    states.add(key, addition, needed);
}

/// Adds all counts of a route at once, so that the structure of a country's state changes once for
/// each route and hour.
void count(states& states, score_slot const& slot, int route_id, std::size_t field, store_time now,
           std::int64_t delta = 1) {
    auto const part = field < seconds_count ? score_part::counts : score_part::seconds;
    auto const key = score_state_key(part, slot);
    auto const& kept = states.shared(key);
    auto const name = score_name(route_id, field);
    if (part == score_part::counts && kept.find(name) == nullptr)
        for (std::size_t it = 0; it < seconds_count; ++it)
            add_score(states, key, kept, score_name(route_id, it), 0, now);
    add_score(states, key, kept, name, delta, now);
}

/// The usual send finds its country listed, and adds nothing to the list.
void list_country(states& states, score_slot const& slot, store_time now) {
    auto const key = score_state_key(score_part::countries, {{}, slot.hour});
    auto const& kept = states.shared(key);
    if (kept.find(slot.country) == nullptr) add_score(states, key, kept, slot.country, 1, now);
}

/// No limit has such a name. The value is the time from which on the number may give a sample.
constexpr std::string_view sample_field = "next-sample";

/// Returns whether the number gives a sample, which is its last one for the period. A time that no
/// step can have written yet is void.
bool take_sample(states& states, key_hash const& number, store_time now) {
    auto const key = state::limit_state_key(number);
    auto const& kept = states.shared(key);
    auto const next = kept.value(sample_field);
    addition addition;
    addition.field = sample_field;
    addition.floor = ticks(now);
    addition.delta = counter_time(sample_period).count();
    addition.bound = ticks(now + sample_period);
    addition.ceiling = ticks(now + sample_period + state::clock_tolerance);
    addition.retained_until = now + sample_period + std::chrono::minutes(1);
    if (next > ticks(now) && next <= addition.ceiling) return false;
    if (states.room_left() != room::ample && kept.fields.empty()) return false;
    states.add(key, addition);
    return true;
}

route_counts& counts_of(std::vector<route_counts>& list, int route_id) {
    auto found = std::ranges::lower_bound(list, route_id, {}, &route_counts::route_id);
    if (found == list.end() || found->route_id != route_id) {
        found = list.insert(found, route_counts{});
        found->route_id = route_id;
    }
    return *found;
}

void set(route_counts& of, std::size_t field, std::int64_t value) noexcept {
    constexpr std::array members{&route_counts::sent,      &route_counts::accepted,
                                 &route_counts::delivered, &route_counts::failed,
                                 &route_counts::verified,  &route_counts::priced,
                                 &route_counts::cost};
    static_assert(members.size() == seconds_count);
    if (field < members.size())
        of.*members[field] = value;
    else
        of.seconds[field - seconds_count] = value;
}

/// Ignores names that no release wrote.
void read_counts(shared_state const& kept, std::vector<route_counts>& to) {
    for (auto const& entry : kept.fields) {
        if (entry.name.size() != 2) continue;
        auto const route_id = static_cast<std::uint8_t>(entry.name[0]);
        auto const field = static_cast<std::uint8_t>(entry.name[1]);
        if (is_scored(route_id) && field < field_count)
            set(counts_of(to, route_id), field, entry.current);
    }
}

} // namespace

void count_send(states& states, verification_state& verification, send_score const& score,
                store_time now) {
    if (verification.is_settled || score.attempts.empty()) return;
    if (!take_sample(states, score.number, now)) return;
    verification.is_sample = true;
    list_country(states, score.slot, now);
    for (auto const& attempt : score.attempts) {
        if (!is_scored(attempt.route_id)) continue;
        auto const add = [&](std::size_t field, std::int64_t delta = 1) {
            count(states, score.slot, attempt.route_id, field, now, delta);
        };
        add(sent_count);
        if (!attempt.is_accepted) continue;
        add(accepted_count);
        // The user may be faster than the upstream's answer.
        if (verification.code_state == progress::verified) add(verified_count);
        if (!attempt.cost) continue;
        add(priced_count);
        add(cost_sum, std::clamp<std::int64_t>(attempt.cost->micros(), 0, cost_max));
    }
}

void count_report(states& states, verification_state const& verification, delivery message,
                  report_score const& score, store_time now) {
    if (!verification.is_sample || !is_scored(score.route_id)) return;
    auto const add = [&](std::size_t field) {
        count(states, score.slot, score.route_id, field, now);
    };
    if (certainty(verification.message) < certainty(delivery::accepted)) add(accepted_count);
    if (message == delivery::failed) add(failed_count);
    if (message != delivery::delivered) return;
    add(delivered_count);
    add(seconds_count + score_bucket(score.took));
}

void count_verified(states& states, number_key const& number, verification_id const& id,
                    score_slot const& slot, store_time now) {
    auto const* const found = states.number(number).find(id);
    if (found == nullptr || !found->is_sample || !found->sent) return;
    if (&arrived(*found) != &found->sent) return; // a second message is no sample
    auto const route_id = found->sent.get().route_id;
    if (!is_scored(route_id)) return;
    count(states, slot, route_id, verified_count, now);
}

score_answer scores(states& states, score_read const& request, store_time) {
    score_answer answer;
    for (auto const hour : request.hours) {
        auto& list = answer.countries.emplace_back();
        for (auto const& field :
             states.shared(score_state_key(score_part::countries, {{}, hour})).fields)
            if (field.current > 0) list.emplace_back(field.name);
    }
    for (auto const& slot : request.slots) {
        auto& list = answer.counts.emplace_back();
        for (auto const part : {score_part::counts, score_part::seconds})
            read_counts(states.shared(score_state_key(part, slot)), list);
    }
    return answer;
}

} // namespace otpd::store::engine
