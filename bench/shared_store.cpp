// Instances that share a store: steps per second, the cost of each for the server and the
// instances, the latency of an admission, how often steps run again, and whether counts are exact
// in the end.
// bench_shared_store --help
//
// A journey is an admission (of a number and five shared keys, with eight limits and two conversion
// guards), its settlement, two updates and the right check. A random instance gets the updates and
// the check. Closed loop: each instance always has the same number of steps in flight. Every eighth
// journey also takes from one budget, whose sum must be the number of admissions in the end. Prints
// one JSON object.

#include "backend/memory_backend.hpp"
#include "backend/postgres/postgres_backend.hpp"
#include "backend/redis/redis_backend.hpp"
#include "backend/sqlite/sqlite_backend.hpp"
#include "distant_servers.hpp"
#include "latency_histogram.hpp"
#include "otpd/net/single_threaded_scope.hpp"
#include "store_requests.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/lockfree/queue.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>

#include <time.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <latch>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace otpd;
using namespace otpd::bench;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace po = boost::program_options;

namespace {

using std::chrono::steady_clock;
using seconds_t = std::chrono::duration<double>;

/// So long that a slow machine is measured, and does not fail.
constexpr auto step_timeout = 10s;
constexpr std::uint64_t journeys_for_each_with_budget = 8;

struct options {
    store::location where;
    std::size_t instances = 1;
    std::size_t in_flight = 16;
    std::vector<std::chrono::microseconds> delays; ///< by instance; the last element applies to
                                                   ///  the rest
    seconds_t warm_up{};
    seconds_t measured{};
    int server_process = 0; ///< 0: none

    [[nodiscard]] std::chrono::microseconds delay_of(std::size_t instance) const {
        return delays.empty() ? 0us : delays[std::min(instance, delays.size() - 1)];
    }
};

// --- the journeys

/// The steps after an admission and its settlement.
enum class stage : std::uint8_t { first_update, second_update, check };

class inbox {
public:
    void put(std::uint64_t journey, stage next) {
        if (!queue_.push(journey << 2 | static_cast<std::uint64_t>(next)))
            throw std::runtime_error("an instance does not keep up with the others");
    }
    std::optional<std::pair<std::uint64_t, stage>> take() {
        std::uint64_t item = 0;
        if (!queue_.pop(item)) return std::nullopt;
        return std::pair(item >> 2, static_cast<stage>(item & 3));
    }

private:
    boost::lockfree::queue<std::uint64_t, boost::lockfree::capacity<65534>> queue_;
};

/// Of all instances.
struct run_state {
    enum class phase : std::uint8_t { warming_up, measuring, over };

    explicit run_state(std::size_t instances)
        : inboxes(instances), ready(static_cast<std::ptrdiff_t>(instances)),
          done(static_cast<std::ptrdiff_t>(instances)) {}

    std::vector<inbox> inboxes;
    std::latch ready;
    std::latch done;
    std::atomic<phase> now{phase::warming_up};
    /// Numbers that no earlier run has used.
    std::uint64_t const first =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                       std::chrono::system_clock::now().time_since_epoch())
                                       .count());
    std::atomic<std::uint64_t> next{first};
    store::budget_key const budget{everybody(), "journeys", std::to_string(first)};
};

struct tally {
    std::uint64_t steps = 0;
    latency_histogram admissions;
    latency_histogram checks;
    // Since the start.
    std::uint64_t budgeted = 0;   ///< admitted
    std::uint64_t failed = 0;     ///< the store did not answer
    std::uint64_t unexpected = 0; ///< it gave another answer
    store::batch_stats batches;
};

store::admission shared_admission_of(std::uint64_t n, store::budget_key const& budget) {
    auto request = admission_of(n);
    request.rate_limit_checks.push_back({address_of(n), "end_user_10m", 1000, 600s});
    if (n % journeys_for_each_with_budget == 0)
        request.reservations.push_back({budget, 1, store::state::value_max, 33 * 24h});
    return request;
}

store::check check_with_id_of(std::uint64_t n) {
    auto request = check_of(n, true);
    request.id = id_of(n);
    return request;
}

std::unique_ptr<store::batched_store> make_store(asio::any_io_executor const& executor,
                                                 store::location const& where) {
    using kind = store::location::kind;
    static system_clock const clock;
    if (where.type == kind::redis) {
        store::redis_options chosen;
        chosen.where = where;
        chosen.timeout = step_timeout;
        return std::make_unique<store::redis_backend>(executor, chosen);
    }
    if (where.type == kind::postgres) {
        store::postgres_options chosen;
        chosen.where = where;
        chosen.timeout = step_timeout;
        chosen.states_max = 1'000'000'000;
        return std::make_unique<store::postgres_backend>(executor, chosen);
    }
    if (where.type == kind::sqlite) {
        store::sqlite_options chosen;
        chosen.path = where.path;
        chosen.timeout = step_timeout;
        chosen.states_max = 1'000'000'000;
        return std::make_unique<store::sqlite_backend>(executor, clock, chosen);
    }
    store::memory_options chosen;
    chosen.states_max = 1'000'000'000;
    return std::make_unique<store::memory_backend>(executor, clock, chosen);
}

