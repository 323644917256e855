#pragma once

/// Wrong guesses at the codes of a number, and the pauses after them, of strangers and of known
/// devices. guess_budget has the rule.

#include "otpd/store/verification.hpp"
#include "state/number_state.hpp"

#include <optional>

namespace otpd::store::engine {

/// The sum of the counted wrong guesses of one kind.
[[nodiscard]] std::uint32_t counted(state::number_state const& state,
                                    state::guess_kind kind) noexcept;
/// The kind that the guesses of a class are counted as, except those of ids.
[[nodiscard]] constexpr state::guess_kind kind_of(state::requester_class whose) noexcept {
    return whose == state::requester_class::stranger ? state::guess_kind::common
                                                     : state::guess_kind::of_devices;
}
/// How many guesses of the class are left, without those of ids.
[[nodiscard]] std::uint32_t guesses_left(state::number_state const& state,
                                         guess_budget const& budget,
                                         state::requester_class whose) noexcept;
/// How long until the class has a guess again, a common one or one of an id; nothing if it has one.
/// Ignores pauses.
[[nodiscard]] std::optional<duration> out_of_guesses(state::number_state const& state,
                                                     guess_budget const& budget,
                                                     state::requester_class whose, store_time now);
/// How long no guess of the class is evaluated, except the one that an id has; nothing if one is.
[[nodiscard]] std::optional<duration> lock_of(state::number_state const& state,
                                              guess_budget const& budget,
                                              state::requester_class whose, store_time now);
/// How long the class may not guess because of its failures in a row; nothing if it may. Known
/// devices always may.
[[nodiscard]] std::optional<duration> failure_lock_of(state::number_state const& state,
                                                      guess_budget const& budget,
                                                      state::requester_class whose, store_time now);
/// How many failures in a row the class has left.
[[nodiscard]] std::uint32_t failures_left(state::number_state const& state,
                                          guess_budget const& budget,
                                          state::requester_class whose) noexcept;
void count_wrong_guess(state::number_state& state, guess_budget const& budget, requester const& by,
                       state::guess_kind kind, store_time now);
/// After a success: removes the wrong guesses of the requester, and the failures in a row.
void take_back_guesses(state::number_state& state, requester const& by);

} // namespace otpd::store::engine
