#pragma once

/// bridgexapi-stub as a separate process over HTTPS, and its control interface.

#include "certificates.hpp"
#include "child_process.hpp"
#include "http_client.hpp"
#include "listening.hpp"
#include "tls_channel.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace otpd::test {

struct stub_options {
    std::string api_key = "stub-api-key";
    std::vector<std::string> arguments = {}; ///< additional ones
};

class stub_process {
public:
    stub_process(std::string program, identity const& shown, stub_options const& options = {})
        : process_(std::move(program), arguments(directory_, shown, options), {}, directory_),
          port_(listening_port(process_, "stub")), control_(port_) {}

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string url(std::string const& host = "127.0.0.1") const {
        return "https://" + host + ':' + std::to_string(port_);
    }

    /// Makes a call to the control interface (stub/README.md) on a persistent connection.
    /// Thread-safe.
    json::object control(std::string const& method, std::string const& path,
                         json::value const& body = nullptr) {
        std::scoped_lock const lock(one_call_);
        http_request request;
        request.method = method;
        request.target = "/__stub/" + path;
        if (!body.is_null()) request.body = json::serialize(body);
        control_.write(request.text());
        auto reply = json::parse(control_.read_body()).as_object();
        if (auto const* error = reply.if_contains("error"))
            throw std::runtime_error("the stub refused: " + json::serialize(*error));
        return reply;
    }
    void set_fault(json::object const& fault) { control("POST", "faults", fault); }
    void clear_faults() { control("DELETE", "faults"); }
    json::object stats() { return control("GET", "stats"); }

    /// Returns the accepted SMS in order, or only those to `number`.
    std::vector<json::object> messages(std::string const& number = "") {
        return list("messages?limit=100000" + (number.empty() ? "" : "&number=" + number),
                    "messages");
    }
    /// Returns the received requests in order.
    std::vector<json::object> requests() { return list("requests?limit=100000", "requests"); }
    /// Returns the code of the last SMS to `number`: the digits of its text.
    std::string code_sent_to(std::string const& number) {
        auto const all = messages(number);
        if (all.empty()) throw std::runtime_error("no SMS to " + number);
        std::string digits;
        for (char const c : all.back().at("text").as_string())
            if (c >= '0' && c <= '9') digits += c;
        return digits;
    }

    child_process& process() noexcept { return process_; }

private:
    static std::vector<std::string> arguments(temporary_directory const& directory,
                                              identity const& shown, stub_options const& options) {
        std::vector<std::string> list{
            "--listen",   "127.0.0.1:0",
            "--tls-cert", directory.add("certificate.pem", shown.certificate_pem()),
            "--tls-key",  directory.add("key.pem", shown.key_pem()),
            "--api-key",  options.api_key};
        list.insert(list.end(), options.arguments.begin(), options.arguments.end());
        return list;
    }
    std::vector<json::object> list(std::string const& path, std::string_view member) {
        std::vector<json::object> out;
        auto const reply = control("GET", path);
        for (auto const& item : reply.at(member).as_array())
            out.push_back(item.as_object());
        return out;
    }

    temporary_directory directory_;
    child_process process_;
    std::uint16_t port_;
    std::mutex one_call_;
    tls_channel control_;
};

} // namespace otpd::test