// --- an instance, on a thread of its own

class instance {
public:
    instance(options const& chosen, store::location const& where, std::size_t nth, run_state& all)
        : in_flight_(chosen.in_flight), nth_(nth), all_(all),
          store_(make_store(context_.get_executor(), where)) {}

    void run() {
        net::single_threaded_scope const alone(context_);
        auto const why = await(store_->start());
        if (why) throw std::runtime_error(*why);
        while (!await(store_->ping()))
            context_.run_for(10ms);
        all_.ready.count_down();
        working_ = in_flight_;
        for (std::size_t n = 0; n < in_flight_; ++n)
            asio::co_spawn(context_, journey_after_journey(), rethrow);
        while (working_ > 0)
            context_.run_one();
        tally_.batches = await(store_->stats());
        all_.done.count_down();
        if (nth_ == 0) read_budget();
        store_->stop();
        working_guard_.reset();
        context_.run();
    }

    [[nodiscard]] tally const& counted() const noexcept { return tally_; }
    [[nodiscard]] std::uint64_t spent() const noexcept { return spent_; }

private:
    static void rethrow(std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    }

    template <class T>
    T await(asio::awaitable<T> operation) {
        std::optional<T> answer;
        auto const keep = [&answer](std::exception_ptr thrown, T value) {
            rethrow(thrown);
            answer = std::move(value);
        };
        asio::co_spawn(context_, std::move(operation), keep);
        while (!answer)
            context_.run_one();
        return *std::move(answer);
    }

    void read_budget() {
        while (!all_.done.try_wait())
            context_.run_one_for(1ms);
        auto const sums = await(store_->spent({all_.budget}));
        if (!sums) throw std::runtime_error("what was spent cannot be read");
        spent_ = static_cast<std::uint64_t>(sums->front());
    }

    asio::awaitable<void> journey_after_journey() {
        while (all_.now != run_state::phase::over) {
            auto const handed = all_.inboxes[nth_].take();
            if (handed)
                co_await go_on(handed->first, handed->second);
            else
                co_await begin(all_.next++);
        }
        --working_;
    }

    asio::awaitable<void> begin(std::uint64_t n) {
        auto const began = steady_clock::now();
        auto const sent = co_await store_->admit(shared_admission_of(n, all_.budget));
        count(began, &tally_.admissions);
        bool const is_admitted = sent && std::holds_alternative<store::admitted>(*sent);
        if (!is_expected(sent.has_value(), is_admitted)) co_return;
        if (n % journeys_for_each_with_budget == 0) ++tally_.budgeted;
        auto const settling = steady_clock::now();
        auto const settled = co_await store_->settle(settlement_of(n));
        count(settling);
        bool const is_settled = settled && *settled == store::settle_outcome::settled;
        if (is_expected(settled.has_value(), is_settled)) hand_on(n, stage::first_update);
    }

    asio::awaitable<void> go_on(std::uint64_t n, stage with) {
        auto const began = steady_clock::now();
        if (with == stage::check) {
            auto const checked = co_await store_->check_code(check_with_id_of(n));
            count(began, &tally_.checks);
            is_expected(checked.has_value(),
                        checked && std::holds_alternative<store::verified>(*checked));
            co_return;
        }
        bool const is_first = with == stage::first_update;
        auto const message = is_first ? store::delivery::accepted : store::delivery::delivered;
        auto const updated = co_await store_->update(update_of(n, message));
        count(began);
        bool const is_updated = updated && *updated == store::update_outcome::updated;
        if (is_expected(updated.has_value(), is_updated))
            hand_on(n, is_first ? stage::second_update : stage::check);
    }

    void hand_on(std::uint64_t n, stage next) {
        std::uniform_int_distribution<std::size_t> any(0, all_.inboxes.size() - 1);
        all_.inboxes[any(random_)].put(n, next);
    }

    void count(steady_clock::time_point began, latency_histogram* into = nullptr) {
        if (all_.now != run_state::phase::measuring) return;
        ++tally_.steps;
        if (into != nullptr) into->add(steady_clock::now() - began);
    }

    bool is_expected(bool is_answered, bool is_right) {
        if (!is_answered)
            ++tally_.failed;
        else if (!is_right)
            ++tally_.unexpected;
        return is_right;
    }

