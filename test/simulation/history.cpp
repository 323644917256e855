#include "history.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <string_view>

namespace otpd::simulation {

namespace {

constexpr std::array<std::string_view, 8> steps{
    "admit", "settle", "replace_reservation", "update", "check", "find", "cancel", "release"};
constexpr std::array<std::string_view, 4> upstream_words{"accepted", "rejected", "not sent",
                                                         "unknown"};
constexpr std::array<std::string_view, 5> deliveries{"queued", "accepted", "unknown", "delivered",
                                                     "failed"};

std::string_view at(auto const& list, std::int64_t which) {
    return list.at(static_cast<std::size_t>(which));
}

std::string number(std::string_view name, std::int64_t value) {
    return std::string(name) + std::to_string(value);
}

/// Sends and checks store client and purpose in one number.
std::string who(std::int64_t both) {
    return number(" client ", both / 10) + number(" purpose ", both % 10);
}

std::string of_verification(std::int64_t which) {
    return which < 0 ? std::string(" nobody's") : number(" of #", which);
}

std::string text_of(entry const& e) {
    using enum happening;
    switch (e.what) {
    case send:
        return number("send to number ", e.a) + who(e.b) + (e.c < 0 ? "" : number(" key ", e.c));
    case check:
        return number("check for number ", e.a) + who(e.b) + " code" + of_verification(e.c);
    case find:
        return "find" + of_verification(e.b) + number(" client ", e.a);
    case cancel:
        return "cancel" + of_verification(e.b) + number(" client ", e.a);
    case update:
        return (e.b < 10 ? "message" : "second message") + of_verification(e.a) + " " +
               std::string(at(deliveries, e.b % 10)) + number(" correction ", e.c);
    case hedge:
        return (e.b == 0 ? "settle the second message" : "second message") + of_verification(e.a);
    case release:
        return number(e.c == 0 ? "devices are forgotten of number " : "unlock of number ", e.a) +
               number(" client ", e.b);
    case time:
        return number("time goes on by ", e.a) + " us";
    case give_up:
        return "its caller gives up";
    case crash:
        return number("crash of instance ", e.a);
    case sweep:
        return "sweep";
    case jump:
        return number("the store's clock is ahead by ", e.a) + " us";
    case forget:
        return "the server forgets its last writes";
    case step:
        return "store: " + std::string(at(steps, e.a));
    case fault:
        return "store does not answer: " + std::string(at(steps, e.a));
    case route:
        return number("upstream is given the message, route ", e.a);
    case upstream:
        return "upstream: " + std::string(at(upstream_words, e.a)) + number(" cost ", e.b);
    case answer:
        break;
    }
    return "answer: " + std::string(to_string(static_cast<word>(e.a))) +
           (e.b / 1000 == 0 ? "" : number(" retry_after ", e.b / 1000)) +
           (e.b % 1000 == 0 ? "" : number(" attempts_left ", e.b % 1000 - 1));
}

} // namespace

void history::write(std::ostream& out, std::size_t last) const {
    auto const skipped = entries_.size() - std::min(last, entries_.size());
    if (skipped > 0) out << "  ... " << skipped << " entries before\n";
    for (auto n = skipped; n < entries_.size(); ++n) {
        auto const& e = entries_[n];
        std::array<char, 48> head{};
        auto const seconds = e.at.count() / 1'000'000;
        std::snprintf(head.data(), head.size(), "%8lld.%06lld ", static_cast<long long>(seconds),
                      static_cast<long long>(e.at.count() % 1'000'000));
        out << head.data() << (e.op == none ? std::string("     ") : number("#", e.op)) << ' '
            << text_of(e) << '\n';
    }
}

} // namespace otpd::simulation
