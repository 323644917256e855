// The throughput of a store: pairs of an admission and a right check with many steps in flight, and
// the store's size per live code. Prints one JSON object per line.

#include "backend/memory_backend.hpp"
#include "backend/redis/redis_backend.hpp"
#include "backend/sqlite/sqlite_backend.hpp"
#include "store_requests.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace otpd;
using namespace otpd::bench;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr std::size_t in_flight = 64;
constexpr std::size_t threads = 2;
constexpr auto measured_for = 3s;

void rethrow(std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
}

void start(asio::io_context& context, store::backend& store) {
    bool started = false;
    auto body = [&]() -> asio::awaitable<void> {
        auto const why = co_await store.start();
        if (why) throw std::runtime_error(*why);
        started = true;
    };
    asio::co_spawn(context, body, rethrow);
    context.restart();
    while (!started)
        context.run_one();
}

/// `in_flight` coroutines call `operation(n)` for one number after the other until `enough(n)`.
template <class Operation, class Enough>
std::uint64_t repeat(asio::io_context& context, Operation operation, Enough enough) {
    std::atomic<std::uint64_t> next{0};
    std::atomic<std::size_t> working{in_flight};
    std::atomic<bool> done{false};
    auto body = [&]() -> asio::awaitable<void> {
        for (;;) {
            auto const n = next++;
            if (enough(n)) break;
            co_await operation(n);
        }
        if (--working == 0) done = true;
    };
    for (std::size_t i = 0; i < in_flight; ++i)
        asio::co_spawn(asio::make_strand(context), body, rethrow);
    // A store's own timers may keep the context busy.
    context.restart();
    auto serve = [&] {
        while (!done)
            context.run_one_for(10ms);
    };
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i)
        others.emplace_back(serve);
    serve();
    others.clear();
    return next - in_flight;
}

/// Admissions and right checks; each pair has its own number. None of their codes is live in the
/// end.
double pairs_per_second(asio::io_context& context, store::store& store, std::uint64_t first = 0) {
    auto const began = std::chrono::steady_clock::now();
    auto pair = [&](std::uint64_t n) -> asio::awaitable<void> {
        auto const sent = co_await store.admit(admission_of(first + n));
        if (!sent || !std::holds_alternative<store::admitted>(*sent))
            throw std::runtime_error("an admission was refused");
        auto const checked = co_await store.check_code(check_of(first + n, true));
        if (!checked || !std::holds_alternative<store::verified>(*checked))
            throw std::runtime_error("a right code was refused");
    };
    auto enough = [&](std::uint64_t) {
        return std::chrono::steady_clock::now() - began > measured_for;
    };
    auto const pairs = repeat(context, pair, enough);
    std::chrono::duration<double> const elapsed = std::chrono::steady_clock::now() - began;
    return static_cast<double>(pairs) / elapsed.count();
}

/// Also stores the upstream's answer about each message.
void make_live(asio::io_context& context, store::store& store, std::uint64_t codes) {
    constexpr std::uint64_t others = 1'000'000'000;
    auto send = [&](std::uint64_t n) -> asio::awaitable<void> {
        auto const sent = co_await store.admit(admission_of(others + n));
        if (!sent || !std::holds_alternative<store::admitted>(*sent))
            throw std::runtime_error("an admission was refused");
        auto const settled = co_await store.settle(settlement_of(others + n));
        if (!settled) throw std::runtime_error("a settlement failed");
        if (*settled != store::settle_outcome::settled)
            throw std::runtime_error("a settlement was refused");
    };
    repeat(context, send, [codes](std::uint64_t n) { return n >= codes; });
}

/// How often per second this disk can make 4 KiB at the end of a file durable.
double syncs_per_second(std::string const& file) {
    int const descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) throw std::runtime_error("cannot write " + file);
    std::array<char, 4096> const block{};
    std::size_t count = 0;
    auto const began = std::chrono::steady_clock::now();
    std::chrono::duration<double> elapsed{};
    for (; elapsed < 1s; ++count) {
        if (::write(descriptor, block.data(), block.size()) < 0 || ::fdatasync(descriptor) != 0)
            throw std::runtime_error("cannot write " + file);
        elapsed = std::chrono::steady_clock::now() - began;
    }
    ::close(descriptor);
    std::filesystem::remove(file);
    return static_cast<double>(count) / elapsed.count();
}

