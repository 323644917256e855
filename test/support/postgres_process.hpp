#pragma once

/// A real PostgreSQL server for tests. It listens on a socket in its own directory and optionally
/// on a free port. The test may turn its clock (turned_clock.c). Its data survives restarts.

#include "child_process.hpp"
#include "eventually.hpp"
#include "free_port.hpp"

#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <libpq-fe.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpd::test {

struct postgres_setup {
    bool tcp = false;              ///< listen on a free port of 127.0.0.1 as well
    std::string turned_clock;      ///< the library of turned_clock.c; empty: advance() does nothing
    std::string password;          ///< of the user otpd over TCP; empty: no password
    std::vector<std::string> more; ///< settings: name=value
    std::string primary = {};      ///< a URL: starts as a replica of that server
};

class postgres_process {
public:
    explicit postgres_process(postgres_setup setup = {}) : setup_(std::move(setup)) {
        give(directory_.path());
        auto const copied =
            setup_.primary.empty()
                ? as_server("cp", {"-a", fresh_data().path() + "/data", data()}, {})
                : as_server("pg_basebackup",
                            {"-D", data(), "-d", setup_.primary, "-R", "--checkpoint=fast"}, {});
        if (copied->wait() != 0) throw std::runtime_error("no data: " + copied->errors());
        start();
        if (setup_.password.empty()) return;
        ask("alter role otpd password '" + setup_.password + "'");
        add("data/pg_hba.conf", "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
        ask("select pg_reload_conf()");
    }
    ~postgres_process() {
        if (process_ && !process_->has_ended()) {
            process_->signal(SIGQUIT); // it ends its child processes
            process_->wait();
        }
    }

    void start() {
        std::vector<std::string> arguments{
            "-D", data(), "-k", directory_.path(), "-p", std::to_string(port_.number())};
        for (auto const& entry : setup_.more)
            arguments.insert(arguments.end(), {"-c", entry});
        for (std::string const text : {"unix_socket_permissions=0777", "shared_buffers=16MB"})
            arguments.insert(arguments.end(), {"-c", text});
        arguments.insert(arguments.end(),
                         {"-c", setup_.tcp ? "listen_addresses=127.0.0.1" : "listen_addresses="});
        environment variables;
        if (!setup_.turned_clock.empty()) {
            turn_clock();
            variables = {{"LD_PRELOAD", setup_.turned_clock}, {"TURNED_CLOCK", clock_file()}};
        }
        process_ = as_server("postgres", arguments, variables);
        eventually([this] {
            if (process_->has_ended())
                throw std::runtime_error("postgres ended: " + process_->errors());
            return PQping(own_connection("postgres").c_str()) == PQPING_OK;
        });
    }
    /// Kills all processes at once; unwritten data is lost.
    void kill() {
        auto const all = everybody();
        for (auto const id : all)
            ::kill(id, SIGKILL);
        process_->wait();
        eventually([&] { return std::ranges::none_of(all, [](pid_t id) { return lives(id); }); });
    }
    /// Stops the server and closes its connections.
    void stop() {
        process_->signal(SIGINT);
        process_->wait();
    }
    /// Suspends all processes: connections stay open, and nothing is answered.
    void freeze() const { signal_all(SIGSTOP); }
    void thaw() const { signal_all(SIGCONT); }

    void advance(std::chrono::milliseconds by) {
        turned_ += by;
        turn_clock();
    }

    /// Runs SQL as the owner over the socket. Returns the rows as lines, with the values separated
    /// by |.
    std::string ask(std::string const& sql, std::string const& database = "postgres") const {
        std::unique_ptr<PGconn, decltype(&PQfinish)> const link(
            PQconnectdb(own_connection(database).c_str()), &PQfinish);
        std::unique_ptr<PGresult, decltype(&PQclear)> const answer(PQexec(link.get(), sql.c_str()),
                                                                   &PQclear);
        auto const status = PQresultStatus(answer.get());
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            throw std::runtime_error(sql + ": " + PQerrorMessage(link.get()));
        std::string said;
        for (int row = 0; row < PQntuples(answer.get()); ++row)
            for (int column = 0; column < PQnfields(answer.get()); ++column)
                (said += column > 0 ? "|"
                         : row > 0  ? "\n"
                                    : "") += PQgetvalue(answer.get(), row, column);
        return said;
    }

    /// `user`: with or without a password, as in a URL.
    [[nodiscard]] std::string url(std::string const& user = "otpd") const {
        auto const port = std::to_string(port_.number());
        return setup_.tcp ? "postgres://" + user + "@127.0.0.1:" + port + "/postgres"
                          : "postgres://" + user + "@/postgres?host=" + directory_.path() +
                                "&port=" + port;
    }
    /// For a replica: waits until it has all data of its primary, then stops its replication.
    void fall_behind(postgres_process const& primary) const {
        auto const last = primary.ask("select pg_current_wal_lsn()");
        eventually([&] { return ask("select pg_last_wal_replay_lsn() >= '" + last + "'") == "t"; });
        ask("alter system set primary_conninfo = ''");
        ask("select pg_reload_conf()");
        eventually([&] { return ask("select count(*) from pg_stat_wal_receiver") == "0"; });
    }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }
    [[nodiscard]] temporary_directory const& directory() const noexcept { return directory_; }
    [[nodiscard]] std::string data() const { return directory_.path() + "/data"; }
    /// Adds a file that only the server may read.
    std::string add(std::string_view name, std::string_view text) const {
        auto const path = directory_.add(name, text);
        give(path);
        ::chmod(path.c_str(), 0600);
        return path;
    }