    std::size_t const in_flight_;
    std::size_t const nth_;
    run_state& all_;
    asio::io_context context_{1};
    /// A store with its own thread leaves the context without work meanwhile.
    asio::executor_work_guard<asio::io_context::executor_type> working_guard_{
        context_.get_executor()};
    std::unique_ptr<store::batched_store> store_;
    std::mt19937_64 random_{std::random_device{}()};
    std::size_t working_ = 0;
    tally tally_;
    std::uint64_t spent_ = 0;
};

// --- what it costs

/// The CPU time of a process's threads so far.
std::chrono::nanoseconds cpu_time_of_process(int id) {
    std::chrono::nanoseconds sum{};
    auto const tasks = "/proc/" + std::to_string(id) + "/task";
    std::error_code ignored;
    for (auto const& task : std::filesystem::directory_iterator(tasks, ignored)) {
        std::ifstream in(task.path() / "schedstat");
        std::int64_t ran = 0;
        in >> ran;
        sum += std::chrono::nanoseconds(ran);
    }
    return sum;
}

/// Includes its children: PostgreSQL has one per connection.
std::chrono::nanoseconds cpu_time_of_server(int id) {
    if (id == 0) return {};
    auto sum = cpu_time_of_process(id);
    auto const main = std::to_string(id);
    std::ifstream in("/proc/" + main + "/task/" + main + "/children");
    for (int child = 0; in >> child;)
        sum += cpu_time_of_process(child);
    return sum;
}

std::chrono::nanoseconds cpu_time_of_this_process() {
    timespec ran{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ran);
    return std::chrono::seconds(ran.tv_sec) + std::chrono::nanoseconds(ran.tv_nsec);
}

struct moment {
    steady_clock::time_point at = steady_clock::now();
    std::chrono::nanoseconds server{};
    std::chrono::nanoseconds delaying{}; ///< no cost of a store, but it uses the machine
    std::chrono::nanoseconds instances{};
};

moment now(options const& chosen, distant_servers& between) {
    moment read;
    read.server = cpu_time_of_server(chosen.server_process);
    read.delaying = between.cpu_time();
    read.instances = cpu_time_of_this_process() - read.delaying;
    return read;
}

// --- the run

/// An address instead of a name: nothing is resolved here.
asio::ip::tcp::endpoint endpoint_of(store::server_address const& server) {
    return {asio::ip::make_address(server.host), server.port};
}

store::location seen_by(std::size_t nth, options const& chosen, distant_servers& between) {
    auto where = chosen.where;
    auto const delay = chosen.delay_of(nth);
    if (delay == 0us) return where;
    if (where.servers.size() != 1 || !where.master.empty())
        throw std::invalid_argument("only what one server answers over TCP can be delayed");
    where.servers.front() = {"127.0.0.1", between.add(endpoint_of(where.servers.front()), delay)};
    return where;
}

double milliseconds(std::chrono::nanoseconds length) {
    return std::chrono::duration<double, std::milli>(length).count();
}

bool print(options const& chosen, std::vector<std::unique_ptr<instance>> const& instances,
           moment const& from, moment const& to) {
    auto const sum = [&](auto of) {
        std::uint64_t all = 0;
        for (auto const& instance : instances)
            all += of(instance->counted());
        return all;
    };
    latency_histogram admissions;
    latency_histogram checks;
    for (auto const& instance : instances) {
        admissions.add(instance->counted().admissions);
        checks.add(instance->counted().checks);
    }
    auto const steps = sum([](tally const& of) { return of.steps; });
    auto const for_each = [steps](std::chrono::nanoseconds time) {
        return static_cast<double>(time.count()) / 1e3 / static_cast<double>(steps);
    };
    auto const again = sum([](tally const& of) { return of.batches.conflicts; });
    auto const run = sum([](tally const& of) { return of.batches.steps; });
    auto const batches = sum([](tally const& of) { return of.batches.flights; });
    auto const budgeted = sum([](tally const& of) { return of.budgeted; });
    auto const failed = sum([](tally const& of) { return of.failed; });
    auto const unexpected = sum([](tally const& of) { return of.unexpected; });
    auto const spent = instances.front()->spent();
    bool const is_exact = spent == budgeted && failed == 0 && unexpected == 0;
    static constexpr char const* names[] = {"memory", "sqlite", "redis", "postgres"};
    std::printf(R"({"bench":"shared_store","store":"%s","instances":%zu,"in_flight":%zu,)"
                R"("delay_us":%lld,"steps_per_s":%.0f,"server_us":%.2f,"instance_us":%.2f,)"
                R"("delaying_us":%.2f,"admit_p50_ms":%.2f,"admit_p99_ms":%.2f,"check_p50_ms":%.2f,)"
                R"("check_p99_ms":%.2f,"retries_per_step":%.3f,"steps_per_batch":%.1f,)"
                R"("budgeted":%llu,"spent":%llu,"failed":%llu,"unexpected":%llu,"exact":%s})"
                "\n",
                names[static_cast<std::size_t>(chosen.where.type)], instances.size(),
                chosen.in_flight, static_cast<long long>(chosen.delay_of(0).count()),
                static_cast<double>(steps) / seconds_t(to.at - from.at).count(),
                for_each(to.server - from.server), for_each(to.instances - from.instances),
                for_each(to.delaying - from.delaying), milliseconds(admissions.percentile(50)),
                milliseconds(admissions.percentile(99)), milliseconds(checks.percentile(50)),
                milliseconds(checks.percentile(99)),
                static_cast<double>(again) / static_cast<double>(run - again),
                static_cast<double>(run) / static_cast<double>(batches),
                static_cast<unsigned long long>(budgeted), static_cast<unsigned long long>(spent),
                static_cast<unsigned long long>(failed),
                static_cast<unsigned long long>(unexpected), is_exact ? "true" : "false");
    return is_exact;
}

