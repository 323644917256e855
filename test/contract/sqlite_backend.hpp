#pragma once

/// The SQLite store on batches of the engine's steps, in a file of its own, with a clock that the
/// tests set.

#include "backend/sqlite/sqlite_backend.hpp"
#include "coroutines.hpp"
#include "manual_clock.hpp"
#include "temporary_directory.hpp"

#include <optional>
#include <stdexcept>

namespace otpd::test {

class sqlite_backend {
public:
    sqlite_backend() { open(); }
    store::backend& get() { return *store_; }
    boost::asio::io_context& context() { return context_; }
    void advance(store::duration by) { clock_.advance(by); }
    store::duration time_of_day() {
        return std::chrono::floor<store::duration>(clock_.wall().time_since_epoch() %
                                                   std::chrono::hours(24));
    }
    /// The store holds the file exclusively, so this closes the store while it reads the file.
    std::size_t largest_state() {
        store_.reset();
        std::string most;
        {
            store::sqlite_database file(in(directory_).path);
            most = file.ask("SELECT max(length(state)) FROM states");
        }
        open();
        return std::stoul(most);
    }
    std::uint64_t commits() { return store_->usage().commits; }

private:
    void open() {
        store_.emplace(context_.get_executor(), clock_, in(directory_));
        if (auto why = run(context_, store_->start())) throw std::runtime_error(*why);
    }
    static store::sqlite_options in(temporary_directory const& directory) {
        store::sqlite_options options;
        options.path = directory.path() + "/otpd.db";
        options.timeout = hang_limit; // a slow disk is no failure here
        return options;
    }

    temporary_directory directory_;
    boost::asio::io_context context_;
    manual_clock clock_;
    std::optional<store::sqlite_backend> store_;
};

} // namespace otpd::test
