// What a live code costs the memory store: resident bytes, and nanoseconds of each step, beside more and more
// of them. The store alone, with sends as the service makes them: seven counters, two watches, a budget, a
// receipt and a timeline of three events.
//
// Prints one JSON object a line. Steps are timed in rounds that go over the sizes in turn; medians.

#include "backend/memory_backend.hpp"
#include "otpd/net/sole_runner.hpp"
#include "store_requests.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace otpd;
using namespace otpd::bench;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

store::code_seed seed_of(std::uint64_t n) {
    return {1, key(~n - 5), 6};
}

store::admission admission_of(std::uint64_t n) {
    store::admission request;
    request.key = store::record_key{key(n), "shop:login"};
    request.id = key(~n);
    request.code = seed_of(n);
    request.ttl = 600s;
    request.keep = 1h;
    request.lease = 30s;
    request.cooldown = store::cooldown_rule{45s, 900s, 1h};
    request.charges = charges_of(n);
    request.watches = watches_of(n);
    request.reservations = {
        {{everybody(), "total", "2026-11"}, 87'000, std::int64_t{1} << 50, 33 * 24h}};
    request.guesses = guesses();
    return request;
}

/// The texts are those of a service with default settings (src/otp/settle.cpp), the message's ids those of
/// BridgeXAPI.
store::settlement settlement_of(std::uint64_t n) {
    std::string id(16, '0');
    auto const random = key(~n - 7);
    for (std::size_t i = 0; i < id.size(); ++i)
        id[i] = "0123456789abcdef"[std::to_integer<unsigned>(random[i]) & 0xfU];
    auto const order = std::to_string(22'953 + n % 900'000);
    store::settlement request;
    request.key = store::record_key{key(n), "shop:login"};
    request.id = key(~n);
    request.result = store::send_result::accepted;
    request.accepted =
        store::receipt{3, order, "BX-" + order + "-" + id, money::from_micros(87'000)};
    request.notes = {{store::event_kind::admitted,
                      {},
                      "country=NL,route_plan=default,limits=number_10m%204%2F5%2C%20number_24h%209%"
                      "2F10%2C%20client_"
                      "1m%20" +
                          std::to_string(100 + n % 500) + "%2F600"},
                     {store::event_kind::step, 212ms, "route_id=3i,outcome=chosen,price=87000u"}};
    request.details = "route_id=3i,price=87000u,cost=87000u";
    return request;
}

store::check check_of(std::uint64_t n) {
    store::check request;
    request.key = store::record_key{key(n), "shop:login"};
    request.is_code_of = [](store::code_seed const&) { return false; };
    request.attempts_max = 5;
    request.guesses = guesses();
    request.watched = {prefix_of(n), country_of(n)};
    return request;
}

std::uint64_t resident_bytes() {
    std::ifstream in("/proc/self/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    in >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

class filled_store {
public:
    explicit filled_store(std::uint64_t codes) {
        for (; next_ < codes; ++next_) {
            run(store_.admit(admission_of(next_)));
            run(store_.settle(settlement_of(next_)));
        }
    }

    template <class T>
    T run(asio::awaitable<T> operation) {
        std::optional<T> answer;
        asio::co_spawn(context_, std::move(operation), [&](std::exception_ptr thrown, T value) {
            if (thrown) std::rethrow_exception(thrown);
            answer = std::move(value);
        });
        context_.restart();
        context_.run();
        if (!*answer) throw std::runtime_error("the store failed");
        return *std::move(answer);
    }

    void admit(std::uint64_t n) { run(store_.admit(admission_of(n))); }
    void settle(std::uint64_t n) { run(store_.settle(settlement_of(n))); }
    void check(std::uint64_t n) { run(store_.check_code(check_of(n))); }
    std::uint64_t next() noexcept { return next_++; }
    std::uint64_t next_guess() noexcept { return next_guess_++; }
    std::uint64_t codes() { return *run(store_.live_codes()); }

private:
    static store::memory_options unbounded() {
        store::memory_options options;
        options.states_max = 1'000'000'000;
        return options;
    }

    asio::io_context context_{1};
    net::sole_runner alone_{context_};
    system_clock clock_;
    store::memory_backend store_{context_.get_executor(), clock_, unbounded()};
    std::uint64_t next_ = 0;
    std::uint64_t next_guess_ = 0;
};

struct timings {
    std::vector<double> admit;
    std::vector<double> settle;
    std::vector<double> check;
};

double median(std::vector<double> values) {
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Nanoseconds for each of a round of operations.
template <class Operation>
double time_of(Operation operation) {
    constexpr int operations = 100; // few beside the smallest size
    auto const began = std::chrono::steady_clock::now();
    for (int i = 0; i < operations; ++i)
        operation();
    std::chrono::duration<double, std::nano> const elapsed =
        std::chrono::steady_clock::now() - began;
    return elapsed.count() / operations;
}

void measure_round(filled_store& store, timings& into) {
    auto const first = store.next();
    auto last = first;
    into.admit.push_back(time_of([&] { store.admit(last = store.next()); }));
    auto settled = first;
    into.settle.push_back(time_of([&] { store.settle(++settled); }));
    into.check.push_back(time_of([&] { store.check(store.next_guess()); }));
}

} // namespace

int main(int argc, char** argv) {
    static_cast<void>(std::setvbuf(stdout, nullptr, _IOLBF, 0));
    std::vector<std::uint64_t> sizes;
    for (int i = 1; i < argc; ++i)
        sizes.push_back(std::strtoull(argv[i], nullptr, 10));
    if (sizes.empty() || std::ranges::find(sizes, 0U) != sizes.end()) {
        static_cast<void>(std::fputs("usage: bench_memory_footprint LIVE_CODES...\n", stderr));
        return 2;
    }
    std::vector<std::unique_ptr<filled_store>> stores;
    for (auto const size : sizes) {
        auto const before = resident_bytes();
        stores.push_back(std::make_unique<filled_store>(size));
        std::printf(R"({"bench":"memory_footprint","live_codes":%llu,"bytes_per_code":%.1f})"
                    "\n",
                    static_cast<unsigned long long>(stores.back()->codes()),
                    static_cast<double>(resident_bytes() - before) / static_cast<double>(size));
    }
    std::vector<timings> results(sizes.size());
    for (int round = 0; round < 31; ++round)
        for (std::size_t i = 0; i < sizes.size(); ++i)
            measure_round(*stores[i], results[i]);
    for (std::size_t i = 0; i < sizes.size(); ++i)
        std::printf(R"({"bench":"memory_footprint","live_codes":%llu,"admit_ns":%.0f,)"
                    R"("settle_ns":%.0f,"check_ns":%.0f})"
                    "\n",
                    static_cast<unsigned long long>(sizes[i]), median(results[i].admit),
                    median(results[i].settle), median(results[i].check));
}
