#pragma once

/// An HTTP client for the API with JSON bodies. It keeps connections alive and sends one request at
/// a time or many in parallel.

#include "raw_client.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpd::test {

namespace json = boost::json;

struct http_request {
    std::string method = "GET";
    std::string target = "/";
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> fields = {};

    [[nodiscard]] std::string text() const {
        std::string out = method + ' ' + target + " HTTP/1.1\r\nHost: localhost\r\n";
        for (auto const& [name, value] : fields)
            out.append(name).append(": ").append(value).append("\r\n");
        if (!body.empty() || method == "POST")
            out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return out + "\r\n" + body;
    }
    [[nodiscard]] http_request with(std::string name, std::string value) const {
        auto copy = *this;
        copy.fields.emplace_back(std::move(name), std::move(value));
        return copy;
    }
};

inline http_request get(std::string target) {
    http_request request;
    request.target = std::move(target);
    return request;
}
/// Sends `body` unchanged.
inline http_request post_text(std::string target, std::string body) {
    http_request request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    request.fields.emplace_back("Content-Type", "application/json");
    return request;
}
inline http_request post(std::string target, json::object const& body) {
    return post_text(std::move(target), json::serialize(body));
}

/// Parses the body of a reply; throws if it is not JSON.
inline json::value body_of(raw_reply const& reply) {
    return json::parse(reply.body);
}
inline json::object object_of(raw_reply const& reply) {
    return body_of(reply).as_object();
}

/// One connection, which is reopened after the server closes it.
class http_client {
public:
    explicit http_client(std::uint16_t port) : port_(port) {}

    raw_reply ask(http_request const& request) {
        send(request);
        return receive(request.method == "HEAD");
    }
    void connect() {
        if (!connection_) connection_.emplace(port_);
    }
    void send(http_request const& request) {
        connect();
        connection_->send(request.text()); // a refusal may arrive before everything is sent
    }
    raw_reply receive(bool bodyless = false) {
        auto reply = connection_.value().read_reply(bodyless);
        if (!reply) throw std::runtime_error("the server closed without a reply");
        if (reply->has("Connection") && reply->field("Connection") == "close") connection_.reset();
        return std::move(*reply);
    }

private:
    std::uint16_t port_;
    std::optional<raw_client> connection_;
};

/// Sends `requests` over `connections` concurrent connections, one request at a time on each. The
/// replies are in the order of the requests.
inline std::vector<raw_reply> ask_in_parallel(std::uint16_t port,
                                              std::vector<http_request> const& requests,
                                              std::size_t connections) {
    constexpr std::size_t threads = 8;
    std::vector<raw_reply> replies(requests.size());
    std::barrier together(threads);
    auto const serve = [&](std::size_t thread) {
        std::vector<http_client> clients;
        std::vector<std::size_t> next; // the next request of each client
        try {
            for (auto c = thread; c < connections; c += threads) {
                clients.emplace_back(port).connect();
                next.push_back(c);
            }
        } catch (...) {
            together.arrive_and_drop();
            throw;
        }
        together.arrive_and_wait();
        bool asked = true;
        while (std::exchange(asked, false)) {
            for (std::size_t i = 0; i < clients.size(); ++i)
                if (next[i] < requests.size()) clients[i].send(requests[next[i]]);
            for (std::size_t i = 0; i < clients.size(); ++i) {
                if (next[i] >= requests.size()) continue;
                replies[next[i]] = clients[i].receive();
                next[i] += connections;
                asked = true;
            }
        }
    };
    std::vector<std::future<void>> running;
    running.reserve(threads);
    for (std::size_t t = 0; t < threads; ++t)
        running.push_back(std::async(std::launch::async, serve, t));
    for (auto& entry : running)
        entry.wait();
    for (auto& entry : running)
        entry.get();
    return replies;
}

/// Counts the `replies` with `status`.
inline std::size_t count_status(std::vector<raw_reply> const& replies, unsigned status) {
    return static_cast<std::size_t>(std::ranges::count(replies, status, &raw_reply::status));
}

} // namespace otpd::test
