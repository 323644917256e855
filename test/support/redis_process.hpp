#pragma once

/// A real Valkey or Redis server for tests. It listens on a socket file and optionally on a free
/// port. The test may turn its clock (turned_clock.c). It keeps its directory over restarts, so
/// saved data survives.

#include "child_process.hpp"
#include "eventually.hpp"
#include "free_port.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::test {

struct redis_setup {
    bool tcp = false;              ///< listen on a free port of 127.0.0.1 as well
    std::string turned_clock;      ///< the library of turned_clock.c; empty: advance() does nothing
    std::vector<std::string> more; ///< command-line options: --name, value, ...
};

class redis_process {
public:
    explicit redis_process(redis_setup setup = {}) : setup_(std::move(setup)) {
        if (setup_.tcp) port_.emplace();
        start();
    }

    void start() {
        std::vector<std::string> arguments{"--port",       std::to_string(port()),
                                           "--bind",       "127.0.0.1",
                                           "--unixsocket", socket(),
                                           "--save",       "",
                                           "--dir",        directory_.path(),
                                           "--daemonize",  "no"};
        arguments.insert(arguments.end(), setup_.more.begin(), setup_.more.end());
        environment variables;
        if (!setup_.turned_clock.empty()) {
            turn_clock();
            variables = {{"LD_PRELOAD", setup_.turned_clock}, {"TURNED_CLOCK", clock_file()}};
        }
        process_ = std::make_unique<child_process>(program(directory_), std::move(arguments),
                                                   std::move(variables), directory_);
        process_->wait_for_output([](std::string const& output) {
            return output.find("eady to accept connections") != std::string::npos;
        });
        // The message comes before the socket file exists.
        eventually([this] { return std::filesystem::exists(socket()); });
    }
    /// Kills the server; unwritten data is lost.
    void kill() { signal_and_wait(SIGKILL); }
    void stop() { signal_and_wait(SIGTERM); }
    /// Suspends the server: connections stay open, and nothing is answered.
    void freeze() { process_->signal(SIGSTOP); }
    void thaw() { process_->signal(SIGCONT); }

    void advance(std::chrono::milliseconds by) {
        turned_ += by;
        turn_clock();
    }

    /// Sends a command and returns the first line of the reply, or the text of a bulk reply.
    std::string ask(std::vector<std::string> const& words) const {
        namespace asio = boost::asio;
        asio::io_context context;
        asio::local::stream_protocol::socket link(context);
        link.connect(asio::local::stream_protocol::endpoint(socket()));
        std::string text = "*" + std::to_string(words.size()) + "\r\n";
        for (auto const& word : words)
            text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
        asio::write(link, asio::buffer(text));
        std::string reply;
        auto line = [&] {
            auto const size = asio::read_until(link, asio::dynamic_buffer(reply), "\r\n");
            auto first = reply.substr(0, size - 2);
            reply.erase(0, size);
            return first;
        };
        auto head = line();
        if (!head.starts_with('$') || head == "$-1") return head;
        auto const size = std::stoul(head.substr(1)) + 2;
        if (reply.size() < size)
            asio::read(link, asio::dynamic_buffer(reply),
                       asio::transfer_exactly(size - reply.size()));
        return reply.substr(0, size - 2);
    }

    [[nodiscard]] std::string socket() const { return directory_.path() + "/redis.sock"; }
    [[nodiscard]] std::string url() const {
        return setup_.tcp ? "redis://127.0.0.1:" + std::to_string(port()) : "unix:" + socket();
    }
    /// 0 if it listens on the socket file only.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_ ? port_->number() : 0; }
    [[nodiscard]] temporary_directory const& directory() const noexcept { return directory_; }

    /// Returns the server program of Valkey or Redis. Debian's tools packages install no service,
    /// but a program that acts as the server if it is called by that name.
    static std::string program(temporary_directory const& directory) {
        for (auto const* path : {"/usr/bin/valkey-server", "/usr/bin/redis-server"})
            if (std::filesystem::exists(path)) return path;
        auto const link = directory.path() + "/redis-server";
        for (auto const* path : {"/usr/bin/valkey-check-rdb", "/usr/bin/redis-check-rdb"})
            if (std::filesystem::exists(path)) {
                if (!std::filesystem::exists(link)) std::filesystem::create_symlink(path, link);
                return link;
            }
        throw std::runtime_error("no Valkey and no Redis here: script/setup installs one");
    }

private:
    [[nodiscard]] std::string clock_file() const { return directory_.path() + "/clock"; }
    /// Writes in place: the server has mapped the file, and 8 aligned bytes change atomically.
    void turn_clock() const {
        std::int64_t const by = std::chrono::microseconds(turned_).count();
        int const file = ::open(clock_file().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        auto const written = ::pwrite(file, &by, sizeof by, 0);
        ::close(file);
        if (written != sizeof by) throw std::runtime_error("cannot turn the clock");
    }
    void signal_and_wait(int number) {
        process_->signal(number);
        process_->wait();
        std::filesystem::remove(socket());
    }

    redis_setup setup_;
    temporary_directory directory_;
    std::optional<reserved_port> port_;
    std::chrono::milliseconds turned_{0};
    std::unique_ptr<child_process> process_;
};

} // namespace otpd::test