    /// Returns the program of Debian's newest version, else the one in the PATH.
    static std::string program(std::string const& name) {
        std::vector<std::pair<int, std::string>> found;
        std::error_code none;
        for (auto const& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
            auto const path = entry.path() / "bin" / name;
            if (std::filesystem::exists(path))
                found.emplace_back(std::atoi(entry.path().filename().c_str()), path.string());
        }
        if (!found.empty()) return std::ranges::max(found).second;
        for (auto const* const directory : {"/usr/local/bin/", "/usr/bin/"})
            if (std::filesystem::exists(directory + name)) return directory + name;
        throw std::runtime_error("no PostgreSQL here: script/setup installs one");
    }

private:
    /// The server refuses to run as root, so it runs as an unprivileged user.
    static passwd const* other_user() {
        if (::getuid() != 0) return nullptr;
        for (auto const* const name : {"postgres", "nobody"})
            if (auto const* const entry = ::getpwnam(name)) return entry;
        throw std::runtime_error("nobody to run PostgreSQL as");
    }
    static void give(std::string const& path) {
        auto const* const user = other_user();
        if (user != nullptr && ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
            throw std::runtime_error("cannot give away " + path);
    }

    /// The result of initdb, created once.
    static temporary_directory const& fresh_data() {
        static temporary_directory const made;
        static bool const is_made = [] {
            give(made.path());
            auto const initdb = run("initdb",
                                    {"-D", made.path() + "/data", "-U", "otpd", "-A", "trust", "-E",
                                     "UTF8", "--no-locale", "--no-sync"},
                                    {}, made);
            if (initdb->wait() != 0) throw std::runtime_error("initdb: " + initdb->errors());
            return true;
        }();
        static_cast<void>(is_made);
        return made;
    }
    std::unique_ptr<child_process> as_server(std::string const& name,
                                             std::vector<std::string> arguments,
                                             environment variables) const {
        return run(name, std::move(arguments), std::move(variables), directory_);
    }
    static std::unique_ptr<child_process> run(std::string const& name,
                                              std::vector<std::string> arguments,
                                              environment variables,
                                              temporary_directory const& directory) {
        auto path = program(name);
        variables.emplace("LC_ALL", "C");
        variables.emplace("TZ", "UTC");
        if (auto const* const user = other_user()) {
            arguments.insert(arguments.begin(), {"--reuid=" + std::to_string(user->pw_uid),
                                                 "--regid=" + std::to_string(user->pw_gid),
                                                 "--clear-groups", "--pdeathsig=KILL", path});
            path = "/usr/bin/setpriv";
        }
        return std::make_unique<child_process>(path, std::move(arguments), std::move(variables),
                                               directory);
    }
    [[nodiscard]] std::string own_connection(std::string const& database) const {
        return "host=" + directory_.path() + " port=" + std::to_string(port_.number()) +
               " user=otpd dbname=" + database;
    }

    /// The server and its child processes.
    [[nodiscard]] std::vector<pid_t> everybody() const {
        std::vector<pid_t> all{process_->id()};
        auto const tasks =
            "/proc/" + std::to_string(all.front()) + "/task/" + std::to_string(all.front());
        std::ifstream in(tasks + "/children");
        for (pid_t id = 0; in >> id;)
            all.push_back(id);
        return all;
    }
    void signal_all(int number) const {
        for (auto const id : everybody())
            ::kill(id, number);
    }
    static bool lives(pid_t id) { return std::filesystem::exists("/proc/" + std::to_string(id)); }

    [[nodiscard]] std::string clock_file() const { return directory_.path() + "/clock"; }
    void turn_clock() const {
        std::int64_t const by = std::chrono::microseconds(turned_).count();
        int const file = ::open(clock_file().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        auto const written = ::pwrite(file, &by, sizeof by, 0);
        ::close(file);
        if (written != sizeof by) throw std::runtime_error("cannot turn the clock");
    }

    postgres_setup setup_;
    temporary_directory directory_;
    reserved_port port_; ///< also part of the socket's name
    std::chrono::milliseconds turned_{0};
    std::unique_ptr<child_process> process_;
};

} // namespace otpd::test
