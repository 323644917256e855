#include "backend.hpp"

#include "backend/memory_backend.hpp"
#include "backend/redis/redis_backend.hpp"
#include "backend/sqlite/sqlite_backend.hpp"
#include "rules.hpp"
#include "support/redis_process.hpp"
#include "support/temporary_directory.hpp"
#include "wait_for.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <thread>

namespace otpd::simulation {

namespace asio = boost::asio;

namespace {

/// A slow disk or a busy machine is no failure here: what is lost, the history decides.
constexpr store::duration patience{60'000};

// --- memory ------------------------------------------------------------------------------------------

class memory_backend final : public backend {
public:
    memory_backend(asio::io_context& context, virtual_clock const& clock)
        : context_(context), store_(context.get_executor(), clock, options()) {}
    store::store& of(std::size_t) override { return store_; }
    void sweep() override {
        auto round = [](store::memory_backend& of) -> asio::awaitable<bool> {
            co_await of.sweep();
            co_return true;
        };
        wait_for(context_, round(store_));
    }

private:
    static store::memory_options options() {
        store::memory_options few;
        few.shards = 4; // a history has few subjects, and there are thousands of histories
        return few;
    }
    asio::io_context& context_;
    store::memory_backend store_;
};

class memory_stores final : public stores {
public:
    std::unique_ptr<backend> make(asio::io_context& context, virtual_clock const& clock) override {
        return std::make_unique<memory_backend>(context, clock);
    }
};

// --- SQLite ------------------------------------------------------------------------------------------

/// One process holds the file: when an instance dies, it is closed and opened again.
class sqlite_backend final : public backend {
public:
    sqlite_backend(asio::io_context& context, virtual_clock const& clock)
        : context_(context), clock_(clock) {
        open();
    }
    store::store& of(std::size_t) override { return *store_; }
    void crashed(std::size_t) override {
        store_.reset();
        open();
    }

private:
    void open() {
        store::sqlite_options options;
        options.path = directory_.path() + "/otpd.db";
        options.timeout = patience;
        store_.emplace(context_.get_executor(), clock_, options);
        if (auto why = wait_for(context_, store_->start())) throw std::runtime_error(*why);
    }
    test::temporary_directory directory_;
    asio::io_context& context_;
    virtual_clock const& clock_;
    std::optional<store::sqlite_backend> store_;
};

class sqlite_stores final : public stores {
public:
    std::unique_ptr<backend> make(asio::io_context& context, virtual_clock const& clock) override {
        return std::make_unique<sqlite_backend>(context, clock);
    }
};

// --- Redis -------------------------------------------------------------------------------------------

/// One instance's connection, in a thread of its own.
class redis_client {
public:
    redis_client(asio::io_context& context, std::string const& url)
        : store_(loop_.get_executor(), options(url)), thread_([this] { loop_.run(); }) {
        if (auto why = wait_for(context, store_.start())) throw std::runtime_error(*why);
    }
    ~redis_client() {
        store_.stop();
        work_.reset();
        thread_.join();
    }
    redis_client(redis_client const&) = delete;
    redis_client& operator=(redis_client const&) = delete;

    store::store& get() noexcept { return store_; }

private:
    static store::redis_options options(std::string const& url) {
        store::redis_options options;
        options.where = store::parse_location(url).value();
        options.timeout = patience;
        return options;
    }
    asio::io_context loop_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
    store::redis_backend store_;
    std::jthread thread_;
};

/// The server is one that outlives all its clients, and its clock is the history's.
class redis_backend final : public backend {
public:
    redis_backend(asio::io_context& context, virtual_clock const& clock,
                  test::redis_process& server)
        : context_(context), clock_(clock), server_(server) {
        redis_backend::time_went_on();
        server_.ask({"FLUSHALL"});
        for (auto& each : clients_)
            each.emplace(context_, server_.url());
    }
    store::store& of(std::size_t instance) override { return clients_.at(instance)->get(); }
    void crashed(std::size_t instance) override {
        clients_.at(instance).reset();
        clients_.at(instance).emplace(context_, server_.url());
    }
    /// Written in place: the server has it mapped, and 8 aligned bytes change at once.
    void time_went_on() override {
        std::int64_t const at = clock_.elapsed().count();
        auto const path = server_.directory().path() + "/clock";
        int const file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        auto const written = ::pwrite(file, &at, sizeof at, 0);
        ::close(file);
        if (written != sizeof at) throw std::runtime_error("cannot turn the server's clock");
    }

private:
    asio::io_context& context_;
    virtual_clock const& clock_;
    test::redis_process& server_;
    std::array<std::optional<redis_client>, 2> clients_;
};

class redis_stores final : public stores {
public:
    std::unique_ptr<backend> make(asio::io_context& context, virtual_clock const& clock) override {
        return std::make_unique<redis_backend>(context, clock, server_);
    }

private:
    test::redis_process server_{
        test::redis_setup{.tcp = false, .turned_clock = OTPD_SIMULATED_CLOCK, .more = {}}};
};

} // namespace

std::unique_ptr<stores> stores_of(std::string_view kind) {
    if (kind == "memory") return std::make_unique<memory_stores>();
    if (kind == "sqlite") return std::make_unique<sqlite_stores>();
    if (kind == "redis") return std::make_unique<redis_stores>();
    return nullptr;
}

} // namespace otpd::simulation