bool measure(options const& chosen) {
    distant_servers between;
    run_state all(chosen.instances);
    std::vector<std::unique_ptr<instance>> instances;
    for (std::size_t nth = 0; nth < chosen.instances; ++nth)
        instances.push_back(
            std::make_unique<instance>(chosen, seen_by(nth, chosen, between), nth, all));
    between.start();
    std::vector<std::jthread> threads;
    for (auto const& instance : instances)
        threads.emplace_back([&one = *instance] {
            try {
                one.run();
            } catch (std::exception const& error) { // the others would wait for it
                static_cast<void>(std::fprintf(stderr, "bench_shared_store: %s\n", error.what()));
                std::_Exit(EXIT_FAILURE);
            }
        });
    all.ready.wait();
    std::this_thread::sleep_for(chosen.warm_up);
    auto const from = now(chosen, between);
    all.now = run_state::phase::measuring;
    std::this_thread::sleep_for(chosen.measured);
    all.now = run_state::phase::over;
    auto const to = now(chosen, between);
    threads.clear();
    return print(chosen, instances, from, to);
}

po::options_description description() {
    po::options_description out("bench_shared_store: instances that share a store.\n\nOptions");
    auto add = out.add_options();
    add("help", "show this text");
    add("store", po::value<std::string>()->required(), "the store, as in store.url");
    add("instances", po::value<std::size_t>()->default_value(1), "instances that share the store");
    add("in-flight", po::value<std::size_t>()->default_value(16),
        "steps in flight of each instance");
    add("delay-us", po::value<std::vector<std::int64_t>>()->multitoken(),
        "delay of the server's answers, by instance; the last is for the remaining ones");
    add("seconds", po::value<double>()->default_value(2), "measured seconds");
    add("warm-up", po::value<double>()->default_value(0.5), "seconds before the measurement");
    add("server-process", po::value<int>()->default_value(0),
        "id of the server's process, whose CPU is measured");
    return out;
}

options read_options(po::variables_map const& given) {
    options out;
    auto const where = store::parse_location(given["store"].as<std::string>());
    if (!where) throw std::invalid_argument("--store is not the URL of a store");
    out.where = *where;
    out.instances = given["instances"].as<std::size_t>();
    out.in_flight = given["in-flight"].as<std::size_t>();
    if (out.instances == 0 || out.in_flight == 0)
        throw std::invalid_argument("--instances and --in-flight begin at 1");
    using kind = store::location::kind;
    if (out.instances > 1 && (where->type == kind::memory || where->type == kind::sqlite))
        throw std::invalid_argument("that store has one instance");
    if (given.contains("delay-us"))
        for (auto const entry : given["delay-us"].as<std::vector<std::int64_t>>())
            out.delays.emplace_back(entry);
    out.measured = seconds_t(given["seconds"].as<double>());
    out.warm_up = seconds_t(given["warm-up"].as<double>());
    out.server_process = given["server-process"].as<int>();
    return out;
}

} // namespace

int main(int argc, char** argv) {
    try {
        auto const known = description();
        po::variables_map given;
        po::store(po::parse_command_line(argc, argv, known), given);
        if (given.contains("help")) {
            std::cout << known;
            return EXIT_SUCCESS;
        }
        po::notify(given);
        return measure(read_options(given)) ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (std::exception const& error) {
        static_cast<void>(std::fprintf(stderr, "bench_shared_store: %s\n", error.what()));
        return 2;
    }
}
