// bridgexapi-stub: the fake upstream as a program. It prints a JSON line once it accepts
// connections, and ends on SIGTERM.
#include "bridgexapi_stub/phone_view.hpp"
#include "bridgexapi_stub/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <thread>

namespace {

namespace asio = boost::asio;
namespace po = boost::program_options;
using namespace bridgexapi_stub;

po::options_description description() {
    po::options_description out{
        "bridgexapi-stub: a fake of the BridgeXAPI SMS service.\n"
        "stub/README.md describes its API, its faults and its control interface.\n\nOptions"};
    auto add = out.add_options();
    add("help", "show this text");
    add("listen", po::value<std::string>()->default_value("127.0.0.1:0"),
        "HOST:PORT; port 0 picks a free one");
    add("tls-cert", po::value<std::string>(), "certificate chain (PEM): serve HTTPS");
    add("tls-key", po::value<std::string>(), "its private key (PEM)");
    add("tls-min", po::value<std::string>()->default_value("1.2"),
        "lowest TLS version: 1.0, 1.1, 1.2 or 1.3");
    add("tls-max", po::value<std::string>()->default_value("1.3"), "highest TLS version");
    add("api-key", po::value<std::vector<std::string>>()->composing(),
        "an accepted API key; may be repeated (default: stub-api-key)");
    add("balance", po::value<std::string>(), "EUR on each account (default: 1000000)");
    add("dlr-sent-seconds", po::value<double>()->default_value(1), "seconds from QUEUED to SENT");
    add("dlr-seconds", po::value<double>()->default_value(3), "seconds from QUEUED to DELIVERED");
    add("show-sms", "print each SMS as on a phone");
    add("no-record", "do not record requests (they are still counted); for benchmarks");
    add("max-requests", po::value<std::size_t>(), "most recorded requests (default: 200000)");
    add("max-messages", po::value<std::size_t>(), "most recorded SMS (default: 200000)");
    add("threads", po::value<unsigned>()->default_value(1), "number of serving threads");
    return out;
}

void read_listen(server_options& to, std::string const& text) {
    auto const colon = text.rfind(':');
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    unsigned port = 0;
    auto const* const end = text.data() + text.size();
    auto const* const begin = colon == std::string::npos ? end : text.data() + colon + 1;
    auto const [stop, error] = std::from_chars(begin, end, port);
    if (error != std::errc{} || stop != end || port > 65535)
        throw std::invalid_argument{"--listen must be HOST:PORT, not \"" + text + "\""};
    to.address = host == "localhost" ? "127.0.0.1" : host;
    to.port = static_cast<std::uint16_t>(port);
}

tls_version read_version(std::string const& text) {
    constexpr std::array<std::string_view, 4> names{"1.0", "1.1", "1.2", "1.3"};
    for (std::size_t i = 0; i < names.size(); ++i)
        if (names[i] == text) return static_cast<tls_version>(i);
    throw std::invalid_argument{"a TLS version is 1.0, 1.1, 1.2 or 1.3, not \"" + text + "\""};
}

std::chrono::microseconds read_seconds(double seconds) {
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::duration<double>{seconds});
}

server_options read_options(po::variables_map const& given) {
    server_options out;
    read_listen(out, given["listen"].as<std::string>());
    if (given.count("tls-cert") != given.count("tls-key"))
        throw std::invalid_argument{"--tls-cert and --tls-key go together"};
    if (given.count("tls-cert") != 0) {
        out.certificate_pem = read_file(given["tls-cert"].as<std::string>());
        out.key_pem = read_file(given["tls-key"].as<std::string>());
    }
    out.tls_min = read_version(given["tls-min"].as<std::string>());
    out.tls_max = read_version(given["tls-max"].as<std::string>());
    auto& service = out.service;
    if (given.count("api-key") != 0)
        service.api_keys = given["api-key"].as<std::vector<std::string>>();
    if (given.count("balance") != 0) {
        auto const balance = parse_euros(given["balance"].as<std::string>());
        if (!balance) throw std::invalid_argument{"--balance must be euros, as 158.46"};
        service.balance = *balance;
    }
    service.plan.sent_after = read_seconds(given["dlr-sent-seconds"].as<double>());
    service.plan.final_after = read_seconds(given["dlr-seconds"].as<double>());
    service.record = given.count("no-record") == 0;
    if (given.count("max-requests") != 0)
        service.requests_max = given["max-requests"].as<std::size_t>();
    if (given.count("max-messages") != 0)
        service.messages_max = given["max-messages"].as<std::size_t>();
    if (given.count("show-sms") != 0)
        service.on_sms = [](sms const& message) { std::cout << phone_view(message) << std::flush; };
    return out;
}

void serve(server_options options, unsigned threads) {
    asio::io_context context;
    server stub{context, std::move(options)};
    asio::signal_set signals{context, SIGINT, SIGTERM};
    signals.async_wait([&](boost::system::error_code const& error, int) {
        if (!error) stub.stop();
    });
    stub.start();
    std::cout << R"({"event":"listening","listener":"stub","address":")" << stub.authority()
              << R"(","tls":)" << (stub.tls() ? "true" : "false") << "}" << std::endl;
    std::vector<std::thread> helpers;
    for (unsigned i = 1; i < threads; ++i)
        helpers.emplace_back([&] { context.run(); });
    context.run();
    for (auto& helper : helpers)
        helper.join();
}

} // namespace

int main(int argc, char** argv) {
    try {
        auto const options = description();
        po::variables_map given;
        po::store(po::parse_command_line(argc, argv, options), given);
        po::notify(given);
        if (given.count("help") != 0) {
            std::cout << options << std::flush;
            return EXIT_SUCCESS;
        }
        serve(read_options(given), given["threads"].as<unsigned>());
        return EXIT_SUCCESS;
    } catch (std::exception const& error) {
        std::cerr << "bridgexapi-stub: " << error.what() << std::endl;
        return 2;
    }
}
