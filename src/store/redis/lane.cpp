#include "lane.hpp"

#include "otpd/core/encoding.hpp"

namespace otpd::store::redis {

namespace asio = boost::asio;

namespace {

/// No code lives longer (SECURITY.md; the bound of otp.ttl_seconds).
constexpr std::chrono::seconds code_life_max{600};

steady_time steady_now() {
    return std::chrono::steady_clock::now();
}

/// Keys and arguments of a script.
struct words {
    fields keys;
    fields arguments;
};

/// As admit.lua takes it; what is remembered comes from the lane.
words words_of(admission const& request, seen_guesses const& guesses, seen_codes const& codes,
               std::vector<verification_id> const& dead) {
    auto const& number = request.key.number;
    words to;
    to.keys = {slot_key(request.key), verification_key(number, request.id), guesses_key(number),
               cooldown_key(number)};
    auto& arguments = to.arguments;
    arguments.push_back(to_hex(request.id));
    append(arguments, request.code);
    append(arguments, request.ttl);
    append(arguments, request.keep);
    append(arguments, request.lease);
    append(arguments, request.add);
    append(arguments, codes_max);
    arguments.push_back(request.details);
    append(arguments, request.cooldown.base);
    append(arguments, request.cooldown.longest);
    append(arguments, request.cooldown.memory);
    append(arguments, request.guesses, guesses);
    append(to.keys, arguments, request.charges);
    append(to.keys, arguments, request.reservations);
    append(to.keys, arguments, request.watches);
    append(arguments, codes, dead);
    arguments.push_back(request.once ? bytes_of(request.once->fingerprint) : std::string());
    append(arguments, request.once ? request.once->keep : duration(0));
    if (request.once) to.keys.push_back(once_key(request.once->key));
    return to;
}

void append_refusal(words& to, settlement const& request) {
    append(to.arguments, request.cooldown);
    append(to.arguments, request.back_off);
    append(to.arguments, request.give_back.size());
    for (auto const& each : request.give_back) {
        to.keys.push_back(counter_key(each));
        append(to.arguments, cost(each).count());
    }
    for (auto const& subject : request.watched)
        to.keys.push_back(watch_key(subject));
}

/// As settle.lua takes it.
words words_of(settlement&& request) {
    auto const& number = request.key.number;
    words to;
    to.keys = {verification_key(number, request.id), cooldown_key(number)};
    auto& arguments = to.arguments;
    bool const refused = request.result == send_result::refused;
    bool const accepted = request.result == send_result::accepted;
    arguments.emplace_back(refused ? "refused" : accepted ? "accepted" : "unknown");
    append(arguments, request.once.has_value());
    arguments.push_back(std::move(request.reply));
    append(arguments, events_max);
    arguments.push_back(std::move(request.details));
    append(arguments, request.notes);
    append(to.keys, arguments, request.adjustments);
    append(to.keys, arguments, request.unanswered);
    if (accepted) append(arguments, request.accepted);
    if (refused) append_refusal(to, request);
    if (request.once) to.keys.push_back(once_key(request.once->key));
    return to;
}

/// As check.lua takes it.
words words_of(check const& request, seen_guesses const& guesses, seen_codes const& codes,
               std::vector<verification_id> const& dead) {
    auto const& number = request.key.number;
    words to;
    to.keys = {slot_key(request.key), guesses_key(number), cooldown_key(number)};
    to.arguments.push_back(request.id ? to_hex(*request.id) : std::string());
    append(to.arguments, request.attempts_max);
    append(to.arguments, events_max);
    append(to.arguments, request.guesses, guesses);
    if (request.id)
        append(to.arguments, 0); // who has the id does not pay
    else
        append(to.keys, to.arguments, request.charges);
    append(to.arguments, codes, dead);
    for (auto const& candidate : request.candidates)
        append(to.arguments, candidate);
    for (auto const& subject : request.watched)
        to.keys.push_back(watch_key(subject));
    return to;
}

} // namespace

seen_guesses lane::untold(number_key const& number) const {
    return remembered_.guesses(number, session_.epoch(), steady_now());
}

// --- admit ---------------------------------------------------------------------------------------

asio::awaitable<result<admit_outcome>> lane::admit(admission request) {
    auto const& key = request.key;
    auto call = words_of(request, untold(key.number), remembered_.codes(key, steady_now()),
                         remembered_.dead(key.number, steady_now()));
    auto const epoch = session_.epoch();
    auto const answer = co_await session_.call(script::admit, std::move(call.keys),
                                               std::move(call.arguments), "admitted");
    if (!answer) co_return answer.error();
    remembered_.told(key.number, epoch);

    reader from(*answer);
    auto const& word = from.text();
    std::optional<admit_outcome> outcome;
    if (word == "admitted") outcome = take_admission(request, from);
    if (word == "refused") {
        auto no = read_violations(from, request);
        if (!no.violations.empty()) outcome = std::move(no);
    }
    if (word == "in_flight") outcome = in_flight{from.milliseconds()};
    if (word == "replayed") outcome = replayed{from.text()};
    if (word == "unsettled") outcome = unsettled{};
    if (word == "conflicting") outcome = conflicting{};
    if (!outcome || !from.good()) co_return fault::unavailable;
    co_return *std::move(outcome);
}

admitted lane::take_admission(admission const& request, reader& answer) {
    seen_codes codes;
    codes.alive_from = answer.number<server_time>();
    codes.counted_until = answer.number<server_time>();
    codes.attempts = answer.number<std::uint32_t>();
    codes.open_attempts = answer.number<std::uint32_t>();
    if (answer.good()) remembered_.admitted(request.key, codes, steady_now(), code_life_max);
    admitted yes;
    yes.cooldown = answer.milliseconds();
    for (std::size_t i = 0; i < request.charges.size(); ++i)
        yes.busy_for.emplace_back(answer.number<counter_time::rep>());
    yes.observed = read_violations(answer, request).observed;
    return yes;
}

// --- settle, update, find, cancel ------------------------------------------------------------------------

asio::awaitable<result<settle_outcome>> lane::settle(settlement request) {
    auto const number = request.key.number;
    auto const id = request.id;
    bool const refused = request.result == send_result::refused;
    auto call = words_of(std::move(request));
    auto const answer =
        co_await session_.call(script::settle, std::move(call.keys), std::move(call.arguments));
    if (!answer) co_return answer.error();
    if (answer->front() == "superseded") co_return settle_outcome::superseded;
    if (answer->front() != "settled") co_return fault::unavailable;
    if (refused) remembered_.ended(number, id, steady_now(), code_life_max);
    co_return settle_outcome::settled;
}

asio::awaitable<result<update_outcome>> lane::update(delivery_update request) {
    fields keys{verification_key(request.at.number, request.at.id)};
    fields arguments{name_of(request.message), std::to_string(events_max),
                     std::move(request.details)};
    append(arguments, request.sent);
    append(keys, arguments, request.adjustments);
    auto const answer =
        co_await session_.call(script::update, std::move(keys), std::move(arguments));
    if (!answer) co_return answer.error();
    auto const& word = answer->front();
    if (word == "updated") co_return update_outcome::updated;
    if (word == "known") co_return update_outcome::known;
    if (word == "absent") co_return update_outcome::absent;
    co_return fault::unavailable;
}

asio::awaitable<result<std::optional<verification>>> lane::find(verification_address at) {
    fields keys{verification_key(at.number, at.id)};
    fields arguments;
    auto const answer = co_await session_.call(script::find, std::move(keys), std::move(arguments));
    if (!answer) co_return answer.error();
    reader from(*answer);
    auto const& word = from.text();
    if (word == "absent") co_return std::optional<verification>();
    if (word != "found") co_return fault::unavailable;
    verification known;
    known.id = at.id;
    known.slot = from.text();
    known.state = from.state();
    known.message = from.message();
    known.age = from.milliseconds();
    known.expires_in = from.milliseconds();
    known.attempts = from.number<std::uint32_t>();
    known.open_attempts = from.number<std::uint32_t>();
    known.events = from.events(known.age);
    known.sent = from.optional_receipt();
    if (!from.good()) co_return fault::unavailable;
    co_return std::optional<verification>(std::move(known));
}

asio::awaitable<result<cancel_outcome>> lane::cancel(cancellation request) {
    auto const at = request.at;
    fields keys{verification_key(at.number, at.id)};
    fields arguments{std::move(request.slot_prefix)};
    auto const answer =
        co_await session_.call(script::cancel, std::move(keys), std::move(arguments), "canceled");
    if (!answer) co_return answer.error();
    auto const& word = answer->front();
    if (word == "absent") co_return cancel_outcome::absent;
    if (word == "ended") co_return cancel_outcome::ended;
    if (word != "canceled") co_return fault::unavailable;
    remembered_.ended(at.number, at.id, steady_now(), code_life_max);
    co_return cancel_outcome::canceled;
}

// --- check ---------------------------------------------------------------------------------------

asio::awaitable<result<check_outcome>> lane::check_code(check request) {
    auto const& key = request.key;
    auto call = words_of(request, untold(key.number), remembered_.codes(key, steady_now()),
                         remembered_.dead(key.number, steady_now()));
    auto const epoch = session_.epoch();
    auto const answer = co_await session_.call(script::check, std::move(call.keys),
                                               std::move(call.arguments), "verified");
    if (!answer) co_return answer.error();
    remembered_.told(key.number, epoch);
    reader from(*answer);
    auto outcome = judge(request, from);
    if (!from.good()) co_return fault::unavailable;
    co_return outcome;
}

/// Reads the answer and remembers what it says of the code.
check_outcome lane::judge(check const& request, reader& answer) {
    auto const& word = answer.text();
    if (word == "absent") return absent{};
    if (word == "exhausted") return exhausted{answer.milliseconds()};
    if (word == "locked") return locked{answer.milliseconds()};
    if (word == "refused") return read_violations(answer, request);
    if (word == "verified") return take_right(request, answer);
    if (word == "wrong") return take_wrong(request, answer);
    answer.reject();
    return absent{};
}

verified lane::take_right(check const& request, reader& answer) {
    verified right;
    right.id = answer.id();
    auto const newest = answer.number<server_time>();
    right.age = answer.milliseconds();
    right.sent = answer.optional_receipt();
    if (answer.good()) remembered_.verified(request.key, newest, steady_now(), code_life_max);
    return right;
}

wrong lane::take_wrong(check const& request, reader& answer) {
    wrong guess;
    guess.attempts_left = answer.number<std::uint32_t>();
    guess.id = answer.id();
    seen_codes codes;
    codes.alive_from = answer.number<server_time>();
    codes.counted_until = answer.number<server_time>();
    codes.attempts = answer.number<std::uint32_t>();
    codes.open_attempts = answer.number<std::uint32_t>();
    seen_guesses guesses;
    guesses.open = answer.number<std::uint32_t>();
    guesses.held = answer.number<std::uint32_t>();
    guesses.known_for = request.guesses.window;
    guesses.open_wait = answer.milliseconds();
    guesses.held_wait = answer.milliseconds();
    if (answer.good())
        remembered_.wrong(request.key, codes, guesses, session_.epoch(), steady_now(),
                          code_life_max);
    return guess;
}

// --- budgets -------------------------------------------------------------------------------------

/// A message goes out after it, so it counts only when the replicas have it, as an admission does.
asio::awaitable<result<rebook_outcome>> lane::rebook(rebooking request) {
    fields keys{verification_key(request.of.number, request.of.id)};
    fields arguments;
    append(arguments, request.notes);
    append(keys, arguments, request.give_back);
    append(keys, arguments, request.take);
    auto const answer =
        co_await session_.call(script::rebook, std::move(keys), std::move(arguments), "rebooked");
    if (!answer) co_return answer.error();
    reader from(*answer);
    auto const& word = from.text();
    if (word == "too_late") co_return rebook_outcome(too_late{});
    bool const done = word == "rebooked";
    if (!done && word != "refused") co_return fault::unavailable;
    auto found = read_violations(from, request);
    if (!from.good() || found.violations.empty() != done) co_return fault::unavailable;
    if (!done) co_return rebook_outcome(std::move(found));
    co_return rebook_outcome(rebooked{std::move(found.observed)});
}

asio::awaitable<result<std::vector<std::int64_t>>> lane::spent(std::vector<budget_key> of) {
    std::vector<std::int64_t> sums;
    fields keys;
    fields arguments;
    for (auto const& each : of)
        keys.push_back(budget_key_of(each));
    auto const answer =
        co_await session_.call(script::spent, std::move(keys), std::move(arguments));
    if (!answer) co_return answer.error();
    reader from(*answer);
    bool const good = from.text() == "spent";
    for (std::size_t i = 0; i < of.size(); ++i)
        sums.push_back(from.number<std::int64_t>());
    if (!good || !from.good()) co_return fault::unavailable;
    co_return sums;
}

// --- the server ----------------------------------------------------------------------------------

asio::awaitable<result<std::uint64_t>> lane::live_codes() {
    fields keys;
    fields arguments{std::to_string(code_life_max.count())};
    auto const answer = co_await session_.call(script::live, std::move(keys), std::move(arguments));
    if (!answer) co_return answer.error();
    reader from(*answer);
    auto const count = from.number<std::uint64_t>();
    if (!from.good()) co_return fault::unavailable;
    co_return count;
}

asio::awaitable<result<std::monostate>> lane::probe() {
    fields keys{"otp:probe"};
    fields arguments;
    auto const answer =
        co_await session_.call(script::probe, std::move(keys), std::move(arguments));
    if (!answer) co_return answer.error();
    co_return std::monostate{};
}

} // namespace otpd::store::redis
