// A month in which a stranger attacks one number as fast as the default limits allow. A known
// device is not held up. Its owner without it waits for strangers' limits of the day, and for
// nothing else.

#include "engine/guesses.hpp"
#include "map_backend.hpp"
#include "otpd/otp/policy.hpp"

#include <array>
#include <deque>
#include <random>
#include <set>
#include <utility>

namespace otp = otpd::otp;
using namespace otpd::store;
using namespace otpd::test;

namespace {

constexpr std::uint32_t attacked = 1;
constexpr std::uint32_t address_count = 50;
constexpr std::array scopes{"login", "payment"};
constexpr auto day = 24h;

otp::policy const defaults;
auto const& guesses = defaults.guesses;

/// Each shared limit counts under a key of its own.
rate_limit_check limit(std::uint32_t key, std::string name, std::uint64_t quota, duration window) {
    rate_limit_check check{key_of(key), std::move(name), quota, window};
    check.of = audience::strangers;
    return check;
}

/// The defaults of app::limits_settings, as otp::limiter has them.
std::vector<rate_limit_check> send_limits(std::uint32_t number, std::uint32_t address) {
    auto list = std::vector{limit(number, "number_10m", 5, 10min),
                            limit(number, "number_24h", 10, day),
                            limit(1'000'000 + number, "all_clients_24h", 30, day),
                            limit(2'000'000 + address, "address_1h", 30, 1h),
                            limit(everybody, "client_1m", 600, 1min),
                            limit(everybody, "prefix_1h", 100, 1h),
                            limit(everybody, "country_1h", 5'000, 1h),
                            limit(everybody, "global_1m", 1'000, 1min),
                            limit(everybody, "global_24h", 100'000, day)};
    list[0].of = list[1].of = audience::each_class;
    return list;
}

std::vector<rate_limit_check> guess_limits(std::uint32_t address) {
    auto list = std::vector{limit(2'000'000 + address, "guesses_address_1h", 60, 1h),
                            limit(everybody, "guesses_client_1m", 600, 1min)};
    list[1].counts_absent = false;
    return list;
}

/// Those of otp::limiter.
std::vector<conversion_guard> guards(std::uint32_t address) {
    auto const& rules = defaults.pumping;
    return {{key_of(2'000'000 + address), "pumping_address", rules.address_out_max, rules.typing},
            {key_of(everybody + 1), "pumping_prefix", rules.prefix_out_max, rules.typing},
            {key_of(everybody + 2), "pumping_country", rules.country_out_max, rules.typing}};
}

struct person {
    std::uint32_t address = 0;
    std::optional<device_hash> device;
};

requester hash_of(std::uint32_t n) {
    requester hash{};
    std::ranges::copy_n(key_of(n).begin(), 4, hash.begin());
    hash[7] = std::byte{1};
    return hash;
}

/// A send as it was admitted.
struct admitted_send {
    std::uint32_t id = 0;
    std::string scope;
    code_seed code;
};

class number_under_attack {
public:
    /// The stranger may share the address of the owner, which is 0. He uses what he has regained
    /// within `delay_max`.
    number_under_attack(unsigned seed, std::uint32_t first_address, counter_time delay_max)
        : random_(seed), first_address_(first_address), delay_max_(delay_max) {}

    engine_world w;
    std::size_t sends = 0;   ///< of the stranger
    std::size_t guessed = 0; ///< by the stranger, and evaluated
    admitted_send last;

    std::int64_t between(std::int64_t least, std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
    }
    bool flip() { return between(0, 1) == 1; }
    [[nodiscard]] bool is_over() const { return w.io.time >= some_time + 30 * day; }
    person with_fresh_device(std::uint32_t address) { return {address, hash_of(++devices_)}; }

    admit_outcome send(person const& by, std::string const& scope, std::uint32_t to = attacked) {
        auto request = send_of(to, ++ids_);
        request.key.scope = scope;
        request.by = hash_of(by.address);
        request.device = by.device;
        request.code.nonce = key_of(ids_);
        request.ttl = defaults.ttl;
        request.retention = defaults.retention;
        request.repeat = defaults.repeat;
        request.repeat.attempts_max = defaults.attempts_max;
        request.lease = defaults.send_timeout;
        request.cooldown = defaults.cooldown;
        request.rate_limit_checks = send_limits(to, by.address);
        request.guards = guards(by.address);
        request.guesses = guesses;
        auto answer = w.admit(request);
        if (auto const* const done = std::get_if<admitted>(&answer)) {
            last = {ids_, scope, done->code};
            w.settle(settlement_of(to, ids_, send_result::accepted));
        }
        return answer;
    }

    check_outcome guess(person const& by, std::string const& scope, std::optional<std::uint32_t> id,
                        std::function<bool(code_seed const&)> is_code_of) {
        auto request = guess_of(attacked, 0);
        request.key.scope = scope;
        request.by = hash_of(by.address);
        request.device = by.device;
        request.is_code_of = std::move(is_code_of);
        request.attempts_max = defaults.attempts_max;
        request.guesses = guesses;
        if (id) request.id = id_of(*id);
        request.rate_limit_checks = guess_limits(by.address);
        for (auto const& guard : guards(by.address))
            request.guarded.push_back(guard.key);
        return w.check(request);
    }
    /// The owner types the code that the last send held.
    check_outcome type(person const& by, admitted_send const& sent, bool with_id) {
        auto const id = with_id ? std::optional(sent.id) : std::nullopt;
        return guess(by, sent.scope, id, typed(sent.code));
    }

    /// Time passes, in which the stranger does all that he can.
    void attack_for(counter_time time) {
        auto const end = w.io.time + time;
        while (next_ <= end) {
            w.io.time = std::max(w.io.time, next_);
            attack();
        }
        w.io.time = end;
    }
    void attack() {
        can_send_ = can_guess_ = w.io.time + 1h;
        send_one();
        for (auto const* scope : scopes)
            while (guess_one(scope, std::nullopt)) {
            }
        for (auto const& entry : std::exchange(unguessed_, {}))
            guess_one(entry.scope, entry.id);
        next_ = std::min(can_send_, can_guess_) + counter_time(between(0, delay_max_.count()));
    }
    /// The stranger closes the conversion guard of the number's prefix.
    void attack_neighbours() {
        for (;;) {
            auto const answer = send(stranger(), scopes[0], ++neighbour_);
            if (is<refused>(answer)) return;
            BOOST_REQUIRE(is<admitted>(answer));
        }
    }

    /// Codes that the stranger's guesses must not be compared with.
    std::set<key_hash> of_devices;

    /// Whether the guesses that ids have beyond the common ones are used up.
    [[nodiscard]] bool ids_have_no_guess() {
        state::number_state state;
        BOOST_REQUIRE(decode(w.io.blob(state::number_state_key(key_of(attacked))), state));
        state.advance(w.io.time);
        return engine::counted(state, state::guess_kind::of_id) >= guesses.of_ids;
    }

private:
    person stranger() {
        return with_fresh_device(first_address_ +
                                 static_cast<std::uint32_t>(between(0, address_count - 1)));
    }
    void send_one() {
        std::string const scope = scopes.at(flip() ? 1 : 0);
        auto const answer = send(stranger(), scope);
        if (auto const* const no = std::get_if<refused>(&answer)) {
            duration longest{};
            for (auto const& violation : no->violations)
                longest = std::max(longest, violation.retry_after);
            can_send_ = w.io.time + longest;
            return;
        }
        BOOST_REQUIRE(is<admitted>(answer));
        ++sends;
        unguessed_.push_back(last);
        can_send_ = w.io.time + defaults.cooldown.other_scopes;
    }
    /// Returns whether it was evaluated, so that another one may be.
    bool guess_one(std::string const& scope, std::optional<std::uint32_t> id) {
        std::set<key_hash> compared;
        auto const answer = guess(stranger(), scope, id, [&compared](code_seed const& code) {
            compared.insert(code.nonce);
            return false;
        });
        for (auto const& entry : compared)
            BOOST_REQUIRE(!of_devices.contains(entry));
        if (auto const* const no = std::get_if<locked>(&answer))
            can_guess_ = std::min(can_guess_, w.io.time + no->retry_after);
        if (!is<wrong>(answer)) return is<exhausted>(answer); // at another address
        ++guessed;
        note_guess(compared.size());
        return true;
    }
    /// The bound of a day: guesses, times the codes that each was compared with.
    void note_guess(std::size_t codes) {
        BOOST_REQUIRE(codes <= codes_max);
        while (!of_day_.empty() && of_day_.front().first <= w.io.time - day)
            of_day_.pop_front();
        of_day_.emplace_back(w.io.time, codes);
        std::size_t sum = 0;
        for (auto const& entry : of_day_)
            sum += entry.second;
        BOOST_REQUIRE(sum <= (guesses.quota + guesses.of_ids) * codes_max);
    }

    std::mt19937_64 random_;
    std::uint32_t first_address_;
    counter_time delay_max_;
    std::uint32_t ids_ = 0;
    std::uint32_t devices_ = 10'000;
    std::uint32_t neighbour_ = 100'000;
    std::vector<admitted_send> unguessed_;
    std::deque<std::pair<store_time, std::size_t>> of_day_;
    store_time can_send_;
    store_time can_guess_;
    store_time next_ = some_time;
};

/// What strangers have together at one number.
constexpr std::array limits_of_strangers{"number_10m", "number_24h", "all_clients_24h",
                                         cooldown_counter, guesses_counter};

bool is_of_strangers(violation const& violation) {
    return std::ranges::count(limits_of_strangers, violation.counter) > 0;
}

/// Typing takes from a second to four minutes; the code lives for five.
counter_time typing_time(number_under_attack& number) {
    return std::chrono::seconds(number.between(1, 240));
}

} // namespace

BOOST_AUTO_TEST_SUITE(engine_month)

BOOST_AUTO_TEST_CASE(a_known_device_gets_a_code_and_verifies_at_the_first_try_at_any_moment) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
        number_under_attack number(seed, 0, 0s);
        person const owner{0, hash_of(5'000)};
        BOOST_REQUIRE(is<admitted>(number.send(owner, scopes[0])));
        BOOST_REQUIRE(is<verified>(number.type(owner, number.last, true)));
        int logins = 0;
        while (!number.is_over()) {
            number.attack_for(std::chrono::seconds(number.between(3 * 3600, 30 * 3600)));
            number.attack_neighbours();
            BOOST_REQUIRE(is<admitted>(number.send(owner, scopes.at(number.flip() ? 1 : 0))));
            auto const sent = number.last;
            number.of_devices.insert(sent.code.nonce);
            number.attack();
            number.attack_for(typing_time(number));
            auto const answer = expect<verified>(number.type(owner, sent, number.flip()));
            BOOST_TEST((answer.id == id_of(sent.id)));
            ++logins;
        }
        BOOST_TEST(logins > 30);
        BOOST_TEST(number.sends > 290U); // ten a day
        BOOST_TEST(number.guessed > 500U);
    }
}

// His browser forgets its device after each login.
BOOST_AUTO_TEST_CASE(an_owner_without_a_device_waits_for_the_limits_of_strangers_only) {
    int held_up = 0;
    int verified_ones = 0;
    for (unsigned seed = 1; seed <= 4; ++seed) {
        bool const is_patient = seed % 2 == 0;
        number_under_attack number(seed, 1, is_patient ? counter_time(4h) : counter_time(0));
        while (!number.is_over()) {
            number.attack_for(std::chrono::seconds(number.between(3 * 3600, 30 * 3600)));
            auto const owner = number.with_fresh_device(0);
            auto const answer = number.send(owner, scopes[0]);
            if (auto const* const no = std::get_if<refused>(&answer)) {
                for (auto const& violation : no->violations)
                    BOOST_TEST(is_of_strangers(violation), violation.counter);
                ++held_up;
                continue;
            }
            BOOST_REQUIRE(is<admitted>(answer));
            auto const sent = number.last;
            number.attack();
            number.attack_for(typing_time(number));
            auto const typed = number.type(owner, sent, true);
            if (is<verified>(typed))
                ++verified_ones;
            else
                BOOST_TEST((is<locked>(typed) && number.ids_have_no_guess()));
        }
        BOOST_TEST(number.guessed > 200U);
    }
    BOOST_TEST(held_up > 0);
    BOOST_TEST(verified_ones > 0);
}

BOOST_AUTO_TEST_SUITE_END()
