#pragma once

/// The requests of bench_load, and when they are due. Not thread-safe.

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace otpd::bench {

using load_clock = std::chrono::steady_clock;

/// Times at equal intervals: first a warm-up, then the measurement.
class load_schedule {
public:
    struct options {
        double rate = 0;    // per second
        double warm_up = 0; // seconds
        double seconds = 0; // of the measurement
    };

    explicit load_schedule(options what) : what_(what) {}

    void start(load_clock::time_point now) {
        start_ = now;
        measured_from_ = after(what_.warm_up);
        end_ = after(what_.warm_up + what_.seconds);
    }

    /// Returns the next due time, once.
    std::optional<load_clock::time_point> take(load_clock::time_point now) {
        auto const due = next();
        if (!due || *due > now) return std::nullopt;
        ++taken_;
        return due;
    }

    /// The next time; none after the end.
    [[nodiscard]] std::optional<load_clock::time_point> next() const {
        auto const due = after(static_cast<double>(taken_) / what_.rate);
        return due < end_ ? std::optional(due) : std::nullopt;
    }

    [[nodiscard]] bool is_measured(load_clock::time_point due) const {
        return due >= measured_from_;
    }
    [[nodiscard]] load_clock::time_point measured_from() const { return measured_from_; }
    [[nodiscard]] load_clock::time_point end() const { return end_; }
    [[nodiscard]] double rate() const { return what_.rate; }
    [[nodiscard]] double seconds() const { return what_.seconds; }

private:
    [[nodiscard]] load_clock::time_point after(double seconds) const {
        return start_ +
               std::chrono::round<load_clock::duration>(std::chrono::duration<double>(seconds));
    }

    options what_;
    load_clock::time_point start_{};
    load_clock::time_point measured_from_{};
    load_clock::time_point end_{};
    std::uint64_t taken_ = 0;
};

/// Requests that differ in a number, with the same bytes that wrk sends for the scripts in
/// bench/loads.
class request_texts {
public:
    struct options {
        std::string server;
        std::string path;
        std::string body; // the number replaces {number}
        std::uint64_t first = 0;
        std::uint64_t count = 0; // how many numbers to pick from at random; 0: one after the other
    };

    explicit request_texts(options what) : what_(std::move(what)) {
        auto const at = what_.body.find(placeholder);
        auto const numbered = at != std::string::npos;
        before_ = what_.body.substr(0, at);
        after_ = numbered ? what_.body.substr(at + placeholder.size()) : std::string();
        head_ = "POST " + what_.path + " HTTP/1.1\r\nHost: " + what_.server +
                "\r\nContent-Type: application/json\r\nContent-Length: ";
        if (!numbered) what_.count = 0;
        numbered_ = numbered;
    }

    std::string next() {
        auto const body = before_ + (numbered_ ? number() : std::string()) + after_;
        return head_ + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

private:
    static constexpr std::string_view placeholder = "{number}";

    std::string number() {
        if (what_.count == 0) return std::to_string(what_.first + given_++);
        return std::to_string(what_.first + random_() % what_.count);
    }

    options what_;
    std::string head_;
    std::string before_;
    std::string after_;
    bool numbered_ = false;
    std::uint64_t given_ = 0;
    std::mt19937_64 random_; // the same numbers in each run
};

} // namespace otpd::bench
