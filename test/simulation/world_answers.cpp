// Compares what the service does and answers with the model and the audit.

#include "surroundings.hpp"
#include "world.hpp"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

namespace otpd::simulation {

namespace {

/// The last run of digits of a message.
std::string code_in(std::string const& text) {
    auto const end = text.find_last_of("0123456789") + 1;
    auto const before = text.find_last_not_of("0123456789", end - 1);
    return text.substr(before + 1, end - before - 1);
}

/// For a limit that instances share, each reports the usage that it saw last.
answer without_figures(answer of) {
    for (auto& limit : of.limits)
        limit = left_of{0, 0, limit.name};
    std::ranges::sort(of.limits);
    return of;
}

/// For a refusal that is checked after the limits and has a reason of its own.
bool is_another_reason(word said, word expected) {
    bool const comes_later = said == word::send_in_progress || said == word::no_active_otp ||
                             said == word::attempts_exceeded || said == word::guesses_exceeded;
    return comes_later && (expected == word::limit_exceeded || expected == word::cooldown_active ||
                           expected == word::challenge_required);
}

bool is_cancelation(std::exception_ptr const& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (boost::system::system_error const& why) {
        return why.code() == boost::asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

} // namespace

// --- the store ----------------------------------------------------------------------------------

void world::admitting(operation_id op, store::admission const& request) {
    at(op).at = {request.key.number, request.id};
    at(op).code = request.code;
    by_id_[request.id] = op;
}

/// No server does two steps in one microsecond, and the Redis store distinguishes codes of a scope
/// by their times.
void world::about_to_do() {
    clock_.set(now() + instant(1));
    backend_->time_went_on();
}

void world::done(operation_id op, store_step what, instant issued, seen effect) {
    note(happening::step, op, static_cast<std::int64_t>(what));
    auto& it = at(op);
    auto const when = store_now();
    switch (what) {
    case store_step::admit:
    case store_step::settle:
    case store_step::replace_reservation:
        if (it.kind == happening::hedge) return done_for_hedge(op, what, issued, effect);
        done_for_send(op, what, issued, effect);
        break;
    case store_step::check:
        done_for_check(op, effect);
        break;
    case store_step::find:
        // Also after a successful cancel.
        it.expected = model_.find(it.id, when);
        break;
    case store_step::cancel:
        it.expected = model_.cancel(it.id, when);
        break;
    case store_step::release:
        it.expected = model_.release(it.release, when);
        audit_.released(it.release);
        break;
    case store_step::update:
        if (model_.is_news(it.report.of, it.report.is_hedge, it.report.state, when))
            audit_.reported(it.report.of, it.report.is_hedge,
                            static_cast<store::delivery>(it.report.state));
        it.expected = model_.update(it.report.of, it.report.is_hedge, it.report.state,
                                    it.report.correction, when);
        break;
    }
}

/// A store that repeats a step on another state begins with the first code again.
void world::compared(operation_id op, store::code_seed const& with) {
    auto& codes = at(op).compared;
    if (std::ranges::find(codes, with) != codes.end()) codes.clear();
    codes.push_back(with);
}

void world::admitted(operation_id op, store::code_seed const& code) {
    at(op).code = code;
}

void world::done_for_check(operation_id op, seen effect) {
    auto& it = at(op);
    auto const when = store_now();
    it.expected = model_.check(it.check, when);
    if (effect == seen::unheard && it.expected.what == word::verified) effect = seen::right;
    if (effect == seen::unheard && it.expected.what == word::invalid_code) effect = seen::wrong;
    hold(audit_.compared(it.check, it.compared), op);
    if (effect == seen::right || effect == seen::wrong)
        hold(audit_.evaluated(it.check, it.compared, effect == seen::right, when), op);
}

void world::done_for_send(operation_id op, store_step what, instant issued, seen effect) {
    auto& it = at(op);
    auto const before = model_.phase_of(op);
    auto const when = store_now();
    if (what == store_step::settle) {
        if (before != phase::settling) disagree("#" + std::to_string(op) + ": settled too early");
        model_.settle(op, when);
        return;
    }
    if (before != phase::asking)
        disagree("#" + std::to_string(op) + ": asks the store for more than it may");
    if (what == store_step::replace_reservation) {
        model_.replace_reservation(op, issued, when);
        if (model_.phase_of(op) == phase::sending) it.booked_at = issued;
        return;
    }
    model_.admit(op, issued, when);
    bool const sees_all = backend_->is_known() == backend::exactness::all;
    if (effect == seen::elsewhere && !sees_all) model_.admit_elsewhere(op, when);
    bool const must = model_.phase_of(op) == phase::sending;
    if (effect == seen::unheard && must) effect = seen::admitted;
    if (must != (effect == seen::admitted))
        disagree("#" + std::to_string(op) +
                 ": admitted, or not, against the rules; by them it is " +
                 (must ? std::string("admitted") : to_string(model_.answer_of(op, when))));
    if (effect != seen::admitted) return;
    it.booked_at = issued;
    sends_.push_back(op);
    hold(audit_.admitted(op, it.send, it.code, when), op);
}

void world::failed(operation_id op, store_step what) {
    note(happening::fault, op, static_cast<std::int64_t>(what));
    auto& it = at(op);
    if (it.kind == happening::hedge)
        it.expected = simply(word::store_unavailable);
    else if (what == store_step::admit)
        it.admission_failed = true;
    else if (what == store_step::settle)
        it.settlement_failed = true;
    else if (what == store_step::replace_reservation)
        model_.replace_failed(op);
    else
        it.expected = simply(word::store_unavailable, what == store_step::update ? 0 : soon);
}

void world::broken(std::string what) {
    fail(std::move(what));
}

// --- the upstream -------------------------------------------------------------------------------

void world::transmitting(operation_id op, bridgexapi::sms const& message) {
    note(happening::route, op, message.route_id);
    auto const& it = at(op);
    auto const code = code_in(message.text.reveal());
    if (it.kind == happening::hedge) {
        auto const of = it.hedge.order.of;
        if (auto const& second = model_.hedge_of(of); !second || second->by != op)
            disagree("#" + std::to_string(op) + ": sends what must not be sent");
        return hold(audit_.transmitting_hedge(of, op, code), op);
    }
    at(op).transmitted = code;
    hold(audit_.transmitting(op, it.send, code), op);
    if (it.admission_failed) return fail("#" + std::to_string(op) + ": sends without an admission");
    if (model_.phase_of(op) != phase::sending)
        disagree("#" + std::to_string(op) + ": sends what must not be sent");
    if (is_model_right_ && message.route_id != model_.route_of(op))
        return fail("#" + std::to_string(op) + ": takes another route");
    if (message.to.digits() != rules_.numbers[static_cast<std::size_t>(it.send.to.number)])
        return fail("#" + std::to_string(op) + ": sends to another number");
    if (!model_.learn_code(op, code))
        disagree("#" + std::to_string(op) + ": sends another code than the one that it repeats");
}

void world::answered(operation_id op, upstream_answer what) {
    note(happening::upstream, op, static_cast<std::int64_t>(what.what), what.cost.value_or(-1));
    if (at(op).kind == happening::hedge) {
        at(op).hedge.outcome = what;
        return;
    }
    audit_.answered(op, what.what);
    model_.upstream(op, what, now());
}

// --- callers ------------------------------------------------------------------------------------

template <class T>
void world::heard(operation_id op, std::exception_ptr const& thrown, otp::outcome<T> const& said) {
    at(op).ended = true;
    if (thrown) {
        if (!at(op).gave_up || !is_cancelation(thrown))
            fail("#" + std::to_string(op) + ": an exception came through");
        note(happening::answer, op, static_cast<std::int64_t>(word::given_up));
        return;
    }
    keep_challenge(op, said);
    if (!said) return judge(op, translate(said.error()));
    if constexpr (std::is_same_v<T, otp::verified>)
        judge(op, translate(*said, by_id_));
    else
        judge(op, translate(*said));
}
template void world::heard(operation_id, std::exception_ptr const&, otp::outcome<otp::sent> const&);
template void world::heard(operation_id, std::exception_ptr const&,
                           otp::outcome<otp::verified> const&);
template void world::heard(operation_id, std::exception_ptr const&,
                           otp::outcome<otp::verification_view> const&);
template void world::heard(operation_id, std::exception_ptr const&,
                           otp::outcome<store::released> const&);

template <class T>
void world::keep_challenge(operation_id op, otp::outcome<T> const& said) {
    if (said || said.error().challenge_token.empty()) return;
    at(op).challenge_token = said.error().challenge_token;
    challenged_.push_back(op);
    model_.challenged(op, now());
}

void world::heard_update(operation_id op, std::exception_ptr const& thrown,
                         store::result<store::update_outcome> const& said) {
    if (thrown) return heard(op, thrown, otp::outcome<otp::verified>());
    at(op).ended = true;
    judge(op, said ? translate(*said) : simply(word::store_unavailable));
}

void world::judge(operation_id op, answer said) {
    bool const sees_all = backend_->is_known() == backend::exactness::all;
    if (!sees_all) said = without_figures(std::move(said));
    note(happening::answer, op, static_cast<std::int64_t>(said.what),
         said.retry_after * 1000 + said.attempts_left + 1,
         static_cast<std::int64_t>(digest(without_figures(said))));
    auto& it = at(op);
    auto expected = it.expected;
    if (it.kind == happening::send) judge_send(op, said, expected);
    if (!sees_all) expected = without_figures(std::move(expected));
    bool const is_refused_all_the_same = !sees_all && is_another_reason(said.what, expected.what);
    if (said != expected && !is_refused_all_the_same)
        disagree("#" + std::to_string(op) + " is answered\n    " + to_string(said) +
                 "\nmust be\n    " + to_string(expected));
    if (it.kind == happening::check) hold(audit_.heard(it.check, said, it.began), op);
    if (it.kind == happening::cancel && said.what == word::shown)
        audit_.heard_cancel(it.id.id, store_now());
}

/// A caller gets no answer before the send is settled.
void world::judge_send(operation_id op, answer const& said, answer& expected) {
    auto const& it = at(op);
    if (it.admission_failed) {
        expected = simply(word::store_unavailable, soon);
        return;
    }
    expected = model_.answer_of(op, now());
    // An instance that had not seen that the route's budget is used up refuses for another reason,
    // and tries no other route.
    bool const stops_asking = model_.phase_of(op) == phase::asking &&
                              backend_->is_known() != backend::exactness::all &&
                              is_another_reason(said.what, expected.what);
    if (model_.phase_of(op) != phase::over && !it.settlement_failed && !stops_asking)
        disagree("#" + std::to_string(op) + ": answered before it was settled");
}

} // namespace otpd::simulation