std::uint64_t resident_bytes() {
    std::ifstream in("/proc/self/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    in >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void measure_memory(std::uint64_t live) {
    asio::io_context context;
    system_clock const clock;
    store::memory_backend store(context.get_executor(), clock, {});
    std::printf(R"({"bench":"stores","store":"memory","in_flight":%zu,"pairs_per_s":%.0f})"
                "\n",
                in_flight, pairs_per_second(context, store));
    store::memory_backend fresh(context.get_executor(), clock, {});
    auto const before = resident_bytes();
    make_live(context, fresh, live);
    std::printf(R"({"bench":"stores","store":"memory","live_codes":%llu,"bytes_per_code":%.0f})"
                "\n",
                static_cast<unsigned long long>(live),
                static_cast<double>(resident_bytes() - before) / static_cast<double>(live));
}

void measure_sqlite(std::string const& directory, std::uint64_t live) {
    asio::io_context context;
    system_clock const clock;
    store::sqlite_options options;
    options.path = directory + "/bench.db";
    {
        store::sqlite_backend store(context.get_executor(), clock, options);
        start(context, store);
        double const pairs = pairs_per_second(context, store);
        auto const done = store.usage();
        std::printf(R"({"bench":"stores","store":"sqlite","in_flight":%zu,"pairs_per_s":%.0f,)"
                    R"("commits":%llu,"fsyncs_per_s_of_the_disk":%.0f})"
                    "\n",
                    in_flight, pairs, static_cast<unsigned long long>(done.commits),
                    syncs_per_second(directory + "/syncs"));
    }
    std::filesystem::remove(options.path);
    {
        store::sqlite_backend store(context.get_executor(), clock, options);
        start(context, store);
        make_live(context, store, live);
        double const pairs = pairs_per_second(context, store);
        std::printf(R"({"bench":"stores","store":"sqlite","live_codes":%llu,"pairs_per_s":%.0f})"
                    "\n",
                    static_cast<unsigned long long>(live), pairs);
    }
    std::filesystem::remove(options.path);
    {
        store::sqlite_backend store(context.get_executor(), clock, options);
        start(context, store);
        make_live(context, store, live);
    }
    auto const began = std::chrono::steady_clock::now();
    store::sqlite_backend again(context.get_executor(), clock, options);
    start(context, again);
    auto const opened = std::chrono::steady_clock::now() - began;
    std::printf(R"({"bench":"stores","store":"sqlite","live_codes":%llu,"bytes_per_code":%.0f,)"
                R"("start_ms":%.0f})"
                "\n",
                static_cast<unsigned long long>(live),
                static_cast<double>(std::filesystem::file_size(options.path)) /
                    static_cast<double>(live),
                std::chrono::duration<double, std::milli>(opened).count());
}

/// Runs admission, settlement and right check for one number after the other. The server shows what
/// is left afterwards (DBSIZE, and again when the cooldowns have ended).
void do_cycles(std::string const& url, std::uint64_t cycles) {
    constexpr std::uint64_t first = 5'000'000'000;
    asio::io_context context;
    store::redis_options options;
    options.where = store::parse_location(url).value();
    store::redis_backend store(context.get_executor(), options);
    start(context, store);
    auto cycle = [&](std::uint64_t n) -> asio::awaitable<void> {
        auto const sent = co_await store.admit(admission_of(first + n));
        auto const settled = co_await store.settle(settlement_of(first + n));
        auto const checked = co_await store.check_code(check_of(first + n, true));
        if (!sent || !settled || !checked || !std::holds_alternative<store::verified>(*checked))
            throw std::runtime_error("a cycle went wrong");
    };
    auto const began = std::chrono::steady_clock::now();
    repeat(context, cycle, [cycles](std::uint64_t n) { return n >= cycles; });
    std::chrono::duration<double> const elapsed = std::chrono::steady_clock::now() - began;
    std::printf(R"({"bench":"stores","store":"redis","cycles":%llu,"cycles_per_s":%.0f})"
                "\n",
                static_cast<unsigned long long>(cycles),
                static_cast<double>(cycles) / elapsed.count());
    store.stop();
    context.restart();
    context.run();
}

/// Only steps are requested from the server; INFO shows its memory.
void measure_redis(std::string const& url, std::size_t connections, std::uint64_t live) {
    static std::uint64_t runs = 0; // each with its own numbers: cooldowns outlive a run
    constexpr std::uint64_t numbers_max = 10'000'000;
    asio::io_context context;
    auto const where = store::parse_location(url);
    if (!where) throw std::runtime_error("not the URL of a store: " + url);
    store::redis_options options;
    options.where = *where;
    options.connections = connections;
    store::redis_backend store(context.get_executor(), options);
    start(context, store);
    double const pairs = pairs_per_second(context, store, ++runs * numbers_max);
    std::printf(R"({"bench":"stores","store":"redis","connections":%zu,"in_flight":%zu,)"
                R"("pairs_per_s":%.0f})"
                "\n",
                connections, in_flight, pairs);
    if (live > 0) make_live(context, store, live);
    store.stop();
    context.restart();
    context.run();
}

} // namespace

int main(int argc, char** argv) {
    std::string at = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
    std::uint64_t const live = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
    at += "/otpd-bench-XXXXXX";
    if (live == 0 || ::mkdtemp(at.data()) == nullptr) {
        static_cast<void>(std::fputs(
            "usage: bench_stores [DIRECTORY of the disk to measure [LIVE_CODES [redis:// "
            "URL [CYCLES]]]]\n",
            stderr));
        return 2;
    }
    static_cast<void>(std::setvbuf(stdout, nullptr, _IOLBF, 0));
    measure_memory(live);
    measure_sqlite(at, live);
    std::filesystem::remove_all(at);
    if (argc <= 3) return 0;
    // Starts with an empty database. The last codes stay there, so that their size can be measured.
    for (std::size_t const connections : {1, 2, 1, 2})
        measure_redis(argv[3], connections, 0);
    measure_redis(argv[3], 1, live);
    if (argc > 4) do_cycles(argv[3], std::strtoull(argv[4], nullptr, 10));
}
