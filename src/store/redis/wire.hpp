#pragma once

/// How keys and arguments are spelled for the scripts, and how their answers are read.

#include "otpd/store/store.hpp"
#include "scripts.hpp"
#include "shadow.hpp"

#include <charconv>
#include <concepts>
#include <span>
#include <string>

namespace otpd::store::redis {

// --- keys: all of a subject share a hash tag -----------------------------------------------------

[[nodiscard]] std::string slot_key(record_key const& key);
[[nodiscard]] std::string verification_key(number_key const& number, verification_id const& id);
[[nodiscard]] std::string guesses_key(number_key const& number);
[[nodiscard]] std::string cooldown_key(number_key const& number);
[[nodiscard]] std::string counter_key(charge const& c);
[[nodiscard]] std::string budget_key_of(budget_key const& of);
[[nodiscard]] std::string watch_key(subject_key const& subject);
[[nodiscard]] std::string once_key(subject_key const& key);

// --- arguments: what several scripts take in the same form ---------------------------------------

[[nodiscard]] std::string bytes_of(std::span<std::byte const> bytes);

template <std::integral Number>
void append(fields& to, Number value) {
    to.push_back(std::to_string(+value));
}
inline void append(fields& to, duration time) {
    append(to, time.count());
}
void append(fields& to, code_mac const& code);
void append(fields& to, guess_budget const& budget, seen_guesses const& known);
/// Their keys too.
void append(fields& keys, fields& to, std::vector<charge> const& charges);
void append(fields& keys, fields& to, std::vector<watch> const& watches);
void append(fields& keys, fields& to, std::vector<reservation> const& reservations);
void append(fields& keys, fields& to, std::vector<adjustment> const& adjustments);
void append(fields& keys, fields& to, std::optional<unanswered_rebooking> const& rebooking);
void append(fields& to, std::vector<note> const& notes);
[[nodiscard]] std::string name_of(delivery message);
/// Empty words when there is none.
void append(fields& to, std::optional<receipt> const& sent);
void append(fields& to, seen_codes const& codes, std::vector<verification_id> const& dead);

// --- answers -------------------------------------------------------------------------------------

/// The fields of an answer, one after the other. What is missing or no number makes it bad, not undefined.
class reader {
public:
    /// `from` outlives it.
    explicit reader(fields const& from) noexcept : from_(from) {}

    std::string const& text() {
        static std::string const none;
        if (next_ < from_.size()) return from_[next_++];
        good_ = false;
        return none;
    }
    template <class Number>
    Number number() {
        return number<Number>(text());
    }
    template <class Number>
    Number number(std::string_view digits) {
        Number value{};
        auto const* const end = digits.data() + digits.size();
        auto const [stop, error] = std::from_chars(digits.data(), end, value);
        if (error != std::errc() || stop != end) good_ = false;
        return value;
    }
    duration milliseconds() { return duration(number<duration::rep>()); }
    verification_id id();
    std::optional<receipt> optional_receipt();
    progress state();
    delivery message();
    /// Of a verification of this age.
    std::vector<event> events(duration age);

    void reject() noexcept { good_ = false; }

    [[nodiscard]] bool more() const noexcept { return next_ < from_.size(); }
    [[nodiscard]] bool good() const noexcept { return good_; }

private:
    fields const& from_;
    std::size_t next_ = 0;
    bool good_ = true;
};

/// What stands against a step, by whether it refuses.
[[nodiscard]] refused read_violations(reader& answer, admission const& request);
[[nodiscard]] refused read_violations(reader& answer, rebooking const& request);
[[nodiscard]] refused read_violations(reader& answer, check const& request);

} // namespace otpd::store::redis
