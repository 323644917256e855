// simulation: plays histories by their seeds. Exits with 1 at the first one that diverges, and
// prints its last entries.
#include "simulation.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace po = boost::program_options;
using namespace otpd::simulation;

/// How many entries are printed when a history diverges; --trace prints all.
constexpr std::size_t shown_entries = 80;

po::options_description description() {
    po::options_description out{
        "simulation: the domain on a real store, against a model of its rules.\n"
        "test/simulation/README.md describes it.\n\nOptions"};
    auto add = out.add_options();
    add("help", "show this text");
    add("seeds", po::value<std::string>()->default_value("1..100"), "FIRST..LAST");
    add("seed", po::value<std::uint64_t>(), "only this seed");
    add("operations", po::value<std::uint32_t>()->default_value(1000),
        "operations of each history");
    add("store", po::value<std::string>()->default_value("memory:"),
        "memory:, shared: (two instances on a server in this process), sqlite: (its own files), "
        "redis: or postgres: (their own servers)");
    add("like", po::value<std::string>(),
        "another store; every entry of every history must be the same with it");
    add("lose-writes", "the server sometimes forgets its last writes; with --store shared:");
    add("break", po::value<std::string>(),
        "break this rule on purpose; the simulation must notice");
    add("list-breaks", "list the rules that can be broken");
    add("trace", "print each history");
    return out;
}

struct settings {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    assignment history;
    std::unique_ptr<stores> on;
    std::unique_ptr<stores> like;
    bool trace = false;
};

std::unique_ptr<stores> open_stores(std::string text) {
    if (text.ends_with(':')) text.pop_back();
    auto opened = stores_of(text);
    if (!opened) throw std::invalid_argument("there is no store " + text);
    return opened;
}

mutation mutation_of(std::string const& name) {
    auto const found = std::ranges::find(all_mutations(), name, &named_mutation::name);
    if (found == all_mutations().end()) throw std::invalid_argument("there is no rule " + name);
    return found->what;
}

settings read(po::variables_map const& given) {
    settings all;
    auto const range = given["seeds"].as<std::string>();
    auto const dots = range.find("..");
    if (dots == std::string::npos) throw std::invalid_argument("--seeds is FIRST..LAST");
    all.first = std::stoull(range.substr(0, dots));
    all.last = std::stoull(range.substr(dots + 2));
    if (given.contains("seed")) all.first = all.last = given["seed"].as<std::uint64_t>();
    all.history.operations = given["operations"].as<std::uint32_t>();
    if (given.contains("break")) all.history.broken = mutation_of(given["break"].as<std::string>());
    all.on = open_stores(given["store"].as<std::string>());
    if (given.contains("like")) all.like = open_stores(given["like"].as<std::string>());
    all.history.loses_writes = given.contains("lose-writes");
    all.trace = given.contains("trace");
    return all;
}

void print(outcome const& what, std::size_t entries) {
    what.what_happened.write(std::cout, entries);
    std::cout << "history " << std::hex << what.what_happened.hash() << std::dec << '\n';
}

/// Returns false if it diverges.
bool play(settings const& all, std::uint64_t seed) {
    auto one = all.history;
    one.seed = seed;
    auto const what = simulate(one, *all.on);
    if (all.trace) print(what, what.what_happened.entries().size());
    if (!what.divergence.empty()) {
        if (!all.trace) print(what, shown_entries);
        std::cout << "seed " << seed << " diverges: " << what.divergence
                  << "\nagain: simulation --seed " << seed << " --operations " << one.operations
                  << " --trace\n";
        return false;
    }
    if (!all.like) return true;
    auto const other = simulate(one, *all.like);
    if (other.divergence.empty() && other.what_happened.hash() == what.what_happened.hash())
        return true;
    print(other, shown_entries);
    std::cout << "seed " << seed << " is another history with the other store: " << other.divergence
              << '\n';
    return false;
}

int run(settings const& all) {
    auto const began = std::chrono::steady_clock::now();
    for (auto seed = all.first; seed <= all.last; ++seed)
        if (!play(all, seed)) return EXIT_FAILURE;
    auto const took = std::chrono::steady_clock::now() - began;
    auto const histories = all.last - all.first + 1;
    auto const cost = std::chrono::duration<double, std::micro>(took).count() /
                      static_cast<double>(histories * all.history.operations);
    std::cout << histories << " histories of " << all.history.operations
              << " operations: no divergence, " << cost << " us an operation\n";
    return EXIT_SUCCESS;
}

} // namespace

int main(int count, char** words) {
    try {
        auto const options = description();
        po::variables_map given;
        po::store(po::parse_command_line(count, words, options), given);
        if (given.contains("help")) {
            std::cout << options;
            return EXIT_SUCCESS;
        }
        if (given.contains("list-breaks")) {
            for (auto const& all_mutation : all_mutations())
                std::cout << all_mutation.name << '\n';
            return EXIT_SUCCESS;
        }
        return run(read(given));
    } catch (std::exception const& why) {
        std::cerr << "simulation: " << why.what() << '\n';
        return 2;
    }
}
