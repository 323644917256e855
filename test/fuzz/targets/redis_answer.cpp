/// What the scripts of the Redis store answer: fields of text, of which each reader must take any without harm. Each line
/// is a field; the first byte chooses the reader.

#include "store/redis/server_info.hpp"
#include "store/redis/wire.hpp"
#include "target.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

using namespace otpd::store;
using otpd::fuzz::cutter;
using otpd::fuzz::must;

namespace {

admission an_admission() {
    admission request;
    request.charges.emplace_back().counter = "charge";
    request.reservations.emplace_back().from.name = "budget";
    request.watches.emplace_back().name = "watch";
    return request;
}

void read_verification(redis::reader& answer) {
    auto const age = answer.milliseconds();
    (void)answer.id();
    (void)answer.state();
    (void)answer.message();
    (void)answer.optional_receipt();
    auto const events = answer.events(age);
    if (!answer.good()) return;
    for (std::size_t i = 1; i < events.size(); ++i)
        must(events[i - 1].ago >= events[i].ago, "events are in the order of their time");
}

/// A place in an answer leads to what was asked for, or to nothing, never past the end of it.
void check_names(refused const& no, std::initializer_list<std::string_view> names) {
    for (auto const* list : {&no.violations, &no.observed})
        for (auto const& each : *list)
            must(std::ranges::find(names, each.counter) != names.end(), "a refusal names its rule");
}

void read_refusals(redis::reader& answer, unsigned choice) {
    rebooking other_try;
    other_try.take.emplace_back().from.name = "budget";
    check guess;
    guess.charges.emplace_back().counter = "charge";
    switch (choice) {
    case 0:
        check_names(read_violations(answer, an_admission()),
                    {cooldown_counter, guesses_counter, "charge", "budget", "watch"});
        break;
    case 1:
        check_names(read_violations(answer, other_try), {"", "budget"});
        break;
    default:
        check_names(read_violations(answer, guess), {"", "charge"});
    }
}

} // namespace

OTPD_FUZZ_TARGET(redis_answer) {
    cutter input(bytes);
    auto const choice = input.byte() % 5U;
    if (choice == 4) {
        (void)redis::why_unusable(redis::parse_server_info(input.rest()));
        return;
    }
    redis::fields fields;
    while (!input.rest().empty())
        fields.emplace_back(input.line());
    redis::reader answer(fields);
    if (choice == 3)
        read_verification(answer);
    else
        read_refusals(answer, choice);
}
