#include "wire.hpp"

#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace otpd::store::redis {

namespace {

std::string key_of(subject_key const& subject, std::string_view what) {
    std::string key = "otp:{" + to_hex(subject) + "}:";
    key += what;
    return key;
}

constexpr std::array states{std::pair<std::string_view, progress>{"pending", progress::pending},
                            std::pair<std::string_view, progress>{"active", progress::active},
                            std::pair<std::string_view, progress>{"verified", progress::verified},
                            std::pair<std::string_view, progress>{"replaced", progress::replaced},
                            std::pair<std::string_view, progress>{"canceled", progress::canceled},
                            std::pair<std::string_view, progress>{"expired", progress::expired}};

constexpr std::array messages{
    std::pair<std::string_view, delivery>{"queued", delivery::queued},
    std::pair<std::string_view, delivery>{"accepted", delivery::accepted},
    std::pair<std::string_view, delivery>{"unknown", delivery::unknown},
    std::pair<std::string_view, delivery>{"delivered", delivery::delivered},
    std::pair<std::string_view, delivery>{"failed", delivery::failed}};

/// The letters of codes.lua.
constexpr std::array events_by_letter{
    std::pair<std::string_view, event_kind>{"a", event_kind::admitted},
    std::pair<std::string_view, event_kind>{"s", event_kind::accepted},
    std::pair<std::string_view, event_kind>{"u", event_kind::unknown},
    std::pair<std::string_view, event_kind>{"w", event_kind::wrong},
    std::pair<std::string_view, event_kind>{"v", event_kind::verified},
    std::pair<std::string_view, event_kind>{"r", event_kind::replaced},
    std::pair<std::string_view, event_kind>{"c", event_kind::canceled},
    std::pair<std::string_view, event_kind>{"p", event_kind::step},
    std::pair<std::string_view, event_kind>{"d", event_kind::delivery}};

/// Those names of codes.lua.
std::string name_of(event_kind what) {
    switch (what) {
    case event_kind::admitted:
        return "admitted";
    case event_kind::accepted:
        return "accepted";
    case event_kind::unknown:
        return "unknown";
    case event_kind::wrong:
        return "wrong";
    case event_kind::verified:
        return "verified";
    case event_kind::replaced:
        return "replaced";
    case event_kind::canceled:
        return "canceled";
    case event_kind::step:
        return "step";
    case event_kind::delivery:
        break;
    }
    return "delivery";
}

/// False when there is none of this name.
template <class Names, class Value>
bool look_up(Names const& names, std::string_view name, Value& to) {
    auto const found = std::ranges::find(names, name, [](auto const& each) { return each.first; });
    if (found == names.end()) return false;
    to = found->second;
    return true;
}

/// Of one of the names.
template <class Names, class Value>
std::string name_in(Names const& names, Value of) {
    auto const found = std::ranges::find(names, of, [](auto const& each) { return each.second; });
    return std::string(found->first);
}

/// Words of three fields: a place, ms, whether it has just tripped. `at` gives what is at a place.
template <class At>
refused read_violations_with(reader& answer, At at) {
    refused no;
    while (answer.more() && answer.good()) {
        auto const place = answer.number<std::size_t>();
        auto const wait = answer.milliseconds();
        bool const tripped = answer.number<int>() != 0;
        auto const [name, observed] = at(place);
        auto& those = observed ? no.observed : no.violations;
        those.push_back(violation{name, wait, tripped});
    }
    return no;
}

} // namespace

// --- keys ----------------------------------------------------------------------------------------

std::string slot_key(record_key const& key) {
    return key_of(key.number, "s:" + key.slot);
}
std::string verification_key(number_key const& number, verification_id const& id) {
    return key_of(number, "v:" + to_hex(id));
}
std::string guesses_key(number_key const& number) {
    return key_of(number, "guesses");
}
std::string cooldown_key(number_key const& number) {
    return key_of(number, "cooldown");
}
std::string counter_key(charge const& c) {
    return key_of(c.subject, "n:" + c.counter);
}
std::string budget_key_of(budget_key const& of) {
    return key_of(of.subject, "b:" + of.name + '@' + of.period);
}
std::string watch_key(subject_key const& subject) {
    return key_of(subject, "watch");
}
std::string once_key(subject_key const& key) {
    return key_of(key, "once");
}

// --- arguments -----------------------------------------------------------------------------------

