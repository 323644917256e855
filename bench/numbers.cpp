// The cost of a number: numbering_plan::find(), and country_of() of a number that was found
// recently, compared with the library's own Parse and IsValidNumber of the same digits; also the
// cost of making a plan. Rounds alternate between them.
//
// Prints one JSON object.

#include "otpd/core/numbering_plan.hpp"

#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

using namespace otpd;

namespace {

namespace lib = i18n::phonenumbers;
using util = lib::PhoneNumberUtil;
using microseconds = std::chrono::duration<double, std::micro>;

double median(std::vector<double> values) {
    std::ranges::nth_element(values,
                             values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
    return values[values.size() / 2];
}

/// A country with its own code, one of several with a code, one of the last that share North
/// America's.
struct kind {
    char const* name;
    std::uint64_t first;
    std::vector<double> find = {};
    std::vector<double> country = {};
    std::vector<double> parse = {};
};

bool find(numbering_plan const& plan, std::string const& digits) {
    return plan.find(*phone_number::parse(digits)).has_value();
}

bool parse(std::string const& digits) {
    auto const& plans = *util::GetInstance();
    lib::PhoneNumber number;
    return plans.Parse("+" + digits, "ZZ", &number) == util::NO_PARSING_ERROR &&
           plans.IsValidNumber(number);
}

/// Microseconds per number; ends the program if a number is invalid.
template <class Check>
double cost(std::uint64_t first, std::size_t count, Check check) {
    auto const began = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count; ++i)
        if (!check(std::to_string(first + i))) std::exit(1);
    return microseconds(std::chrono::steady_clock::now() - began).count() /
           static_cast<double>(count);
}

} // namespace

int main() {
    constexpr int rounds = 15;
    constexpr std::size_t numbers = 2000;

    auto const began = std::chrono::steady_clock::now();
    numbering_plan const plan;
    auto const made = microseconds(std::chrono::steady_clock::now() - began);
    bool const any = find(plan, "31651860670");
    auto const answered = microseconds(std::chrono::steady_clock::now() - began);
    if (!any) return 1;

    auto with_plan = [&](std::string const& digits) { return find(plan, digits); };
    auto country = [&](std::string const& digits) {
        return !plan.country_of(*phone_number::parse(digits)).empty();
    };
    kind kinds[] = {{"NL", 31'651'860'000},
                    {"GB", 447'400'120'000},
                    {"US", 12'125'550'000},
                    {"TT", 18'682'910'000},
                    {"MX", 522'221'230'000}};
    for (int round = 0; round < rounds; ++round)
        for (auto& kind : kinds) {
            kind.find.push_back(cost(kind.first, numbers, with_plan));
            kind.country.push_back(cost(kind.first, numbers, country));
            kind.parse.push_back(cost(kind.first, numbers, parse));
        }

    std::printf(R"({"bench":"numbers","plan_made_ms":%.1f,"first_answer_ms":%.1f)",
                made.count() / 1000, answered.count() / 1000);
    for (auto const& kind : kinds) {
        double const find = median(kind.find);
        double const parse = median(kind.parse);
        std::printf(R"(,"%s":{"find_us":%.2f,"country_us":%.2f,"parse_us":%.2f,"ratio":%.2f})",
                    kind.name, find, median(kind.country), parse, find / parse);
    }
    std::printf("}\n");
}
