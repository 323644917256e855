#include "verify/guess_step.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

asio::awaitable<store::result<store::check_outcome>> guess_step::check(checked_guess& guess) const {
    if (outbox_.wants(event_type::verified) || outbox_.wants(event_type::exhausted))
        return check_with_event(guess);
    return store_.check_code(std::move(guess.check));
}

asio::awaitable<store::result<store::check_outcome>>
guess_step::check_with_event(checked_guess& guess) const {
    co_await outbox_.reserve(guess.outbox);
    auto event_of = [this, &guess](store::check_outcome const& answer) {
        return reports_.event_of_end(guess, answer);
    };
    guess.check.outbox = outbox_.entry<store::check_outcome>(guess.outbox, event_of);
    store::result<store::check_outcome> answer = store::fault::unknown;
    try {
        answer = co_await store_.check_code(std::move(guess.check));
    } catch (...) {
        outbox_.read_back(guess.outbox);
        throw;
    }
    if (!answer && answer.error() == store::fault::unknown) outbox_.read_back(guess.outbox);
    co_return answer;
}

} // namespace otpd::otp
