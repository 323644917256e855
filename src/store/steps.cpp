#include "steps.hpp"

namespace otpd::store::steps {

namespace {

/// The hour and the day that are counted now, made when they are not there.
watch_state& watched_now(subject_state& state, store_time now) {
    if (!state.watched) state.watched.emplace();
    state.watched->roll(now);
    return *state.watched;
}

/// What an earlier admission with the same idempotency key says; nothing when there was none.
std::optional<admit_outcome> said_before(subjects& in, idempotency_key const& once,
                                         store_time now) {
    auto const& kept = in.look(once.key).once;
    if (!kept) return std::nullopt;
    if (kept->fingerprint != once.fingerprint) return conflicting{};
    if (kept->settled) return replayed{kept->reply};
    if (now < kept->lease_end) return in_flight{until(kept->lease_end, now)};
    return unsettled{};
}

/// What stands against an admission, and how many items it would add.
class objections {
public:
    objections(subjects& in, admission const& request, store_time now) : in_(in), now_(now) {
        look_at_cooldown(request);
        for (auto const& each : request.charges)
            look_at(each);
        for (auto const& each : request.reservations)
            look_at(each);
        for (auto const& each : request.watches)
            look_at(each);
        auto const& number = in.look(request.key.number);
        if (auto const wait = number.out_of_guesses(request.guesses, now))
            found.violations.push_back(violation{guesses_counter, *wait});
        room += request.once ? 2 : 1; // with the verification
    }

    refused found;
    std::size_t room = 0;

private:
    void look_at_cooldown(admission const& request) {
        if (request.cooldown.base <= duration(0)) return;
        auto const& kept = in_.look(request.key.number).cooldown;
        if (!kept)
            ++room;
        else if (now_ < kept->pause_until)
            found.violations.push_back(violation{cooldown_counter, until(kept->pause_until, now_)});
    }

    void look_at(charge const& price) {
        auto const& state = in_.look(price.subject);
        if (!state.counts(price.counter)) ++room;
        if (auto const wait = state.wait(price, now_))
            object(price.observed, violation{price.counter, *wait});
    }

    void look_at(reservation const& what) {
        auto const* const kept = in_.look(what.from.subject).budgets.find(what.from);
        if (kept == nullptr) ++room;
        auto const taken = kept == nullptr ? 0 : kept->taken;
        if (auto const wait = refusal_of(what, kept, taken, now_))
            object(what.observed, violation{what.from.name, *wait});
    }

    /// A breaker trips here: its block stands whether or not this send is refused.
    void look_at(watch const& rule) {
        auto const& kept = in_.look(rule.subject).watched;
        if (!kept) ++room;
        auto as_of_now = kept ? *kept : watch_state();
        as_of_now.roll(now_);
        auto objection = as_of_now.against(rule, now_);
        if (!objection) return;
        if (objection->tripped)
            in_.change(rule.subject,
                       [&](subject_state& state) { watched_now(state, now_).trip(rule, now_); });
        object(rule.observed, *std::move(objection));
    }

    void object(bool observed, violation what) {
        (observed ? found.observed : found.violations).push_back(std::move(what));
    }

