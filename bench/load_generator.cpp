// Makes requests at a constant rate, however the server responds, over persistent connections:
// bench_load --help
//
// A request's latency counts from the time at which it was due, even if no connection was free or
// this program was late. The percentiles therefore include the time that a slow server delays
// requests that are not sent yet. Prints one JSON object.

#include "latency_histogram.hpp"
#include "load_connection.hpp"
#include "load_schedule.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace otpd::bench;

namespace {

namespace asio = boost::asio;
namespace po = boost::program_options;
using tcp = asio::ip::tcp;

/// For the replies to the last requests.
constexpr std::chrono::seconds patience{5};

struct options {
    tcp::endpoint server;
    request_texts::options requests;
    load_schedule::options schedule;
    std::size_t connections = 0;
};

po::options_description description() {
    po::options_description out("bench_load: requests at a constant rate, and their latencies from "
                                "when each was to go out.\n\nOptions");
    auto add = out.add_options();
    add("help", "show this text");
    add("server", po::value<std::string>()->required(), "IPv4 address and port");
    add("path", po::value<std::string>()->required(), "path of the POST requests");
    add("body", po::value<std::string>()->required(), "JSON; {number} becomes a number");
    add("first", po::value<std::uint64_t>()->default_value(31'620'000'001), "lowest number");
    add("count", po::value<std::uint64_t>()->default_value(0),
        "take numbers at random from this many; 0: each request takes the next number");
    add("rate", po::value<double>()->required(), "requests per second");
    add("seconds", po::value<double>()->default_value(10), "measured seconds");
    add("warm-up", po::value<double>()->default_value(1),
        "seconds before the measurement, at the same rate");
    add("connections", po::value<std::size_t>()->default_value(64), "most requests in flight");
    return out;
}

tcp::endpoint read_endpoint(std::string const& text) {
    auto const colon = text.rfind(':');
    if (colon == std::string::npos) throw std::invalid_argument("--server must be ADDRESS:PORT");
    auto const port = std::stoul(text.substr(colon + 1));
    if (port == 0 || port > 65535) throw std::invalid_argument("--server has no such port");
    return {asio::ip::make_address(text.substr(0, colon)), static_cast<std::uint16_t>(port)};
}

options read_options(po::variables_map const& given) {
    options out;
    auto const server = given["server"].as<std::string>();
    out.server = read_endpoint(server);
    out.requests = {server, given["path"].as<std::string>(), given["body"].as<std::string>(),
                    given["first"].as<std::uint64_t>(), given["count"].as<std::uint64_t>()};
    out.schedule = {given["rate"].as<double>(), given["warm-up"].as<double>(),
                    given["seconds"].as<double>()};
    out.connections = given["connections"].as<std::size_t>();
    if (!(out.schedule.rate > 0) || !(out.schedule.seconds > 0) || !(out.schedule.warm_up >= 0) ||
        out.connections == 0)
        throw std::invalid_argument("--rate, --seconds and --connections must be over 0");
    return out;
}

/// Assigns due requests to free connections, both in order.
class generator final : public load_connection::owner {
public:
    explicit generator(options const& what)
        : texts_(what.requests), schedule_(what.schedule), due_timer_(context_),
          end_timer_(context_) {
        for (std::size_t i = 0; i < what.connections; ++i)
            connections_.push_back(
                std::make_unique<load_connection>(tcp::socket(context_), what.server, *this));
        for (auto const& connection : connections_)
            free_.push_back(connection.get());
    }

    void run() {
        schedule_.start(load_clock::now());
        end_timer_.expires_at(schedule_.end() + patience);
        end_timer_.async_wait([this](boost::system::error_code error) {
            if (!error) context_.stop();
        });
        hand_out();
        context_.run();
        stopped_at_ = load_clock::now();
        give_up_the_rest();
    }

    void print() const {
        std::printf(R"({"asked_per_s":%.1f,"answered_per_s":%.1f,"seconds":%.1f,"requests":%llu,)",
                    schedule_.rate(), answered_per_second(), schedule_.seconds(),
                    static_cast<unsigned long long>(latencies_.total()));
        std::printf(R"("unanswered":%llu,"connections_lost":%llu,"statuses":{)",
                    static_cast<unsigned long long>(unanswered_),
                    static_cast<unsigned long long>(lost_));
        char const* separator = "";
        for (std::size_t status = 0; status < statuses_.size(); ++status) {
            if (statuses_[status] == 0) continue;
            std::printf(R"(%s"%zu":%llu)", separator, status,
                        static_cast<unsigned long long>(statuses_[status]));
            separator = ",";
        }
        std::printf(R"(},"late_us":{"50":%.1f,"99":%.1f},"latency_us":{)",
                    microseconds(lateness_.percentile(50)), microseconds(lateness_.percentile(99)));
        for (auto const* percent : {"50", "75", "90", "95", "99", "99.5", "99.9", "99.95", "99.99"})
            std::printf(R"("%s":%.1f,)", percent,
                        microseconds(latencies_.percentile(std::strtod(percent, nullptr))));
        std::printf("\"max\":%.1f}}\n", microseconds(latencies_.longest()));
    }

    /// Whether any connection was left at the end.
    [[nodiscard]] bool alive() const noexcept { return lost_ < connections_.size(); }

private:
    static double microseconds(std::chrono::nanoseconds length) {
        return std::chrono::duration<double, std::micro>(length).count();
    }

    void answered(load_connection& by, load_clock::time_point due, unsigned status) override {
        last_answer_ = load_clock::now();
        if (schedule_.is_measured(due)) {
            latencies_.add(last_answer_ - due);
            ++statuses_[std::min<std::size_t>(status, statuses_.size() - 1)];
        }
        free_.push_back(&by);
        // In the same handler, so that under load nothing waits for the timer.
        hand_out();
    }

    void lost(load_connection&) override {
        ++lost_;
        if (!alive()) context_.stop();
        stop_when_done();
    }

    void hand_out() {
        auto const now = load_clock::now();
        while (auto const due = schedule_.take(now)) {
            if (schedule_.is_measured(*due)) lateness_.add(now - *due);
            waiting_.push_back(*due);
        }
        while (!waiting_.empty() && !free_.empty()) {
            auto const due = waiting_.front();
            waiting_.pop_front();
            auto* const by = free_.front();
            free_.pop_front();
            by->ask(texts_.next(), due);
        }
        if (auto const next = schedule_.next())
            wait_until(*next);
        else
            stop_when_done();
    }

    void wait_until(load_clock::time_point next) {
        if (timed_) return;
        timed_ = true;
        due_timer_.expires_at(next);
        due_timer_.async_wait([this](boost::system::error_code) {
            timed_ = false;
            hand_out();
        });
    }

    void stop_when_done() {
        if (!schedule_.next() && waiting_.empty() && free_.size() + lost_ == connections_.size())
            context_.stop();
    }

    /// Requests without an answer have taken at least until now.
    void give_up_the_rest() {
        for (auto const& connection : connections_)
            if (auto const due = connection->unanswered()) waiting_.push_back(*due);
        while (auto const due = schedule_.take(stopped_at_))
            waiting_.push_back(*due);
        for (auto const due : waiting_) {
            if (!schedule_.is_measured(due)) continue;
            ++unanswered_;
            latencies_.add(stopped_at_ - due);
        }
    }

    /// Over the time until the last reply, so that late answers count.
    double answered_per_second() const {
        auto const until = std::max(last_answer_, schedule_.end()) - schedule_.measured_from();
        return static_cast<double>(latencies_.total() - unanswered_) /
               std::chrono::duration<double>(until).count();
    }

    asio::io_context context_{1};
    request_texts texts_;
    load_schedule schedule_;
    asio::steady_timer due_timer_;
    asio::steady_timer end_timer_;
    bool timed_ = false;
    std::vector<std::unique_ptr<load_connection>> connections_;
    std::deque<load_connection*> free_;
    std::deque<load_clock::time_point> waiting_;
    load_clock::time_point last_answer_{};
    load_clock::time_point stopped_at_{};
    latency_histogram latencies_;
    latency_histogram lateness_; // of this program: from when a request was due to when it noticed
    std::array<std::uint64_t, 600> statuses_{};
    std::uint64_t unanswered_ = 0;
    std::uint64_t lost_ = 0;
};

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
        auto const load = std::make_unique<generator>(read_options(given));
        load->run();
        load->print();
        return load->alive() ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench_load: %s\n", error.what());
        return 2;
    }
}
