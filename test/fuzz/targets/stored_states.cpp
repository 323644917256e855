/// Stored states: damaged ones, and those of another program, must be refused and never misread.
/// The first byte selects the kind of state; the rest is the state.

#include "state/journal_list.hpp"
#include "state/number_state.hpp"
#include "state/override_list.hpp"
#include "state/record.hpp"
#include "state/shared_state.hpp"
#include "target.hpp"

#include <string>

using namespace otpd::store;
using otpd::fuzz::cutter;
using otpd::fuzz::exact_copy;
using otpd::fuzz::must;

namespace {

constexpr store_time some_time = state::first_time + std::chrono::hours(1000);

void use(state::number_state& found) {
    for (auto const& verification : found.verifications) {
        static_cast<void>(verification.events.all());
        if (verification.sent) static_cast<void>(verification.sent.get());
    }
    static_cast<void>(found.retained_until());
    static_cast<void>(state::count_live_codes(found));
    static_cast<void>(found.advance(some_time));
}
void use(state::shared_state& found) {
    static_cast<void>(found.advance(some_time));
}
void use(state::record& found) {
    static_cast<void>(found.advance(some_time));
}

void use(state::journal_list& found) {
    static_cast<void>(found.retained_until());
}

void use(state::override_list& found) {
    static_cast<void>(found.retained_until());
    static_cast<void>(found.advance(some_time));
}

template <class State>
void read(std::string_view bytes) {
    State found;
    if (!decode(bytes, found)) return;
    std::string written;
    encode(written, found, state::version_of(bytes));
    exact_copy const copy(written);
    State again;
    must(decode(copy.view(), again), "what was read is written so that it is read again");
    std::string twice;
    encode(twice, again, state::version_of(bytes));
    must(twice == written, "what is written has one form");
    use(found);
}

} // namespace

OTPD_FUZZ_TARGET(stored_states) {
    cutter input(bytes);
    auto const kind = input.byte();
    exact_copy const rest(input.rest());
    if (kind == 'n') read<state::number_state>(rest.view());
    if (kind == 's') read<state::shared_state>(rest.view());
    if (kind == 'r') read<state::record>(rest.view());
    if (kind == 'j') read<state::journal_list>(rest.view());
    if (kind == 'o') read<state::override_list>(rest.view());
}
