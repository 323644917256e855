// The cost of a live code in the memory store: resident bytes, and nanoseconds of each step, with
// more and more codes. Measures the store alone, with sends like the service's: seven limits, two
// guards, a budget, a receipt and a timeline of three events.
//
// Prints one JSON object per line. Steps are timed in rounds that alternate between the sizes; the
// results are medians.

#include "backend/memory_backend.hpp"
#include "otpd/net/single_threaded_scope.hpp"
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

store::admission kept_admission_of(std::uint64_t n) {
    auto request = admission_of(n);
    request.retention = 1h;
    request.reservations = {
        {{everybody(), "total", "2026-11"}, 87'000, std::int64_t{1} << 50, 33 * 24h}};
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
            run(store_.admit(kept_admission_of(next_)));
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

    void admit(std::uint64_t n) { run(store_.admit(kept_admission_of(n))); }
    void settle(std::uint64_t n) { run(store_.settle(settlement_of(n))); }
    void check(std::uint64_t n) { run(store_.check_code(check_of(n, false))); }
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
    net::single_threaded_scope alone_{context_};
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

/// Nanoseconds per operation of a round.
template <class Operation>
double time_of(Operation operation) {
    constexpr int operations = 100; // few compared with the smallest size
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
