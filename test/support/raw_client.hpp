#pragma once

/// A blocking TCP client that sends exactly the given bytes, for input that no HTTP library would
/// send. Every wait has a limit and throws when it is reached, so that a hang fails the test.

#include <boost/algorithm/string/predicate.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::test {

struct raw_reply {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;

    /// Returns the value of the only field of that name; throws if there is none or more than one.
    [[nodiscard]] std::string field(std::string_view name) const {
        std::optional<std::string> found;
        for (auto const& [key, value] : fields) {
            if (!boost::iequals(key, name)) continue;
            if (found) throw std::runtime_error("repeated in a reply: " + std::string(name));
            found = value;
        }
        if (!found) throw std::runtime_error("not in a reply: " + std::string(name));
        return *found;
    }
    [[nodiscard]] bool has(std::string_view name) const {
        for (auto const& [key, value] : fields)
            if (boost::iequals(key, name)) return true;
        return false;
    }
};

class raw_client {
public:
    /// Far longer than any reply takes; only a hang reaches it.
    static constexpr std::chrono::seconds limit{20};

    /// Connects from `source`, a loopback address, if it is given.
    explicit raw_client(std::uint16_t port, int receive_buffer_bytes = 0,
                        char const* source = nullptr)
        : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (descriptor_ < 0) throw std::runtime_error("no socket");
        if (receive_buffer_bytes > 0)
            ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                         sizeof receive_buffer_bytes);
        int const on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (source != nullptr) {
            sockaddr_in from{};
            from.sin_family = AF_INET;
            ::inet_pton(AF_INET, source, &from.sin_addr);
            if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) {
                ::close(descriptor_);
                throw std::runtime_error("cannot be that address");
            }
        }
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
            ::close(descriptor_);
            throw std::runtime_error("cannot connect");
        }
    }
    raw_client(raw_client&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), input_(std::move(other.input_)) {}
    raw_client(raw_client const&) = delete;
    raw_client& operator=(raw_client const&) = delete;
    ~raw_client() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    /// Returns false if the peer accepts no more data.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            wait_for(POLLOUT);
            auto const sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Closes the sending half; replies can still be read.
    void finish() { ::shutdown(descriptor_, SHUT_WR); }
    /// Closes the connection with a reset.
    void reset() {
        linger const now{1, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        ::close(std::exchange(descriptor_, -1));
    }

    /// Returns the next reply; set `bodyless` for the reply to a HEAD. Returns nullopt if the
    /// connection ends first; throws if it ends within a reply.
    std::optional<raw_reply> read_reply(bool bodyless = false) {
        std::size_t end = 0;
        while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
            if (receive()) continue;
            if (!input_.empty()) throw std::runtime_error("cut off within a header: " + input_);
            return std::nullopt;
        }
        auto reply = parse_head(std::string_view(input_).substr(0, end + 2));
        input_.erase(0, end + 4);
        if (bodyless || reply.status < 200 || reply.status == 204 || reply.status == 304)
            return reply;
        auto const length = number(reply.field("Content-Length"));
        while (input_.size() < length)
            if (!receive()) throw std::runtime_error("cut off within a body");
        reply.body = input_.substr(0, length);
        input_.erase(0, length);
        return reply;
    }
    /// Returns whether input or the end of the stream is available, without waiting.
    [[nodiscard]] bool has_input() const {
        pollfd now{descriptor_, POLLIN, 0};
        return !input_.empty() || ::poll(&now, 1, 0) == 1;
    }
    /// Returns whether the connection ends, orderly or by a reset, without further input.
    bool at_end() { return input_.empty() && !receive(); }
    /// Returns whether it ended by a reset, which may lose unread replies.
    [[nodiscard]] bool was_reset() const noexcept { return was_reset_; }
    /// Returns all input up to the end.
    std::string read_to_end() {
        while (receive()) {
        }
        return std::exchange(input_, {});
    }

private:
    void wait_for(short events) const {
        pollfd waiting{descriptor_, events, 0};
        int const timeout = static_cast<int>(std::chrono::milliseconds(limit).count());
        if (::poll(&waiting, 1, timeout) != 1) throw std::runtime_error("nothing happened");
    }
    /// Returns false at the end of the stream.
    bool receive() {
        wait_for(POLLIN);
        char bytes[16384];
        auto const size = ::recv(descriptor_, bytes, sizeof bytes, 0);
        was_reset_ = size < 0;
        if (size <= 0) return false;
        input_.append(bytes, static_cast<std::size_t>(size));
        return true;
    }
    static std::size_t number(std::string_view text) {
        std::size_t value = 0;
        auto const* const end = text.data() + text.size();
        if (auto const [stop, ec] = std::from_chars(text.data(), end, value);
            ec != std::errc{} || stop != end)
            throw std::runtime_error("not a number: " + std::string(text));
        return value;
    }
    static raw_reply parse_head(std::string_view head) {
        raw_reply reply;
        auto const first = head.find("\r\n");
        auto const line = head.substr(0, first);
        if (!line.starts_with("HTTP/1.1 ") || line.size() < 13)
            throw std::runtime_error("not a status line: " + std::string(line));
        reply.status = static_cast<unsigned>(number(line.substr(9, 3)));
        head.remove_prefix(first + 2);
        while (!head.empty()) {
            auto const end = head.find("\r\n");
            auto const colon = head.find(": ");
            if (colon == std::string_view::npos || colon > end)
                throw std::runtime_error("not a field: " + std::string(head.substr(0, end)));
            reply.fields.emplace_back(head.substr(0, colon),
                                      head.substr(colon + 2, end - colon - 2));
            head.remove_prefix(end + 2);
        }
        return reply;
    }

    int descriptor_;
    std::string input_;
    bool was_reset_ = false;
};

} // namespace otpd::test
