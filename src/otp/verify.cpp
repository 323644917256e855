// service::verify: one guess.

#include "attempt.hpp"
#include "limiter.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "seconds.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds store_retry{1};

/// An answer of the store as the caller hears it, and the word it is counted and logged under
/// (telemetry::labels::check_outcomes).
struct verdict {
    std::string_view word;
    outcome<verified> result;
};

failure limits_exceeded(store::refused const& answer, std::vector<violated_limit> violated) {
    failure why{errc::limit_exceeded};
    store::duration longest{};
    for (auto const& each : answer.violations)
        longest = std::max(longest, each.retry_after);
    why.retry_after = whole_seconds(longest);
    why.violated = std::move(violated);
    return why;
}

verdict judge(store::result<store::check_outcome> const& answer,
              std::vector<violated_limit> violated) {
    if (!answer) return {"store_unavailable", failure{errc::store_unavailable, store_retry}};
    struct {
        std::vector<violated_limit>& violated;

        verdict operator()(store::verified const& right) const {
            return {"verified", verified{right.id}};
        }
        verdict operator()(store::wrong const& guess) const {
            failure why{errc::invalid_code};
            why.attempts_left = guess.attempts_left;
            return {"wrong", why};
        }
        verdict operator()(store::exhausted const& code) const {
            return {"exhausted", failure{errc::attempts_exceeded, whole_seconds(code.retry_after)}};
        }
        verdict operator()(store::locked const& number) const {
            return {"locked", failure{errc::guesses_exceeded, whole_seconds(number.retry_after)}};
        }
        verdict operator()(store::absent) const { return {"absent", failure{errc::no_active_otp}}; }
        verdict operator()(store::refused const& no) const {
            return {"limited", limits_exceeded(no, std::move(violated))};
        }
    } const to_verdict{violated};
    return std::visit(to_verdict, *answer);
}

/// Failures that tell whether there was a code, and how far somebody got with it.
bool tells_of_the_code(errc code) noexcept {
    switch (code) {
    case errc::invalid_code:
    case errc::no_active_otp:
    case errc::attempts_exceeded:
    case errc::guesses_exceeded:
        return true;
    default:
        return false;
    }
}

} // namespace

asio::awaitable<outcome<verified>> service::verify(verify_request request) {
    bool const uniform = rules_.uniform_failures > std::chrono::milliseconds::zero();
    return uniform ? guess_uniformly(std::move(request)) : guess(std::move(request));
}

asio::awaitable<outcome<verified>> service::guess_uniformly(verify_request request) {
    auto const answer_at = std::chrono::steady_clock::now() + rules_.uniform_failures;
    auto result = co_await guess(std::move(request));
    if (result || !tells_of_the_code(result.error().code)) co_return result;
    // What a store does for an absent code and for a wrong one takes different times: both wait for the
    // same moment.
    asio::steady_timer pause(co_await asio::this_coro::executor, answer_at);
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return failure{errc::invalid_code};
}

asio::awaitable<outcome<verified>> service::guess(verify_request request) {
    auto const& purposes = request.who.from->purposes;
    if (!purposes.empty() && std::ranges::find(purposes, request.what.name()) == purposes.end())
        co_return failure{errc::purpose_not_allowed};

    auto asked = check_of(request);
    auto const charges = asked.charges;
    auto const answer = co_await uses_.store.check_code(std::move(asked));
    std::vector<violated_limit> violated;
    if (auto const* no = answer ? std::get_if<store::refused>(&*answer) : nullptr) {
        violated = limiter_->violated(charges, no->violations);
        for (auto const& each : no->violations)
            uses_.metrics.limit_violated(each.counter, false);
    }
    if (answer) tell(request, *answer);
    auto const [word, result] = judge(answer, std::move(violated));
    uses_.metrics.check(word);
    report(request, word, answer);
    co_return result;
}

