#include "backend.hpp"

#include "backend/memory_backend.hpp"
#include "backend/postgres/postgres_backend.hpp"
#include "backend/redis/redis_backend.hpp"
#include "backend/sqlite/sqlite_backend.hpp"
#include "rules.hpp"
#include "shared_server.hpp"
#include "support/postgres_process.hpp"
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
#include <utility>

namespace otpd::simulation {

namespace asio = boost::asio;

namespace {

/// A slow disk or a busy machine is no failure here: only the history decides what is lost.
constexpr store::duration patience{60'000};

// --- memory -------------------------------------------------------------------------------------

class memory_backend final : public backend {
public:
    memory_backend(asio::io_context& context, turned_clock const& clock)
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
        few.shards = 4; // a history has few keys, and there are thousands of histories
        return few;
    }
    asio::io_context& context_;
    store::memory_backend store_;
};

class memory_stores final : public stores {
public:
    std::unique_ptr<backend> make(asio::io_context& context, turned_clock const& clock) override {
        return std::make_unique<memory_backend>(context, clock);
    }
};

// --- a server in this process -------------------------------------------------------------------

class shared_backend final : public backend {
public:
    shared_backend(asio::io_context& context, turned_clock const& clock)
        : context_(context), clock_(clock) {
        for (std::size_t n = 0; n < instances_.size(); ++n)
            shared_backend::crashed(n);
    }
    store::store& of(std::size_t instance) override { return *instances_.at(instance); }
    void crashed(std::size_t instance) override {
        instances_.at(instance).emplace(context_, clock_, server_,
                                        static_cast<std::uint32_t>(instance));
    }
    exactness is_known() const override { return exactness::what_passes; }
    bool lose_answer(std::size_t instance, bool done) override {
        instances_.at(instance)->lose_answer(done);
        return true;
    }
    bool remember_writes() override {
        remembered_ = server_;
        return true;
    }
    bool lose_writes(bool is_noticed) override {
        server_ = remembered_;
        for (auto& instance : instances_)
            if (is_noticed) instance->expect_lost_writes();
        return true;
    }

private:
    asio::io_context& context_;
    turned_clock const& clock_;
    test::blob_server server_;
    test::blob_server remembered_;
    std::array<std::optional<shared_instance>, 2> instances_;
};

class shared_stores final : public stores {
public:
    std::unique_ptr<backend> make(asio::io_context& context, turned_clock const& clock) override {
        return std::make_unique<shared_backend>(context, clock);
    }
};

// --- SQLite -------------------------------------------------------------------------------------

/// One process holds the file: when an instance dies, the file is closed and reopened.
class sqlite_backend final : public backend {
public:
    sqlite_backend(asio::io_context& context, turned_clock const& clock)
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
    turned_clock const& clock_;
    std::optional<store::sqlite_backend> store_;
};

class sqlite_stores final : public stores {
public:
    std::unique_ptr<backend> make(asio::io_context& context, turned_clock const& clock) override {
        return std::make_unique<sqlite_backend>(context, clock);
    }
};

// --- servers ------------------------------------------------------------------------------------

/// One instance's connection, on its own thread.
template <class Store, class Options>
class client {
public:
    client(asio::io_context& context, std::string const& url)
        : store_(loop_.get_executor(), options(url)), thread_([this] { loop_.run(); }) {
        if (auto why = wait_for(context, store_.start())) throw std::runtime_error(*why);
    }
    ~client() {
        store_.stop();
        work_.reset();
        thread_.join();
    }
    client(client const&) = delete;
    client& operator=(client const&) = delete;

    store::store& get() noexcept { return store_; }

private:
    static Options options(std::string const& url) {
        Options options;
        options.where = store::parse_location(url).value();
        options.timeout = patience;
        return options;
    }
    asio::io_context loop_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
    Store store_;
    std::jthread thread_;
};
using redis_client = client<store::redis_backend, store::redis_options>;
using postgres_client = client<store::postgres_backend, store::postgres_options>;

/// Written in place: the server maps the file, and 8 aligned bytes change atomically.
void turn(test::temporary_directory const& of_server, instant to) {
    std::int64_t const at = to.count();
    auto const path = of_server.path() + "/clock";
    int const file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    auto const written = ::pwrite(file, &at, sizeof at, 0);
    ::close(file);
    if (written != sizeof at) throw std::runtime_error("cannot turn the server's clock");
}

/// The server outlives all its clients and uses the history's clock.
template <class Client, class Server>
class server_backend final : public backend {
public:
    server_backend(asio::io_context& context, turned_clock const& clock, Server& server,
                   std::string url)
        : context_(context), clock_(clock), server_(server), url_(std::move(url)) {
        server_backend::time_went_on();
        for (auto& client : clients_)
            client.emplace(context_, url_);
    }
    store::store& of(std::size_t instance) override { return clients_.at(instance)->get(); }
    void crashed(std::size_t instance) override {
        clients_.at(instance).reset();
        clients_.at(instance).emplace(context_, url_);
    }
    void time_went_on() override { turn(server_.directory(), clock_.elapsed()); }
    exactness is_known() const override { return exactness::promises; }

private:
    asio::io_context& context_;
    turned_clock const& clock_;
    Server& server_;
    std::string url_;
    std::array<std::optional<Client>, 2> clients_;
};

class redis_stores final : public stores {
public:
    std::unique_ptr<backend> make(asio::io_context& context, turned_clock const& clock) override {
        server_.ask({"FLUSHALL"});
        return std::make_unique<server_backend<redis_client, test::redis_process>>(
            context, clock, server_, server_.url());
    }

private:
    test::redis_process server_{
        test::redis_setup{.tcp = false, .turned_clock = OTPD_SIMULATED_CLOCK, .more = {}}};
};

class postgres_stores final : public stores {
public:
    std::unique_ptr<backend> make(asio::io_context& context, turned_clock const& clock) override {
        if (std::exchange(is_used_, true)) server_.ask("truncate otpd.subject");
        return std::make_unique<server_backend<postgres_client, test::postgres_process>>(
            context, clock, server_, server_.url());
    }

private:
    test::postgres_process server_{test::postgres_setup{
        .tcp = false, .turned_clock = OTPD_SIMULATED_CLOCK, .password = "", .more = {"fsync=off"}}};
    bool is_used_ = false;
};

} // namespace

std::unique_ptr<stores> stores_of(std::string_view kind) {
    if (kind == "memory") return std::make_unique<memory_stores>();
    if (kind == "sqlite") return std::make_unique<sqlite_stores>();
    if (kind == "shared") return std::make_unique<shared_stores>();
    if (kind == "redis") return std::make_unique<redis_stores>();
    if (kind == "postgres") return std::make_unique<postgres_stores>();
    return nullptr;
}

} // namespace otpd::simulation
