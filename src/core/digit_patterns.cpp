#include "digit_patterns.hpp"

#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

namespace otpd {

namespace {

/// No number is longer: a pattern that repeats something more often is not one of a plan.
constexpr std::size_t repeats_max = 20;
/// Groups in groups; the plans have less than ten.
constexpr std::size_t depth_max = 50;

/// Bit d: the digit d.
using digit_set = std::uint16_t;

constexpr digit_set all_digits = 0x3ff;

digit_set digits_between(char first, char last) {
    digit_set set = 0;
    for (char c = first; c <= last; ++c)
        set = static_cast<digit_set>(set | 1U << static_cast<unsigned>(c - '0'));
    return set;
}

struct expression {
    enum class kind : std::uint8_t { one_of, sequence, choice };
    kind is = kind::sequence;
    digit_set digits = 0;          ///< with one_of
    std::vector<expression> parts; ///< of the others
    std::size_t least = 1, most = 1;
};

class reader {
public:
    explicit reader(std::string_view text) : left_(text) {}

    expression read() {
        auto whole = choice(0);
        require(left_.empty());
        return whole;
    }

private:
    static void require(bool understood) {
        if (!understood) throw std::invalid_argument("not a pattern of digits");
    }

    [[nodiscard]] bool at(char c) const noexcept { return left_.starts_with(c); }
    bool take(std::string_view text) {
        if (!left_.starts_with(text)) return false;
        left_.remove_prefix(text.size());
        return true;
    }
    char digit() {
        require(!left_.empty() && is_ascii_digit(left_.front()));
        char const c = left_.front();
        left_.remove_prefix(1);
        return c;
    }

    expression choice(std::size_t depth) {
        require(depth < depth_max);
        expression all;
        all.is = expression::kind::choice;
        do
            all.parts.push_back(sequence(depth));
        while (take("|"));
        return all;
    }

    expression sequence(std::size_t depth) {
        expression all;
        while (!left_.empty() && !at('|') && !at(')'))
            all.parts.push_back(repeated(depth));
        return all;
    }

    expression repeated(std::size_t depth) {
        auto one = single(depth);
        if (take("?")) {
            one.least = 0;
        } else if (take("{")) {
            one.least = one.most = number();
            if (take(",")) one.most = number();
            require(take("}") && one.least <= one.most && one.most <= repeats_max);
        }
        return one;
    }

    expression single(std::size_t depth) {
        if (take("(?:")) {
            auto group = choice(depth + 1);
            require(take(")"));
            return group;
        }
        expression one;
        one.is = expression::kind::one_of;
        if (take("\\d")) {
            one.digits = all_digits;
        } else if (take("[")) {
            while (!take("]"))
                one.digits = static_cast<digit_set>(one.digits | range());
        } else {
            char const only = digit();
            one.digits = digits_between(only, only);
        }
        return one;
    }

    digit_set range() {
        char const first = digit();
        char const last = take("-") ? digit() : first;
        require(first <= last);
        return digits_between(first, last);
    }

    std::size_t number() {
        std::size_t value = 0;
        do
            value = 10 * value + static_cast<std::size_t>(digit() - '0');
        while (value <= repeats_max && !left_.empty() && is_ascii_digit(left_.front()));
        return value;
    }

    std::string_view left_;
};

/// A network of steps that are possible at a time: what a pattern says, from its end to its beginning.
class network {
public:
    using place = std::uint32_t;
    using places = std::vector<place>; ///< sorted, each once

    place end_of(std::size_t pattern) {
        nodes_.push_back({.ends = static_cast<digit_patterns::set>(1U << pattern)});
        return static_cast<place>(nodes_.size() - 1);
    }

    /// The places at which `what` begins when whatever follows it begins at `then`.
    places add(expression const& what, places const& then) {
        places optional = then;
        places before = then;
        for (std::size_t i = 0; i < what.most; ++i) {
            bool const may_end_here = i + what.least < what.most;
            before = add_once(what, before);
            if (may_end_here) before = united(before, optional);
        }
        return before;
    }

    [[nodiscard]] digit_patterns::set ends(places const& at) const {
        digit_patterns::set all = 0;
        for (auto const each : at)
            all = static_cast<digit_patterns::set>(all | nodes_[each].ends);
        return all;
    }

    [[nodiscard]] places after(places const& at, std::size_t digit) const {
        places next;
        for (auto const each : at)
            if ((nodes_[each].digits >> digit & 1U) != 0)
                next.insert(next.end(), nodes_[each].then.begin(), nodes_[each].then.end());
        std::ranges::sort(next);
        auto const rest = std::ranges::unique(next);
        next.erase(rest.begin(), rest.end());
        return next;
    }

    static places united(places const& a, places const& b) {
        places both;
        both.reserve(a.size() + b.size());
        std::ranges::set_union(a, b, std::back_inserter(both));
        return both;
    }

private:
    struct node {
        digit_set digits = 0;
        places then = {};
        digit_patterns::set ends = 0;
    };

    places add_once(expression const& what, places const& then) {
        if (what.is == expression::kind::one_of) {
            nodes_.push_back({.digits = what.digits, .then = then});
            return {static_cast<place>(nodes_.size() - 1)};
        }
        if (what.is == expression::kind::choice) {
            places any;
            for (auto const& each : what.parts)
                any = united(any, add(each, then));
            return any;
        }
        places before = then;
        for (auto each = what.parts.rbegin(); each != what.parts.rend(); ++each)
            before = add(*each, before);
        return before;
    }

    std::vector<node> nodes_;
};

} // namespace

digit_patterns::digit_patterns(std::vector<std::string> const& patterns) {
    if (patterns.size() > patterns_max) throw std::invalid_argument("too many patterns");
    network steps;
    network::places begin;
    for (std::size_t i = 0; i < patterns.size(); ++i)
        if (!patterns[i].empty())
            begin =
                network::united(begin, steps.add(reader(patterns[i]).read(), {steps.end_of(i)}));

    std::map<network::places, std::uint16_t> numbers{{{}, 0}, {begin, 1}};
    std::vector<network::places> left{{}, begin};
    states_.resize(begin.empty() ? 1 : 2);
    for (std::size_t at = 1; at < states_.size(); ++at) {
        states_[at].ends = steps.ends(left[at]);
        for (std::size_t digit = 0; digit < states_[at].next.size(); ++digit) {
            auto next = steps.after(left[at], digit);
            auto const [found, is_new] =
                numbers.try_emplace(next, static_cast<std::uint16_t>(states_.size()));
            states_[at].next[digit] = found->second;
            if (!is_new) continue;
            if (states_.size() > std::numeric_limits<std::uint16_t>::max())
                throw std::invalid_argument("too many states");
            left.push_back(std::move(next));
            states_.emplace_back();
        }
    }
    states_.shrink_to_fit();
}

digit_patterns::matches digit_patterns::find(std::string_view digits) const noexcept {
    matches found;
    std::size_t at = states_.size() > 1 ? 1 : 0;
    found.beginning = states_[at].ends;
    for (char const c : digits) {
        if (!is_ascii_digit(c)) return {};
        at = states_[at].next[static_cast<std::size_t>(c - '0')];
        if (at == 0) return found;
        found.beginning = static_cast<set>(found.beginning | states_[at].ends);
    }
    found.whole = states_[at].ends;
    return found;
}

bool digit_patterns::may_begin(std::string_view digits) const noexcept {
    std::size_t at = states_.size() > 1 ? 1 : 0;
    for (char const c : digits)
        at = is_ascii_digit(c) ? states_[at].next[static_cast<std::size_t>(c - '0')] : 0;
    return at != 0;
}

} // namespace otpd
