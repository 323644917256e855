#pragma once

/// A program under test. It has its own environment and directory, and writes its output to files.
/// It ends with this object at the latest, or with the test program if that crashes.

#include "temporary_directory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace otpd::test {

using environment = std::map<std::string, std::string>;

/// A program that takes longer hangs. No test passes because of this limit.
inline constexpr std::chrono::seconds process_hang_limit{60};

class child_process {
public:
    /// Runs `program` with `arguments` in `directory`. Its environment contains only `variables`,
    /// the PATH and the sanitizers' options.
    child_process(std::string program, std::vector<std::string> arguments, environment variables,
                  temporary_directory const& directory)
        : output_path_(directory.add("stdout", "")), errors_path_(directory.add("stderr", "")) {
        arguments.insert(arguments.begin(), program);
        for (char const* const name : inherited)
            if (char const* const value = std::getenv(name)) variables.emplace(name, value);
        std::vector<std::string> assignments;
        assignments.reserve(variables.size());
        for (auto const& [name, value] : variables)
            assignments.emplace_back(name).append("=").append(value);
        start(pointers(arguments), pointers(assignments), directory.path());
    }
    ~child_process() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(alive_);
    }
    child_process(child_process const&) = delete;
    child_process& operator=(child_process const&) = delete;

    [[nodiscard]] pid_t id() const noexcept { return pid_; }
    void signal(int number) const {
        if (pid_ > 0) ::kill(pid_, number);
    }
    [[nodiscard]] bool has_ended() const { return ends_within(std::chrono::milliseconds(0)); }
    /// Waits for the end. Returns the exit code, or 128 + the signal that ended the program.
    int wait() {
        if (pid_ < 0) return code_;
        if (!ends_within(process_hang_limit)) throw std::runtime_error("a program does not end");
        int status = 0;
        pid_t const pid = std::exchange(pid_, -1);
        while (::waitpid(pid, &status, 0) != pid)
            if (errno != EINTR) throw std::runtime_error("nobody knows how a program ended");
        code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return code_;
    }

    [[nodiscard]] std::string output() const { return contents(output_path_); }
    [[nodiscard]] std::string errors() const { return contents(errors_path_); }
    /// Waits until `condition(output())` holds. Throws if the program ends first.
    template <class Condition>
    void wait_for_output(Condition condition) const {
        auto const limit = std::chrono::steady_clock::now() + process_hang_limit;
        for (;;) {
            bool const last_look = has_ended();
            if (condition(output())) return;
            if (last_look) throw std::runtime_error("a program ended early: " + errors());
            if (std::chrono::steady_clock::now() > limit)
                throw std::runtime_error("a program does not say what it should: " + output());
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }

private:
    static constexpr char const* inherited[] = {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                                                "LSAN_OPTIONS", "TSAN_OPTIONS"};

    static std::vector<char*> pointers(std::vector<std::string>& texts) {
        std::vector<char*> list;
        list.reserve(texts.size() + 1);
        for (auto& text : texts)
            list.push_back(text.data());
        list.push_back(nullptr);
        return list;
    }

    void start(std::vector<char*> arguments, std::vector<char*> variables,
               std::string const& directory) {
        // Only the child holds the writing end, so the other end hangs up when the child ends.
        int life[2];
        if (::pipe2(life, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        pid_t const parent = ::getpid();
        pid_ = ::fork();
        if (pid_ == 0) become(arguments, variables, directory, life[1], parent);
        ::close(life[1]);
        alive_ = life[0];
        if (pid_ < 0) throw std::runtime_error("cannot fork");
    }
    /// Runs in the child, with calls that are safe after fork only. Closes the test's sockets on
    /// exec: otherwise the child would keep a listener open after the test closed it.
    [[noreturn]] void become(std::vector<char*> const& arguments,
                             std::vector<char*> const& variables, std::string const& directory,
                             int life, pid_t parent) const {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        int const in = ::open("/dev/null", O_RDONLY);
        int const out = ::open(output_path_.c_str(), O_WRONLY | O_APPEND);
        int const err = ::open(errors_path_.c_str(), O_WRONLY | O_APPEND);
        ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
        if (::getppid() == parent && ::chdir(directory.c_str()) == 0 && ::dup2(in, 0) == 0 &&
            ::dup2(out, 1) == 1 && ::dup2(err, 2) == 2 && ::fcntl(life, F_SETFD, 0) == 0)
            ::execve(arguments.front(), arguments.data(), variables.data());
        ::_exit(127);
    }

    [[nodiscard]] bool ends_within(std::chrono::milliseconds time) const {
        if (pid_ < 0) return true;
        pollfd waiting{alive_, POLLIN, 0};
        return ::poll(&waiting, 1, static_cast<int>(time.count())) == 1;
    }
    static std::string contents(std::string const& path) {
        std::ifstream in(path, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        return std::move(text).str();
    }

    std::string output_path_;
    std::string errors_path_;
    pid_t pid_ = -1;
    int alive_ = -1;
    int code_ = -1;
};

} // namespace otpd::test
