#include "backtest/guesses.hpp"

namespace otpd::app {

void guess_replay::on_line(timeline_line const& line) {
    bool const was_right = line.event == "verified";
    if (was_right) ++figures_.happened.verified;
    if (line.event == "refused") figures_.happened.refuse_guess(refusal_of(line));
    if (!line.has_pseudonyms()) {
        ++figures_.lines_without_pseudonyms;
        return;
    }
    world_.introduce(line);
    if (was_right)
        type_right(line);
    else
        type_wrong(line);
}

/// The user types what arrived: the code of this send, or else of their last one.
void guess_replay::type_right(timeline_line const& line) {
    auto const* const own = sends_.find(line.verification_id);
    if (own == nullptr) return; // it was sent before the first line
    // It may have been typed before the send was settled.
    if (auto const flight = sends_.end(line.verification_id)) world_.resume(flight, line.country);
    auto const* const typed = own->sealed_id.empty() ? sends_.last_of(own->user) : own;
    std::optional<std::string> why = "not_sent";
    if (typed != nullptr && !typed->sealed_id.empty()) {
        std::optional<std::string> id;
        if (line.with_id || typed != own) id = typed->sealed_id;
        why = check(line, typed->code, std::move(id));
    }
    if (!why) {
        ++figures_.replayed.verified;
        sends_.use_last_code(own->user);
        return;
    }
    ++figures_.honest_refused;
    count_names(figures_.honest_refused_by, own->refused_by.empty() ? *why : own->refused_by);
}

void guess_replay::type_wrong(timeline_line const& line) {
    auto const* const send = sends_.find(line.verification_id);
    std::optional<std::string> id;
    if (line.with_id) {
        if (send == nullptr || send->sealed_id.empty()) return;
        id = send->sealed_id;
    }
    auto const right = send == nullptr ? std::string() : send->code;
    std::string code(right.empty() ? world_.rules.code_length : right.size(), '0');
    if (code == right) code.back() = '1';
    check(line, code, std::move(id));
}

/// Returns why the guess was not right; nothing if it was.
std::optional<std::string> guess_replay::check(timeline_line const& line, std::string const& code,
                                               std::optional<std::string> id) {
    std::optional<std::string> why;
    world_.spawn(verify({world_.caller_of(line), number_of(line), *purpose::parse(line.purpose),
                         passcode::parse(code).value(), std::move(id)},
                        why));
    if (auto refused_by = world_.refusals.take()) {
        figures_.replayed.refuse_guess(*refused_by);
        why = std::move(refused_by);
    }
    return why;
}

boost::asio::awaitable<void> guess_replay::verify(otp::verify_request request,
                                                  std::optional<std::string>& refused) {
    auto const result = co_await world_.domain.verifier.verify(std::move(request));
    if (!result) refused = otp::problem_code(result.error().code);
}

} // namespace otpd::app