std::string bytes_of(std::span<std::byte const> bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

void append(fields& to, code_mac const& code) {
    append(to, code.key_id);
    to.push_back(bytes_of(code.value));
}

void append(fields& to, guess_budget const& budget, seen_guesses const& known) {
    append(to, budget.quota);
    append(to, budget.reserve);
    append(to, budget.window);
    append(to, budget.wait_from);
    append(to, budget.wait_base);
    append(to, budget.wait_max);
    append(to, known.open);
    append(to, known.held);
    append(to, known.known_for);
    append(to, known.open_wait);
    append(to, known.held_wait);
}

void append(fields& keys, fields& to, std::vector<charge> const& charges) {
    append(to, charges.size());
    for (auto const& each : charges) {
        keys.push_back(counter_key(each));
        append(to, cost(each).count());
        append(to, counter_time(each.window).count());
        append(to, each.observed);
    }
}

void append(fields& keys, fields& to, std::vector<watch> const& watches) {
    append(to, watches.size());
    for (auto const& each : watches) {
        keys.push_back(watch_key(each.subject));
        append(to, each.floor);
        append(to, each.percent);
        append(to, each.breaker_sent);
        append(to, each.breaker_percent);
        append(to, each.block);
        append(to, each.observed);
    }
}

void append(fields& keys, fields& to, std::vector<reservation> const& reservations) {
    append(to, reservations.size());
    for (auto const& each : reservations) {
        keys.push_back(budget_key_of(each.from));
        append(to, each.amount);
        append(to, each.cap);
        append(to, each.keep);
        append(to, each.observed);
    }
}

void append(fields& keys, fields& to, std::vector<adjustment> const& adjustments) {
    append(to, adjustments.size());
    for (auto const& each : adjustments) {
        keys.push_back(budget_key_of(each.of));
        append(to, each.change);
    }
}

void append(fields& keys, fields& to, std::optional<unanswered_rebooking> const& rebooking) {
    append(to, rebooking.has_value());
    if (!rebooking) return;
    append(to, rebooking->steps_before);
    append(keys, to, rebooking->adjustments);
}

void append(fields& to, std::vector<note> const& notes) {
    append(to, notes.size());
    for (auto const& each : notes) {
        to.push_back(name_of(each.what));
        append(to, each.ago);
        to.push_back(each.details);
    }
}

std::string name_of(delivery message) {
    return name_in(messages, message);
}

void append(fields& to, std::optional<receipt> const& sent) {
    if (!sent) {
        to.insert(to.end(), 4, std::string());
        return;
    }
    append(to, sent->route_id);
    to.push_back(sent->order_id);
    to.push_back(sent->bx_message_id);
    to.push_back(sent->cost ? std::to_string(sent->cost->micros()) : std::string());
}

void append(fields& to, seen_codes const& codes, std::vector<verification_id> const& dead) {
    append(to, codes.alive_from);
    append(to, codes.counted_until);
    append(to, codes.attempts);
    append(to, codes.open_attempts);
    append(to, dead.size());
    for (auto const& id : dead)
        to.push_back(to_hex(id));
}

// --- answers -------------------------------------------------------------------------------------

verification_id reader::id() {
    verification_id value{};
    if (!from_hex(text(), value)) good_ = false;
    return value;
}

std::optional<receipt> reader::optional_receipt() {
    receipt sent;
    auto const& route = text();
    sent.order_id = text();
    sent.bx_message_id = text();
    auto const& cost = text();
    if (route.empty()) return std::nullopt; // none was given
    sent.route_id = number<int>(route);
    if (!cost.empty()) sent.cost = money::from_micros(number<std::int64_t>(cost));
    return sent;
}

progress reader::state() {
    auto value = progress::expired;
    if (!look_up(states, text(), value)) good_ = false;
    return value;
}

delivery reader::message() {
    auto value = delivery::unknown;
    if (!look_up(messages, text(), value)) good_ = false;
    return value;
}

std::vector<event> reader::events(duration age) {
    std::vector<event> all;
    std::string_view words = text();
    while (!words.empty() && good_) {
        auto const end = std::min(words.find(' '), words.size());
        auto const word = words.substr(0, end);
        words.remove_prefix(std::min(end + 1, words.size()));
        event each;
        if (!look_up(events_by_letter, word.substr(0, 1), each.what)) good_ = false;
        auto const colon = std::min(word.find(':'), word.size());
        auto const digits = word.substr(0, colon).substr(std::min<std::size_t>(1, colon));
        // A clock that was turned back makes either negative, and a difference that no number holds.
        duration const after(std::max<duration::rep>(0, number<duration::rep>(digits)));
        each.ago = std::max(duration(0), std::max(duration(0), age) - after);
        each.details = word.substr(std::min(colon + 1, word.size()));
        all.push_back(std::move(each));
    }
    // Notes of a settlement come later than what they tell of.
    std::ranges::stable_sort(all, std::greater<>(), &event::ago);
    return all;
}

refused read_violations(reader& answer, admission const& request) {
    auto const at = [&request](std::size_t place) -> std::pair<std::string, bool> {
        if (place == 0) return {cooldown_counter, false};
        if (--place < request.charges.size())
            return {request.charges[place].counter, request.charges[place].observed};
        place -= request.charges.size();
        if (place < request.reservations.size())
            return {request.reservations[place].from.name, request.reservations[place].observed};
        place -= request.reservations.size();
        if (place < request.watches.size())
            return {request.watches[place].name, request.watches[place].observed};
        return {guesses_counter, false};
    };
    return read_violations_with(answer, at);
}

refused read_violations(reader& answer, rebooking const& request) {
    auto const at = [&request](std::size_t place) -> std::pair<std::string, bool> {
        if (place == 0 || place > request.take.size()) return {};
        return {request.take[place - 1].from.name, request.take[place - 1].observed};
    };
    return read_violations_with(answer, at);
}

refused read_violations(reader& answer, check const& request) {
    auto const at = [&request](std::size_t place) -> std::pair<std::string, bool> {
        bool const known = place > 0 && place <= request.charges.size();
        return {known ? request.charges[place - 1].counter : std::string(), false};
    };
    return read_violations_with(answer, at);
}

} // namespace otpd::store::redis
