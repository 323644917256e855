#include "otpd/otp/verify.hpp"
#include "seconds.hpp"
#include "verify/guess_checks.hpp"
#include "verify/guess_reports.hpp"
#include "verify/guess_step.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// A store's answer as the caller gets it, and its label in the metrics and the log
/// (telemetry::labels::check_outcomes).
struct verdict {
    std::string_view word;
    outcome<verified> result;
};

failure limits_exceeded(policy const& rules, std::vector<store::rate_limit_check> const& checks,
                        store::refused const& answer) {
    failure why{errc::limit_exceeded, limiter::retry_after(rules, answer.violations)};
    why.violated = limiter::violated(rules, rules, checks, answer.violations);
    return why;
}

verdict judge(store::result<store::check_outcome> const& answer, policy const& rules,
              std::vector<store::rate_limit_check> const& checks) {
    if (!answer) return {"store_unavailable", failure{errc::store_unavailable, retry_soon}};
    struct {
        policy const& rules;
        std::vector<store::rate_limit_check> const& checks;

        verdict operator()(store::verified const& right) const {
            return {"verified", verified{right.id}};
        }
        verdict operator()(store::wrong const& guess) const {
            failure why{errc::invalid_code};
            why.attempts_left = guess.attempts_left;
            return {"wrong", std::move(why)};
        }
        verdict operator()(store::exhausted const& code) const {
            return {"exhausted", failure{errc::attempts_exceeded, whole_seconds(code.retry_after)}};
        }
        verdict operator()(store::locked const& number) const {
            return {"locked", failure{errc::guesses_exceeded, whole_seconds(number.retry_after)}};
        }
        verdict operator()(store::absent) const { return {"absent", failure{errc::no_active_otp}}; }
        verdict operator()(store::refused const& no) const {
            return {"limited", limits_exceeded(rules, checks, no)};
        }
    } const to_verdict{rules, checks};
    return std::visit(to_verdict, *answer);
}

/// Whether the failure reveals if there was a code, and how many guesses were made.
bool tells_of_the_code(errc code) noexcept {
    using enum errc;
    return code == invalid_code || code == no_active_otp || code == attempts_exceeded ||
           code == guesses_exceeded;
}

} // namespace

asio::awaitable<outcome<verified>> verifier::verify(verify_request request) {
    bool const uniform = rules_.uniform_failures > std::chrono::milliseconds::zero();
    return uniform ? guess_uniformly(std::move(request)) : guess(std::move(request));
}

asio::awaitable<outcome<verified>> verifier::guess_uniformly(verify_request request) {
    auto const answer_at = std::chrono::steady_clock::now() + rules_.uniform_failures;
    auto result = co_await guess(std::move(request));
    if (result || !tells_of_the_code(result.error().code)) co_return result;
    // A store takes different times for a missing code and for a wrong one. Both answers wait for
    // the same moment.
    asio::steady_timer pause(co_await asio::this_coro::executor, answer_at);
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return failure{errc::invalid_code};
}

asio::awaitable<outcome<verified>> verifier::guess(verify_request request) {
    auto const& purposes = request.caller.client->purposes;
    if (!purposes.empty() && std::ranges::find(purposes, request.purpose.name()) == purposes.end())
        co_return failure{errc::purpose_not_allowed};

    auto guess = checks_.check(std::move(request));
    guess.check.score = store::score_slot{guess.country, store::score_hour(now_.wall())};
    auto const rate_limit_checks = guess.check.rate_limit_checks;
    auto const answer = co_await step_.check(guess);
    auto given = judge(answer, rules_, rate_limit_checks);
    reports_.answered(guess, given.word, answer);
    step_.end_event(guess);
    co_return std::move(given.result);
}

} // namespace otpd::otp
