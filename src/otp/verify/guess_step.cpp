#include "verify/guess_step.hpp"

#include <utility>

namespace otpd::otp {

boost::asio::awaitable<store::result<store::check_outcome>>
guess_step::check(checked_guess& guess) const {
    if (outbox_.wants(event_type::verified) || outbox_.wants(event_type::exhausted))
        co_await outbox_.reserve(guess.outbox);
    auto event_of = [this, &guess](store::check_outcome const& answer) {
        return reports_.event_of_end(guess, answer);
    };
    guess.check.outbox = outbox_.entry<store::check_outcome>(guess.outbox, std::move(event_of));
    store::result<store::check_outcome> answer = store::fault::unknown;
    try {
        answer = co_await store_.check_code(std::move(guess.check));
    } catch (...) {
        outbox_.look_again(guess.outbox);
        throw;
    }
    if (!answer && answer.error() == store::fault::unknown) outbox_.look_again(guess.outbox);
    co_return answer;
}

} // namespace otpd::otp
