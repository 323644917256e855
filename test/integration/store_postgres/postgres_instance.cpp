/// postgres_instance URL FIRST CLIENTS SECONDS CONNECTIONS: an instance whose clients send and
/// guess, to be stopped, killed or measured. Prints its number of steps at the end.

#include "backend/postgres/postgres_backend.hpp"
#include "hot_requests.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace otpd;

namespace {

struct tally {
    std::uint64_t steps = 0;
    std::uint64_t failed = 0;
    std::vector<std::chrono::steady_clock::duration> admissions;
};

boost::asio::awaitable<void> work(store::store& store, std::uint32_t first, steady_time end,
                                  tally& to) {
    for (auto n = first; std::chrono::steady_clock::now() < end; ++n) {
        auto const began = std::chrono::steady_clock::now();
        auto request = test::hot_send(n);
        store::check guess;
        guess.key = request.key;
        guess.is_code_of = [right = request.code](store::code_seed const& of) {
            return of == right;
        };
        guess.attempts_max = 5;
        guess.guesses = request.guesses;
        guess.guarded = {test::hot_key()};
        store::settlement sent;
        sent.key = request.key;
        sent.id = request.id;
        sent.result = store::send_result::accepted;
        sent.accepted = store::receipt{3, "1", "BX-1", money::from_micros(1)};
        store::delivery_update delivered;
        delivered.address = {request.key.number, request.id};
        delivered.message = store::delivery::delivered;
        auto const admitted = co_await store.admit(std::move(request));
        to.admissions.push_back(std::chrono::steady_clock::now() - began);
        auto const settled = co_await store.settle(std::move(sent));
        auto const updated = co_await store.update(std::move(delivered));
        auto const checked = co_await store.check_code(std::move(guess));
        to.steps += 4;
        to.failed += (admitted.has_error() ? 1U : 0U) + (settled.has_error() ? 1U : 0U) +
                     (updated.has_error() ? 1U : 0U) + (checked.has_error() ? 1U : 0U);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 6) return 2;
    boost::asio::io_context context;
    store::postgres_options options;
    options.where = store::parse_location(argv[1]).value();
    options.connections = static_cast<std::size_t>(std::atoi(argv[5]));
    store::postgres_backend in(context.get_executor(), options);
    tally done;
    auto const first = static_cast<std::uint32_t>(std::atoi(argv[2]));
    auto const clients = static_cast<std::uint32_t>(std::atoi(argv[3]));
    auto const seconds = std::atoi(argv[4]);
    auto left = clients;
    auto all = [&]() -> boost::asio::awaitable<void> {
        if (auto const why = co_await in.start()) {
            std::fputs(why->c_str(), stderr);
            std::exit(1);
        }
        auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
        for (std::uint32_t n = 0; n < clients; ++n)
            boost::asio::co_spawn(context, work(in, first + n * 1'000'000, end, done),
                                  [&left, &in](std::exception_ptr) {
                                      if (--left == 0) in.stop();
                                  });
    };
    boost::asio::co_spawn(context, all, [](std::exception_ptr) {});
    std::puts("started");
    std::fflush(stdout);
    context.run();
    auto& times = done.admissions;
    std::ranges::sort(times);
    auto const at = [&](double part) {
        auto const n = static_cast<std::size_t>(part * static_cast<double>(times.size() - 1));
        return std::chrono::duration<double, std::milli>(times[n]).count();
    };
    if (!times.empty())
        std::printf("%llu steps/s, admit p50 %.2f p99 %.2f ms, %llu failed\n",
                    static_cast<unsigned long long>(done.steps / static_cast<unsigned>(seconds)),
                    at(0.5), at(0.99), static_cast<unsigned long long>(done.failed));
}
