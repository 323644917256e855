// service::verify: one guess.

#include "otpd/core/encoding.hpp"
#include "otpd/otp/service.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"
#include "seconds.hpp"

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

verdict judge(store::result<store::check_outcome> const& answer) {
    if (!answer) return {"store_unavailable", failure{errc::store_unavailable, store_retry}};
    struct {
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
    } const to_verdict;
    return std::visit(to_verdict, *answer);
}

} // namespace

asio::awaitable<outcome<verified>> service::verify(verify_request request) {
    store::check guess;
    guess.key = store::record_key{uses_.keys.hash(request.number), request.what.name()};
    guess.candidates = uses_.keys.sign_with_all(request.number, request.what, request.code);
    guess.attempts_max = rules_.attempts_max;
    guess.guesses = rules_.guesses;
    guess.id = request.id;

    auto const answer = co_await uses_.store.check_code(std::move(guess));
    auto const [word, result] = judge(answer);
    uses_.metrics.check(word);
    report(request, word, answer);
    co_return result;
}

void service::report(verify_request const& request, std::string_view word,
                     store::result<store::check_outcome> const& answer) const {
    auto const phone = request.number.masked();
    auto const* const right = answer ? std::get_if<store::verified>(&*answer) : nullptr;
    if (right == nullptr) {
        uses_.log.info("otp_not_verified", {{"request_id", request.request_id},
                                            {"phone", phone},
                                            {"purpose", request.what.name()},
                                            {"outcome", word}});
        return;
    }
    // What the verified message was: route and price next to the proof that it arrived.
    auto const sent = right->sent.value_or(store::receipt{});
    uses_.log.info("otp_verified", {{"request_id", request.request_id},
                                    {"verification_id", to_hex(right->id)},
                                    {"phone", phone},
                                    {"purpose", request.what.name()},
                                    {"route_id", sent.route_id},
                                    {"bx_message_id", sent.bx_message_id},
                                    {"cost", sent.cost.value_or(money()).units()}});
}

} // namespace otpd::otp
