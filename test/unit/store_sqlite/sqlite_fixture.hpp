#pragma once

/// An SQLite backend with its own file, which a test may close, edit and reopen.

#include "backend/sqlite/sqlite_backend.hpp"
#include "contract/store_contract.hpp"
#include "temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <latch>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <sstream>
#include <string>
#include <string_view>

namespace otpd::test {

template <class Outcome, class Variant>
bool is(Variant const& outcome) {
    return std::holds_alternative<Outcome>(outcome);
}

/// A clock whose wall time can be set independently of its steady time.
class two_clocks final : public otpd::clock {
public:
    [[nodiscard]] otpd::steady_time now() const noexcept override {
        return otpd::steady_time(std::chrono::hours(1)) + steady_.load();
    }
    [[nodiscard]] otpd::wall_time wall() const noexcept override {
        return otpd::wall_time(std::chrono::hours(24 * 365 * 50)) + wall_.load();
    }
    void advance(std::chrono::nanoseconds by) noexcept {
        steady_ = steady_.load() + by;
        set_wall(by);
    }
    /// As an administrator or NTP does, without changing the steady time.
    void set_wall(std::chrono::nanoseconds by) noexcept { wall_ = wall_.load() + by; }

private:
    std::atomic<std::chrono::nanoseconds> steady_{};
    std::atomic<std::chrono::nanoseconds> wall_{};
};

struct sqlite_fixture : store::observer {
    explicit sqlite_fixture(store::sqlite_options with = {}) : options(std::move(with)) {
        options.path = path;
        if (options.timeout == store::sqlite_options().timeout) options.timeout = hang_limit;
    }
    ~sqlite_fixture() override { held.reset(); }

    /// Why the store cannot be used; empty if it can.
    std::string start() {
        held =
            std::make_unique<store::sqlite_backend>(context.get_executor(), clock, options, *this);
        auto why = run(context, held->start());
        if (why) held.reset();
        return why.value_or("");
    }
    void restart() {
        held.reset();
        BOOST_REQUIRE_EQUAL(start(), "");
    }

    store::admit_outcome admit(store::admission request) {
        return run(context, held->admit(std::move(request))).value();
    }
    store::check_outcome check(store::check request) {
        return run(context, held->check_code(std::move(request))).value();
    }
    store::settle_outcome settle(store::settlement request) {
        return run(context, held->settle(std::move(request))).value();
    }
    std::optional<store::verification> find(std::uint32_t phone, std::uint32_t id) {
        return run(context, held->find(address_of(phone, id))).value();
    }
    bool answers() { return run(context, held->ping()).has_value(); }

    void swept(store::sweep_slice slice) noexcept override {
        ++slices;
        removed += slice.removed;
        largest_slice = std::max<std::uint64_t>(largest_slice, slice.removed);
        if (auto* gate = hold_sweeper.load()) gate->wait();
    }
    void ready(std::string_view) noexcept override { ++times_ready; }
    void lost(std::string_view) noexcept override { ++times_lost; }
    void failed(std::exception_ptr) noexcept override { ++times_failed; }

    temporary_directory directory;
    std::string path = directory.path() + "/otpd.db";
    boost::asio::io_context context;
    two_clocks clock;
    store::sqlite_options options;
    std::atomic<std::uint64_t> slices{0};
    std::atomic<std::uint64_t> removed{0};
    std::atomic<std::uint64_t> largest_slice{0};
    std::atomic<int> times_ready{0};
    std::atomic<int> times_lost{0};
    std::atomic<int> times_failed{0};
    /// Blocks the sweeper after its next slice, and with it the store's thread.
    std::atomic<std::latch*> hold_sweeper{nullptr};
    std::unique_ptr<store::sqlite_backend> held;
};

/// Runs statements on a file that no store has open.
inline void edit(std::string const& path, char const* statements) {
    sqlite3* handle = nullptr;
    int code = sqlite3_open(path.c_str(), &handle);
    if (code == SQLITE_OK) code = sqlite3_exec(handle, statements, nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    BOOST_REQUIRE_EQUAL(code, SQLITE_OK);
}

inline std::string contents(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

inline void fill(std::string const& path, std::string const& with) {
    std::ofstream(path, std::ios::binary) << with;
}

inline bool contains(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace otpd::test