    subjects& in_;
    store_time now_;
};

void take(subjects& in, std::vector<reservation> const& those, store_time now) {
    for (auto const& what : those)
        in.change(what.from.subject, [&](subject_state& state) { state.budgets.take(what, now); });
}

void adjust(subjects& in, std::vector<adjustment> const& those) {
    for (auto const& what : those)
        if (in.look(what.of.subject).budgets.find(what.of) != nullptr)
            in.change(what.of.subject, [&](subject_state& state) { state.budgets.adjust(what); });
}

/// What will be taken from the budget then.
std::int64_t taken_after(budget_sum const& kept, budget_key const& from,
                         std::vector<adjustment> const& changes) noexcept {
    auto taken = kept.taken;
    for (auto const& each : changes)
        if (each.of == from) taken = changed_by(taken, each.change);
    return taken;
}

/// Of an admission that nothing stands against.
admitted apply(subjects& in, admission& request, store_time now) {
    admitted done;
    for (auto const& price : request.charges)
        in.change(price.subject, [&](subject_state& state) {
            bool const spared = price.observed && state.wait(price, now);
            done.busy_for.push_back(spared ? counter_time(0) : state.take(price, now) - now);
        });
    take(in, request.reservations, now);
    for (auto const& rule : request.watches)
        in.change(rule.subject,
                  [&](subject_state& state) { watched_now(state, now).count_sent(now); });
    if (auto const& once = request.once)
        in.change(once->key, [&](subject_state& state) {
            state.once.emplace();
            state.once->fingerprint = once->fingerprint;
            state.once->lease_end = now + request.lease;
            state.once->expires = now + once->keep;
        });
    in.change(request.key.number, [&](subject_state& state) {
        if (request.cooldown.base > duration(0))
            done.cooldown = state.cool_down(request.cooldown, now);
        state.add(request, now);
    });
    return done;
}

std::vector<adjustment> const& adjustments_of(settlement const& request,
                                              verification_record const& of) noexcept {
    bool const rebooked_after_all =
        request.unanswered && of.events.count(event_kind::step) > request.unanswered->steps_before;
    return rebooked_after_all ? request.unanswered->adjustments : request.adjustments;
}

void settle_once(subjects& in, settlement& request) {
    auto const& kept = in.look(request.once->key).once;
    if (!kept || kept->settled) return;
    in.change(request.once->key, [&](subject_state& state) {
        if (request.result == send_result::refused) {
            state.once.reset();
        } else {
            state.once->settled = true;
            state.once->reply = std::move(request.reply);
        }
    });
}

void give_back(subjects& in, settlement const& request, store_time now) {
    for (auto const& price : request.give_back)
        in.change(price.subject, [&](subject_state& state) { state.give_back(price, now); });
    for (auto const& at : request.watched)
        in.change(at, [&](subject_state& state) {
            if (state.watched) watched_now(state, now).uncount_sent();
        });
}

/// Those that would refuse the guess.
std::vector<violation> unpaid(subjects& in, std::vector<charge> const& charges, store_time now) {
    std::vector<violation> found;
    for (auto const& price : charges) {
        if (price.observed) continue;
        if (auto const wait = in.look(price.subject).wait(price, now))
            found.push_back(violation{price.counter, *wait});
    }
    return found;
}

void pay(subjects& in, std::vector<charge> const& charges, store_time now) {
    for (auto const& price : charges)
        in.change(price.subject, [&](subject_state& state) {
            if (!state.wait(price, now)) state.take(price, now);
        });
}

} // namespace

admit_outcome admit(subjects& in, admission& request, store_time now) {
    if (request.once)
        if (auto said = said_before(in, *request.once, now)) return *std::move(said);
    objections against(in, request, now);
    if (!against.found.violations.empty()) return std::move(against.found);
    if (auto const wait = in.look(request.key.number).in_flight(request.key.slot, now))
        return in_flight{*wait};
    if (!in.has_room_for(against.room)) return full{};
    auto done = apply(in, request, now);
    done.observed = std::move(against.found.observed);
    return done;
}

settle_outcome settle(subjects& in, settlement& request, store_time now) {
    if (request.once) settle_once(in, request);
    auto const* const found = in.look(request.key.number).find(request.id);
    if (found == nullptr) return settle_outcome::superseded;
    bool const first = !found->settled();
    auto const& turned_out = adjustments_of(request, *found);
    auto outcome = settle_outcome::superseded;
    in.change(request.key.number,
              [&](subject_state& state) { outcome = state.settle(request, now); });
    if (outcome == settle_outcome::superseded) return outcome;
    if (first) adjust(in, turned_out);
    if (request.result == send_result::refused) give_back(in, request, now);
    return outcome;
}

rebook_outcome rebook(subjects& in, rebooking const& request, store_time now) {
    auto const* const of = in.look(request.of.number).find(request.of.id);
    if (of == nullptr || of->settled()) return too_late{};
    refused found;
    for (auto const& what : request.take) {
        auto const* const kept = in.look(what.from.subject).budgets.find(what.from);
        auto const taken = kept == nullptr ? 0 : taken_after(*kept, what.from, request.give_back);
        if (auto const wait = refusal_of(what, kept, taken, now))
            (what.observed ? found.observed : found.violations)
                .push_back(violation{what.from.name, *wait});
    }
    if (!found.violations.empty()) return found;
    adjust(in, request.give_back);
    take(in, request.take, now);
    in.change(request.of.number, [&](subject_state& state) {
        if (auto* const again = state.find(request.of.id)) again->list_all(request.notes, now);
    });
    return rebooked{std::move(found.observed)};
}

update_outcome update(subjects& in, delivery_update& request, store_time now) {
    auto const* const found = in.look(request.at.number).find(request.at.id);
    if (found == nullptr) return update_outcome::absent;
    bool const grows = certainty(request.message) > certainty(found->message);
    auto outcome = update_outcome::known;
    in.change(request.at.number,
              [&](subject_state& state) { outcome = state.update(request, now); });
    if (grows) adjust(in, request.adjustments);
    return outcome;
}

check_outcome check_code(subjects& in, check const& request, store_time now) {
    bool const open = !request.id;
    if (open)
        if (auto found = unpaid(in, request.charges, now); !found.empty())
            return refused{std::move(found), {}};
    check_outcome outcome = absent{};
    if (in.look(request.key.number).codes() > 0)
        in.change(request.key.number,
                  [&](subject_state& state) { outcome = state.check_code(request, now); });
    if (open && (std::holds_alternative<absent>(outcome) || std::holds_alternative<wrong>(outcome)))
        pay(in, request.charges, now);
    if (std::holds_alternative<verified>(outcome))
        for (auto const& at : request.watched)
            in.change(at,
                      [&](subject_state& state) { watched_now(state, now).count_verified(now); });
    return outcome;
}

std::optional<verification> find(subjects& in, verification_address const& at, store_time now) {
    auto const* const found = in.look(at.number).find(at.id);
    if (found == nullptr) return std::nullopt;
    return found->shown(now);
}

cancel_outcome cancel(subjects& in, cancellation const& request, store_time now) {
    if (in.look(request.at.number).find(request.at.id) == nullptr) return cancel_outcome::absent;
    auto outcome = cancel_outcome::absent;
    in.change(request.at.number,
              [&](subject_state& state) { outcome = state.cancel(request, now); });
    return outcome;
}

std::vector<std::int64_t> spent(subjects& in, std::vector<budget_key> const& of) {
    std::vector<std::int64_t> sums;
    for (auto const& each : of) {
        auto const* const kept = in.look(each.subject).budgets.find(each);
        sums.push_back(kept == nullptr ? 0 : kept->taken);
    }
    return sums;
}

} // namespace otpd::store::steps