void service::tell(verify_request const& request, store::check_outcome const& answer) const {
    auto const* const right = std::get_if<store::verified>(&answer);
    auto const* const guess = std::get_if<store::wrong>(&answer);
    if (right == nullptr && guess == nullptr) return;
    bool const last = guess != nullptr && guess->attempts_left == 0;
    if (!uses_.tell.wants(right != nullptr ? occurrence_kind::verified : occurrence_kind::wrong) &&
        !(last && uses_.tell.wants(occurrence_kind::exhausted)))
        return;
    store::verification_address at;
    at.number = uses_.keys.hash(request.who.from->name, request.number);
    at.id = right != nullptr ? right->id : guess->id;
    occurrence told;
    told.what = right != nullptr ? occurrence_kind::verified : occurrence_kind::wrong;
    told.at = uses_.now.wall();
    told.verification_id = uses_.keys.seal(at);
    told.request_id = request.who.request_id;
    told.client = request.who.from->name;
    told.purpose = request.what.name();
    if (rules_.destinations.checked) told.country = uses_.plan.country_of(request.number);
    told.phone = request.number.masked();
    if (right != nullptr) {
        told.since_admitted = right->age;
        auto const sent = right->sent.value_or(store::receipt{});
        told.route_id = sent.route_id;
        told.order_id = sent.order_id;
        told.bx_message_id = sent.bx_message_id;
        told.cost = sent.cost;
    }
    uses_.tell.happened(told);
    if (!last) return;
    told.what = occurrence_kind::exhausted;
    uses_.tell.happened(told);
}

store::check service::check_of(verify_request const& request) const {
    auto const number = uses_.keys.hash(request.who.from->name, request.number);
    store::check asked;
    asked.key = store::record_key{number, slot_of(*request.who.from, request.what)};
    auto const* const test = find_test_number(request.number);
    asked.is_code_of = [&keys = uses_.keys, client = request.who.from->name, what = request.what,
                        to = request.number, typed = request.code,
                        fixed = test != nullptr ? std::optional(test->code)
                                                : std::nullopt](store::code_seed const& seed) {
        auto const own = seed == store::code_seed() ? fixed : keys.code_of(seed, client, what, to);
        return own && own->is_same_as(typed);
    };
    asked.attempts_max = rules_.attempts_max;
    asked.guesses = rules_.guesses;
    auto const country =
        rules_.destinations.checked ? uses_.plan.country_of(request.number) : std::string();
    limiter::subjects const of{request.who, request.number, country};
    // A test number's sends are not counted, so neither is its code.
    if (test == nullptr)
        for (auto const& each : limiter_->watches(of))
            asked.watched.push_back(each.subject);
    if (!request.id) {
        asked.charges = limiter_->charges(limit_step::guess, of);
        return asked;
    }
    // An id of another number leads nowhere.
    auto const at = uses_.keys.open(*request.id).value_or(store::verification_address{});
    asked.id = at.number == number ? at.id : store::verification_id{};
    return asked;
}

void service::report(verify_request const& request, std::string_view word,
                     store::result<store::check_outcome> const& answer) const {
    if (!uses_.log.enabled(telemetry::level::info)) return;
    auto const phone = request.number.masked();
    auto const* const right = answer ? std::get_if<store::verified>(&*answer) : nullptr;
    if (right == nullptr) {
        uses_.log.info("otp_not_verified", {{"request_id", request.who.request_id},
                                            {"client", request.who.from->name},
                                            {"phone", phone},
                                            {"purpose", request.what.name()},
                                            {"with_id", request.id.has_value()},
                                            {"outcome", word}});
        return;
    }
    // What the verified message was: route and price next to the proof that it arrived.
    auto const sent = right->sent.value_or(store::receipt{});
    uses_.log.info("otp_verified", {{"request_id", request.who.request_id},
                                    {"verification_id", to_hex(right->id)},
                                    {"client", request.who.from->name},
                                    {"phone", phone},
                                    {"purpose", request.what.name()},
                                    {"with_id", request.id.has_value()},
                                    {"route_id", sent.route_id},
                                    {"bx_message_id", sent.bx_message_id},
                                    {"cost", sent.cost.value_or(money()).units()}});
}

} // namespace otpd::otp
